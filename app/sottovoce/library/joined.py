"""Two libraries as one: the documents that are kept, and those of temporary chats."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sottovoce.domain.conversation import FIRST_TEMPORARY
from sottovoce.domain.document import (
    Collection,
    Document,
    Folder,
    Found,
    Page,
    Passage,
    Scope,
)
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library, Query
from sottovoce.library.news import News, Settled


class TemporaryLibrary:
    """A library in memory, whose numbers begin where those of temporary chats do.

    What it holds is told apart by that from what is kept, whoever meets it.
    """

    def __init__(self, inner: Library) -> None:
        """`inner` counts from 1, as all libraries do."""
        self._inner = inner

    def collections(self) -> list[Collection]:
        return [_out_collection(each) for each in self._inner.collections()]

    def collection(self, name: str) -> Collection:
        return _out_collection(self._inner.collection(name))

    def new_collection(self, name: str) -> Collection:
        return _out_collection(self._inner.new_collection(name))

    def rename_collection(self, collection: int, name: str) -> None:
        self._inner.rename_collection(_in(collection), name)

    def remove_collection(self, collection: int) -> None:
        self._inner.remove_collection(_in(collection))

    def choose_embedding(self, collection: int, identity: str) -> None:
        self._inner.choose_embedding(_in(collection), identity)

    def folders(self, collection: int) -> list[Folder]:
        return [
            replace(each, id=_out(each.id), collection=collection)
            for each in self._inner.folders(_in(collection))
        ]

    def documents(self, collection: int) -> list[Document]:
        return [_out_document(each) for each in self._inner.documents(_in(collection))]

    def document(self, document: int) -> Document:
        return _out_document(self._inner.document(_in(document)))

    def attached(self, conversation: int) -> Collection:
        return _out_collection(self._inner.attached(conversation))

    def add(self, collection: int, paths: Sequence[Path], *, watch: bool = True) -> list[Document]:
        added = self._inner.add(_in(collection), paths, watch=watch)
        return [_out_document(each) for each in added]

    def retry(self, documents: Sequence[int]) -> None:
        self._inner.retry([_in(each) for each in documents])

    def remove(self, documents: Sequence[int]) -> None:
        self._inner.remove([_in(each) for each in documents])

    def remove_folder(self, folder: int) -> None:
        self._inner.remove_folder(_in(folder))

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        self._inner.watch_folder(_in(folder), is_watched=is_watched)

    def work(self, stop: Stop) -> Iterator[News]:
        return map(_out_news, self._inner.work(stop))

    def follow(self, stop: Stop) -> Iterator[News]:
        return map(_out_news, self._inner.follow(stop))

    def pause(self, *, is_paused: bool) -> None:
        self._inner.pause(is_paused=is_paused)

    def give_way(self, *, to_reply: bool) -> None:
        self._inner.give_way(to_reply=to_reply)

    def rerank_by(self, model: Path | None) -> None:
        self._inner.rerank_by(model)

    def search(self, query: Query, stop: Stop) -> list[Found]:
        scope = replace(
            query.scope,
            collections=tuple(map(_in, query.scope.collections)),
            documents=tuple(map(_in, query.scope.documents)),
        )
        found = self._inner.search(replace(query, scope=scope), stop)
        return [replace(each, passage=_out_passage(each.passage)) for each in found]

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        inner = replace(passage, id=_in(passage.id), document=_in(passage.document))
        return [_out_passage(each) for each in self._inner.neighbours(inner, before, after)]

    def page(self, document: int, number: int) -> Page:
        return self._inner.page(_in(document), number)

    def text(self, document: int) -> list[Page]:
        return self._inner.text(_in(document))

    def close(self) -> None:
        self._inner.close()


class JoinedLibrary:
    """What is kept, and beside it what is temporary, told apart by its numbers.

    The temporary one is not asked before something is attached to a temporary chat.
    """

    def __init__(self, kept: Library, temporary: Library) -> None:
        self._kept = kept
        self._temporary = temporary
        self._is_temporary_used = False

    def collections(self) -> list[Collection]:
        temporary = self._temporary.collections() if self._is_temporary_used else []
        return [*self._kept.collections(), *temporary]

    def collection(self, name: str) -> Collection:
        return self._kept.collection(name)

    def new_collection(self, name: str) -> Collection:
        return self._kept.new_collection(name)

    def rename_collection(self, collection: int, name: str) -> None:
        self._of(collection).rename_collection(collection, name)

    def remove_collection(self, collection: int) -> None:
        self._of(collection).remove_collection(collection)

    def choose_embedding(self, collection: int, identity: str) -> None:
        self._of(collection).choose_embedding(collection, identity)

    def folders(self, collection: int) -> list[Folder]:
        return self._of(collection).folders(collection)

    def documents(self, collection: int) -> list[Document]:
        return self._of(collection).documents(collection)

    def document(self, document: int) -> Document:
        return self._of(document).document(document)

    def attached(self, conversation: int) -> Collection:
        self._is_temporary_used |= conversation >= FIRST_TEMPORARY
        return self._of(conversation).attached(conversation)

    def add(self, collection: int, paths: Sequence[Path], *, watch: bool = True) -> list[Document]:
        return self._of(collection).add(collection, paths, watch=watch)

    def retry(self, documents: Sequence[int]) -> None:
        for library, own in self._shares(documents):
            library.retry(own)

    def remove(self, documents: Sequence[int]) -> None:
        for library, own in self._shares(documents):
            library.remove(own)

    def remove_folder(self, folder: int) -> None:
        self._of(folder).remove_folder(folder)

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        self._of(folder).watch_folder(folder, is_watched=is_watched)

    def work(self, stop: Stop) -> Iterator[News]:
        return self._kept.work(stop)

    def follow(self, stop: Stop) -> Iterator[News]:
        return self._kept.follow(stop)

    def pause(self, *, is_paused: bool) -> None:
        self._kept.pause(is_paused=is_paused)

    def give_way(self, *, to_reply: bool) -> None:
        self._kept.give_way(to_reply=to_reply)

    def rerank_by(self, model: Path | None) -> None:
        self._kept.rerank_by(model)
        self._temporary.rerank_by(model)

    def search(self, query: Query, stop: Stop) -> list[Found]:
        """The best of both, whose marks are held against each other for want of a better way."""
        found: list[Found] = []
        for library, scope in (
            (self._kept, _narrowed(query.scope, are_temporary=False)),
            (self._temporary, _narrowed(query.scope, are_temporary=True)),
        ):
            if not scope.is_empty:
                found += library.search(replace(query, scope=scope), stop)
        return sorted(found, key=lambda each: -each.score)[: query.limit]

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        return self._of(passage.document).neighbours(passage, before, after)

    def page(self, document: int, number: int) -> Page:
        return self._of(document).page(document, number)

    def text(self, document: int) -> list[Page]:
        return self._of(document).text(document)

    def close(self) -> None:
        self._temporary.close()
        self._kept.close()

    def _of(self, number: int) -> Library:
        return self._temporary if number >= FIRST_TEMPORARY else self._kept

    def _shares(self, numbers: Iterable[int]) -> Iterator[tuple[Library, list[int]]]:
        """Either library with those of the numbers that are its own, if any are."""
        for library in (self._kept, self._temporary):
            if own := [each for each in numbers if self._of(each) is library]:
                yield library, own


def _narrowed(scope: Scope, *, are_temporary: bool) -> Scope:
    def own(numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(n for n in numbers if (n >= FIRST_TEMPORARY) is are_temporary)

    return replace(scope, collections=own(scope.collections), documents=own(scope.documents))


def _in(number: int) -> int:
    return number - FIRST_TEMPORARY


def _out(number: int) -> int:
    return number + FIRST_TEMPORARY


def _out_collection(collection: Collection) -> Collection:
    return replace(collection, id=_out(collection.id))


def _out_document(document: Document) -> Document:
    folder = None if document.folder is None else _out(document.folder)
    return replace(
        document, id=_out(document.id), collection=_out(document.collection), folder=folder
    )


def _out_passage(passage: Passage) -> Passage:
    return replace(passage, id=_out(passage.id), document=_out(passage.document))


def _out_news(news: News) -> News:
    return (
        replace(news, document=_out_document(news.document)) if isinstance(news, Settled) else news
    )
