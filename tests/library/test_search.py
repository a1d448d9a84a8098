from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import MODEL, ScriptedEmbedder, ScriptedReranker
from library.searching import keep
from sottovoce.domain.document import Format, Scope
from sottovoce.domain.problems import Cancelled, Interrupted, Missing
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Embedder, Reranker
from sottovoce.library.library import Query
from sottovoce.library.search import Searcher
from sottovoce.store.document_store import DocumentStore

BRIDGE = "The old bridge was closed on Tuesday, and cars take the ferry."
FERRY = "A ferry leaves every hour from the harbour below the castle."
PAPER = "Paper became dear in that winter because the mills stood still."


def searcher(store: DocumentStore, embedder: ScriptedEmbedder | None = None) -> Searcher:
    return Searcher(store, embedders(embedder or ScriptedEmbedder()))


def embedders(engine: ScriptedEmbedder) -> Callable[[str, Stop], Embedder]:
    def loaded(_identity: str, stop: Stop) -> Embedder:
        engine.load(MODEL, stop)
        return engine

    return loaded


def found(searcher: Searcher, text: str, scope: Scope, limit: int = 10) -> list[str]:
    return [each.passage.text for each in searcher.search(Query(text, scope, limit), Stop())]


def test_the_passage_that_answers_comes_first(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", [FERRY, BRIDGE, PAPER])
    scope = Scope(collections=(collection,))
    assert found(searcher(store), "When was the bridge closed?", scope)[0] == BRIDGE
    assert found(searcher(store), "Why was paper so dear?", scope)[0] == PAPER


def test_a_passage_found_knows_where_it_stands(store: DocumentStore, collection: int) -> None:
    number = keep(store, collection, "a", [FERRY, BRIDGE], title="Traffic")
    [best, *_] = searcher(store).search(
        Query("closed bridge", Scope(collections=(collection,))), Stop()
    )
    assert (best.passage.document, best.passage.title) == (number, "Traffic")
    page = store.page(number, best.passage.span.page)
    assert page.text[best.passage.span.start : best.passage.span.end] == BRIDGE
    assert best.likeness is not None
    assert 0 < best.likeness <= 1
    assert 0 < best.score <= 1


def test_scores_fall(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", [FERRY, BRIDGE, PAPER])
    results = searcher(store).search(
        Query("the ferry at the bridge", Scope(collections=(collection,))), Stop()
    )
    scores = [each.score for each in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_words_alone_find_what_has_no_vectors_yet(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", [FERRY, BRIDGE], model=None)
    engine = ScriptedEmbedder()
    [best] = searcher(store, engine).search(
        Query("closed bridge", Scope(collections=(collection,))), Stop()
    )
    assert best.passage.text == BRIDGE
    assert best.likeness is None
    assert engine.loads == [], "the model would be loaded for nothing"


def test_what_has_no_vector_yet_stands_beside_what_has(
    store: DocumentStore, collection: int
) -> None:
    keep(store, collection, "a", [FERRY, PAPER])
    keep(store, collection, "b", [BRIDGE], model=None)
    scope = Scope(collections=(collection,))
    assert found(searcher(store), "closed bridge", scope)[0] == BRIDGE


def test_words_alone_answer_when_the_embedding_model_is_gone(
    store: DocumentStore, collection: int
) -> None:
    keep(store, collection, "a", [FERRY, BRIDGE])

    def gone(_identity: str, _stop: Stop) -> Embedder:
        raise Missing("The embedding model is not here. Choose another one.")

    scope = Scope(collections=(collection,))
    assert found(Searcher(store, gone), "closed bridge", scope) == [BRIDGE]


def test_words_alone_answer_when_the_engine_dies(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", [FERRY, BRIDGE])
    engine = ScriptedEmbedder()
    engine.problem = Interrupted("The engine stopped. Try again.")
    scope = Scope(collections=(collection,))
    assert found(searcher(store, engine), "closed bridge", scope) == [BRIDGE]


def test_a_search_can_be_stopped(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", [BRIDGE])
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        searcher(store).search(Query("bridge", Scope(collections=(collection,))), stop)


def test_only_what_is_in_scope_is_found(store: DocumentStore, collection: int) -> None:
    other = store.new_collection("Village", "words").id
    first = keep(store, collection, "in/a", [BRIDGE])
    keep(store, other, "out/b", [BRIDGE + " Twice."])
    search = searcher(store)
    assert found(search, "bridge", Scope(collections=(collection,))) == [BRIDGE]
    assert found(search, "bridge", Scope(documents=(first,))) == [BRIDGE]
    assert len(found(search, "bridge", Scope(collections=(collection, other)))) == 2
    assert found(search, "bridge", Scope()) == []
    both = Scope(collections=(collection, other))
    assert found(search, "bridge", replace(both, folder=Path("/somewhere/in"))) == [BRIDGE]
    assert found(search, "bridge", replace(both, formats=(Format.PDF,))) == []


def test_other_collections_change_nothing_about_the_order(
    store: DocumentStore, collection: int
) -> None:
    keep(store, collection, "a", [FERRY, BRIDGE, PAPER])
    query = Query("the old ferry", Scope(collections=(collection,)))
    before = searcher(store).search(query, Stop())
    other = store.new_collection("Village", "words").id
    keep(store, other, "b", [f"The old ferry number {at}." for at in range(40)], model=None)
    assert searcher(store).search(query, Stop()) == before


def test_collections_of_different_embedding_models_are_searched_together(
    store: DocumentStore, collection: int
) -> None:
    other = store.new_collection("Village", "other words").id
    keep(store, collection, "a", [FERRY])
    keep(store, other, "b", [BRIDGE], model="other words")
    scope = Scope(collections=(collection, other))
    results = searcher(store).search(Query("ferry bridge", scope), Stop())
    assert {each.passage.text for each in results} == {FERRY, BRIDGE}
    assert all(each.likeness is not None for each in results)


def test_what_is_added_and_removed_later_is_seen(store: DocumentStore, collection: int) -> None:
    search = searcher(store)
    scope = Scope(collections=(collection,))
    first = keep(store, collection, "a", [BRIDGE])
    assert found(search, "bridge", scope) == [BRIDGE]
    keep(store, collection, "b", [FERRY])
    assert found(search, "ferry", scope)[0] == FERRY
    store.remove([first])
    assert found(search, "bridge", scope) == [FERRY]


def test_the_same_text_in_another_document_goes_behind_what_is_new(
    store: DocumentStore, collection: int
) -> None:
    keep(store, collection, "a", [BRIDGE])
    keep(store, collection, "copy", [BRIDGE.upper()])
    keep(store, collection, "b", [FERRY])
    assert found(searcher(store), "closed bridge", Scope(collections=(collection,))) == [
        BRIDGE,
        FERRY,
        BRIDGE.upper(),
    ]


def test_a_question_without_words_finds_nothing_by_words(
    store: DocumentStore, collection: int
) -> None:
    keep(store, collection, "a", [BRIDGE], model=None)
    assert found(searcher(store), "?!", Scope(collections=(collection,))) == []


def test_a_reranker_has_the_last_word(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", [BRIDGE + " Bridge! Bridge!", FERRY])
    reranker = ScriptedReranker()

    def chosen(stop: Stop) -> Reranker:
        reranker.load(MODEL, stop)
        return reranker

    search = Searcher(store, embedders(ScriptedEmbedder()), chosen)
    query = Query("bridge hour harbour castle", Scope(collections=(collection,)))
    assert search.search(query, Stop())[0].passage.text == FERRY
    assert reranker.questions == ["bridge hour harbour castle"]
