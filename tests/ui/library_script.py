"""A library that tells what it is told to, so that a test can look at what is half done."""

import queue
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sottovoce.domain.document import (
    Collection,
    Document,
    DocumentState,
    Folder,
    Format,
    Found,
    Page,
    Passage,
)
from sottovoce.domain.problems import Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Query
from sottovoce.library.news import News, Working

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class ScriptedLibrary:
    """Collections in memory; `tell` says what its work is doing."""

    def __init__(self) -> None:
        self.folders_kept: list[Folder] = []
        self.documents_kept: dict[int, Document] = {}
        self.found: list[Found] = []
        self.queries: list[Query] = []
        self.problem: Exception | None = None
        """Raised by the next question."""
        self.is_paused = False
        self.gives_way = False
        self.reranker: Path | None = None
        self.retried: list[int] = []
        self._collections: dict[int, Collection] = {}
        self._news: queue.SimpleQueue[News | Exception | None] = queue.SimpleQueue()

    def tell(self, *news: News | Exception) -> None:
        """Let the work tell this; a Problem ends it."""
        for each in news:
            self._news.put(each)

    def put(self, *documents: Document) -> None:
        """Have these in their collections."""
        self.documents_kept |= {each.id: each for each in documents}

    def collections(self) -> list[Collection]:
        if self.problem is not None:
            problem, self.problem = self.problem, None
            raise problem
        made = [self._with_figures(each) for each in self._collections.values()]
        return sorted(made, key=lambda each: (each.conversation is not None, each.name))

    def collection(self, name: str) -> Collection:
        for each in self.collections():
            if each.name == name:
                return each
        raise Missing("There is no such collection.")

    def new_collection(self, name: str) -> Collection:
        if any(each.name == name for each in self._collections.values()):
            raise Refused("There is a collection of this name. Choose another name.")
        made = Collection(len(self._collections) + 1, name, "scripted", NOW)
        self._collections[made.id] = made
        return made

    def rename_collection(self, collection: int, name: str) -> None:
        if any(each.name == name for each in self._collections.values()):
            raise Refused("There is a collection of this name. Choose another name.")
        self._collections[collection] = replace(self._collections[collection], name=name)

    def remove_collection(self, collection: int) -> None:
        del self._collections[collection]
        self.remove([each.id for each in self.documents(collection)])

    def choose_embedding(self, collection: int, identity: str) -> None:
        self._collections[collection] = replace(self._collections[collection], embedding=identity)

    def folders(self, collection: int) -> list[Folder]:
        return [each for each in self.folders_kept if each.collection == collection]

    def documents(self, collection: int) -> list[Document]:
        return [each for each in self.documents_kept.values() if each.collection == collection]

    def document(self, document: int) -> Document:
        if document not in self.documents_kept:
            raise Missing("This document is not here any more.")
        return self.documents_kept[document]

    def attached(self, conversation: int) -> Collection:
        made = replace(self.new_collection(f"chat {conversation}"), conversation=conversation)
        self._collections[made.id] = made
        return made

    def add(self, collection: int, paths: Sequence[Path], *, watch: bool = True) -> list[Document]:
        added = []
        for path in paths:
            if path.is_dir():
                number = len(self.folders_kept) + 1
                self.folders_kept.append(Folder(number, collection, path, is_watched=watch))
                added += self.add(collection, sorted(path.iterdir()))
                continue
            number = max(self.documents_kept, default=0) + 1
            made = document(number, str(path), collection=collection)
            made = replace(made, state=DocumentState.WAITING, pages=0)
            self.put(made)
            added.append(made)
        return added

    def retry(self, documents: Sequence[int]) -> None:
        self.retried += documents
        for number in documents:
            known = self.documents_kept[number]
            self.put(replace(known, state=DocumentState.WAITING, trouble=""))

    def remove(self, documents: Sequence[int]) -> None:
        for number in documents:
            del self.documents_kept[number]

    def remove_folder(self, folder: int) -> None:
        self.folders_kept = [each for each in self.folders_kept if each.id != folder]

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        self.folders_kept = [
            replace(each, is_watched=is_watched) if each.id == folder else each
            for each in self.folders_kept
        ]

    def work(self, stop: Stop) -> Iterator[News]:
        yield from self.follow(stop)

    def follow(self, stop: Stop) -> Iterator[News]:
        with stop.calling(lambda: self._news.put(None)):
            while (news := self._news.get()) is not None:
                if isinstance(news, Exception):
                    raise news
                yield news
        stop.check()

    def pause(self, *, is_paused: bool) -> None:
        self.is_paused = is_paused

    def give_way(self, *, to_reply: bool) -> None:
        self.gives_way = to_reply

    def rerank_by(self, model: Path | None) -> None:
        self.reranker = model

    def search(self, query: Query, stop: Stop) -> list[Found]:
        self.queries.append(query)
        return self.found

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        return [passage]

    def page(self, document: int, number: int) -> Page:
        return Page(number, "What stands there.")

    def text(self, document: int) -> list[Page]:
        return [self.page(document, 1)]

    def close(self) -> None:
        self._news.put(None)

    def _with_figures(self, collection: Collection) -> Collection:
        there = self.documents(collection.id)
        states = [each.state for each in there]
        return replace(
            collection,
            documents=len(there),
            waiting=states.count(DocumentState.WAITING),
            without_vectors=states.count(DocumentState.WORDS),
            failed=states.count(DocumentState.FAILED),
            pages=sum(each.pages for each in there),
            size=sum(each.size for each in there),
        )


def document(
    number: int,
    path: str,
    *,
    collection: int = 1,
    state: DocumentState = DocumentState.READY,
    format_: Format | None = Format.PDF,
    title: str = "",
    pages: int = 12,
    size: int = 240_000,
    trouble: str = "",
) -> Document:
    """A document, most of it as documents are."""
    return Document(
        id=number,
        collection=collection,
        path=Path(path),
        size=size,
        modified=NOW,
        added=NOW,
        state=state,
        format=format_,
        title=title,
        pages=pages,
        trouble=trouble,
    )


def reading(path: str, *, read: int = 2, waiting: int = 8) -> Working:
    """What the work tells in the middle of it."""
    return Working(
        path=Path(path),
        page=12,
        pages=80,
        read=read,
        waiting=waiting,
        embedded=0,
        without_vectors=0,
        seconds_left=300,
        pages_per_second=42.0,
    )


NOTHING_LEFT = Working(
    path=None, page=0, pages=None, read=10, waiting=0, embedded=0, without_vectors=0
)
