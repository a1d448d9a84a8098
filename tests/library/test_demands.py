"""An administrator demands that documents are opened only by processes that are locked in."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from fakes import ScriptedEmbedder, ScriptedReranker
from library.made_pdf import paragraph, save
from sottovoce.domain.problems import Refused
from sottovoce.domain.stop import Stop
from sottovoce.library import local, rendering
from sottovoce.library.embedders import Embedders
from sottovoce.library.local import LocalLibrary
from sottovoce.library.rendering import PageRenderer
from sottovoce.library.reranking import Reranking
from sottovoce.store.document_store import DocumentStore
from sottovoce.system.sandbox import demand, possible


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return save(tmp_path / "log.pdf", paragraph("The end.", size=12))


@pytest.fixture
def strict(store: DocumentStore, embedder: ScriptedEmbedder) -> LocalLibrary:
    embedders = Embedders("words", lambda _: None, lambda: embedder)
    return LocalLibrary(store, embedders, Reranking(ScriptedReranker), needs_sandbox=True)


def test_no_document_is_read_where_the_system_cannot_lock_in(
    strict: LocalLibrary, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = strict.new_collection("Town").id
    if possible().is_full:
        strict.add(collection, [document])
    monkeypatch.setattr(local, "possible", lambda: replace(possible(), network=False))
    with pytest.raises(Refused, match="administrator"):
        strict.add(collection, [document])
    with pytest.raises(Refused, match="administrator"):
        list(strict.work(Stop()))


def test_no_page_is_drawn_by_a_process_that_is_not_locked_in(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "demand", lambda held: demand(replace(held, files=False)))
    with closing(PageRenderer(document, needs_sandbox=True)) as renderer:
        with pytest.raises(Refused, match="administrator"):
            renderer.page(1, 100)
        assert not psutil.Process().children()


@pytest.mark.skipif(not possible().is_full, reason="this kernel does not have all locks")
def test_a_page_is_drawn_by_one_that_is(document: Path) -> None:
    with closing(PageRenderer(document, needs_sandbox=True)) as renderer:
        assert renderer.page(1, 100).width == 100
