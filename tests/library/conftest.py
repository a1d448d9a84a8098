"""Places for documents, in memory."""

from collections.abc import Iterator

import pytest

from fakes import ScriptedEmbedder
from library.ingesting import library
from sottovoce.library.local import LocalLibrary
from sottovoce.store.document_store import DocumentStore, open_documents


@pytest.fixture
def store() -> Iterator[DocumentStore]:
    with open_documents(None, b"") as store:
        yield store


@pytest.fixture
def collection(store: DocumentStore) -> int:
    return store.new_collection("Town", "words").id


@pytest.fixture
def embedder() -> ScriptedEmbedder:
    return ScriptedEmbedder()


@pytest.fixture
def shelf(embedder: ScriptedEmbedder) -> Iterator[LocalLibrary]:
    opened = library(None, embedder)
    yield opened
    opened.close()
