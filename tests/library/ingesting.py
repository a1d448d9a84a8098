"""A library in memory or on disk, whose models know words alone."""

from pathlib import Path

from fakes import MODEL, ScriptedEmbedder, ScriptedReranker
from sottovoce.domain.document import Document
from sottovoce.domain.stop import Stop
from sottovoce.library.embedders import Embedders
from sottovoce.library.local import LocalLibrary
from sottovoce.library.news import Settled
from sottovoce.library.reranking import Reranking
from sottovoce.store.document_store import DocumentStore, open_documents

DEFAULT = "words"
OTHER = "other words"
KEY = bytes(range(48))


def embedders(*engines: ScriptedEmbedder) -> Embedders:
    """Two models, DEFAULT and OTHER; their engines are these, in the order they are needed."""
    left = list(engines)
    return Embedders(
        DEFAULT,
        lambda identity: MODEL if identity in {DEFAULT, OTHER} else None,
        lambda: left.pop(0) if left else ScriptedEmbedder(),
    )


def library(
    store: DocumentStore | None = None, *engines: ScriptedEmbedder, lock: Path | None = None
) -> LocalLibrary:
    """A library that reads files as the real one does."""
    return LocalLibrary(
        store or open_documents(None, b""),
        embedders(*engines),
        Reranking(ScriptedReranker),
        lock=lock,
    )


def read(library: LocalLibrary) -> list[Document]:
    """Have all read and embedded; the documents that were settled meanwhile, in their order."""
    return [news.document for news in library.work(Stop()) if isinstance(news, Settled)]
