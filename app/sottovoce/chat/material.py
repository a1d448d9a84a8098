"""Text of documents for one answer: read whole, found by a search, or read again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sottovoce.domain.document import Collection, Document, Passage, Scope, Sources, Span
from sottovoce.domain.problems import Missing
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library, Query

_SEARCHED = 24
"""Passages that are looked at."""
_WITH_NEIGHBOURS = 3
"""The best of them come with what stands before and behind them."""
_FRAME = 24
"""Tokens around a source: its name, and where it begins and ends."""
_FEWEST_TOKENS = 60
"""Of a passage on the average. Only what may fit by that is read whole, to be counted."""

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Material:
    """What the documents give for an answer."""

    sources: Sources = field(default_factory=Sources)
    whole: tuple[Passage, ...] = ()
    """The pages of documents that are read whole."""
    is_searched: bool = False

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All text that the model is shown."""
        return (*self.whole, *self.sources.passages)


def read_whole(
    library: Library, scope: Scope, *, room: int, count: Count
) -> tuple[Material, Scope]:
    """The documents that fit `room` tokens from the first to the last word, and the other ones.

    If not all in the scope do, those that were named or belong to this chat alone may; else none.
    """
    if scope.formats or scope.folder or scope.since:
        return Material(), scope
    named = [library.document(document) for document in scope.documents]
    collections = _collections(library, scope)
    shared = tuple(each.id for each in collections if each.conversation is None)
    for rest in (Scope(), Scope(shared)):
        chosen = [each for each in collections if each.id not in rest.collections]
        if not 0 < _passages(named, chosen) * _FEWEST_TOKENS <= room:
            continue
        inside = [document for each in chosen for document in library.documents(each.id)]
        documents = {each.path: each for each in (*named, *inside) if each.passages}
        pages = [page for each in documents.values() for page in _pages(library, each)]
        if sum(count([page.text for page in pages])) + _FRAME * len(pages) <= room:
            numbers = tuple(each.id for each in documents.values())
            return Material(Sources(whole=numbers), tuple(pages)), rest
    return Material(), scope


def search(
    library: Library, query: str, scope: Scope, *, room: int, count: Count, stop: Stop
) -> tuple[Passage, ...]:
    """The best passages that fit `room` tokens together, in the order of their documents.

    Raises Missing if there is nothing to search in yet.
    """
    found = [each.passage for each in library.search(Query(query, scope, _SEARCHED), stop)]
    if not found:
        _check_readable(library, scope)
        return ()
    around = [
        neighbour
        for passage in found[:_WITH_NEIGHBOURS]
        for neighbour in library.neighbours(passage, 1, 1)
    ]
    best = found[:_WITH_NEIGHBOURS]
    candidates = list({each.id: each for each in (*best, *around, *found)}.values())
    packed = []
    for passage, tokens in zip(candidates, count([each.text for each in candidates]), strict=True):
        if tokens + _FRAME <= room:
            room -= tokens + _FRAME
            packed.append(passage)
    rank = {passage.document: place for place, passage in reversed([*enumerate(found)])}
    packed.sort(key=lambda each: (rank[each.document], each.span.page, each.span.start))
    return tuple(_joined(library, packed))


def read_again(library: Library, sources: Sources) -> Material:
    """What a reply was written from, as far as it is still there."""
    passages = []
    for passage in sources.passages:
        try:
            page = library.page(passage.document, passage.span.page)
        except Missing:
            continue
        passages.append(replace(passage, text=page.text[passage.span.start : passage.span.end]))
    whole: list[Passage] = []
    for number in sources.whole:
        try:
            whole += _pages(library, library.document(number))
        except Missing:
            continue
    return Material(replace(sources, passages=tuple(passages)), tuple(whole))


def _collections(library: Library, scope: Scope) -> list[Collection]:
    return [each for each in library.collections() if each.id in scope.collections]


def _passages(documents: Sequence[Document], collections: Sequence[Collection]) -> int:
    """How many they have together."""
    inside = sum(each.passages for each in collections)
    return inside + sum(each.passages for each in documents)


def _pages(library: Library, document: Document) -> Iterator[Passage]:
    """A document's pages, each as one passage."""
    pages = library.text(document.id)
    for page in pages:
        yield Passage(
            id=0,
            document=document.id,
            path=document.path,
            title=document.title,
            span=Span(page.number, 0, len(page.text)),
            text=page.text,
            label=page.label,
            pages=len(pages),
        )


def _check_readable(library: Library, scope: Scope) -> None:
    """Raise Missing if no document of the scope has been read yet."""
    named = [library.document(document) for document in scope.documents]
    collections = _collections(library, scope)
    if _passages(named, collections):
        return
    if any(each.waiting for each in collections) or any(not each.trouble for each in named):
        raise Missing("Your documents are still being read. Ask again in a moment.")
    raise Missing("There is no text in these documents to answer from. Choose others.")


def _joined(library: Library, passages: Sequence[Passage]) -> Iterator[Passage]:
    """The passages, with those made one between which nothing is left out."""
    for (document, number), group in groupby(
        passages, key=lambda passage: (passage.document, passage.span.page)
    ):
        first, *others = group
        text = library.page(document, number).text if others else ""
        for passage in others:
            if text[first.span.end : passage.span.start].strip():
                yield first
                first = passage
                continue
            end = max(first.span.end, passage.span.end)
            span = replace(first.span, end=end)
            first = replace(first, span=span, text=text[span.start : end])
        yield first
