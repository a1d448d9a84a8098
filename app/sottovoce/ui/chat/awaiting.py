"""Answers that wait until what was attached to their chat has been read."""

from collections.abc import Iterator
from dataclasses import dataclass

from sottovoce.chat.news import News
from sottovoce.domain.document import Document, DocumentState, Scope
from sottovoce.domain.problems import Missing
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library

_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A document must be read before the answer."""

    name: str
    others: int
    """How many more are to be read."""


def when_read(
    news: Iterator[News], library: Library, scope: Scope, stop: Stop
) -> Iterator[News | Awaiting]:
    """Let answering go on after its first news, the user's words, when all that was named is read.

    Collections are not waited for: what is read of them already is searched.
    """
    yield next(news)
    while unread := _unread(library, scope):
        yield Awaiting(unread[0].path.name, len(unread) - 1)
        stop.wait(_LOOK_SECONDS)
    yield from news


def _unread(library: Library, scope: Scope) -> list[Document]:
    if scope.is_empty:
        return []
    own = [
        each.id
        for each in library.collections()
        if each.id in scope.collections and each.conversation is not None and each.waiting
    ]
    documents = [document for each in own for document in library.documents(each)]
    for number in scope.documents:
        try:
            documents.append(library.document(number))
        except Missing:
            continue
    return [each for each in documents if each.state is DocumentState.WAITING]
