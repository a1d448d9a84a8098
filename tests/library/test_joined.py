"""What is kept and what is temporary, asked as one."""

from dataclasses import replace
from pathlib import Path

import pytest

from sottovoce.domain.conversation import FIRST_TEMPORARY
from sottovoce.domain.document import Found, Passage, Scope, Span
from sottovoce.domain.stop import Stop
from sottovoce.library.joined import JoinedLibrary, TemporaryLibrary
from sottovoce.library.library import Query
from ui.library_script import ScriptedLibrary

CHAT, TEMPORARY_CHAT = 3, FIRST_TEMPORARY + 3


@pytest.fixture
def kept() -> ScriptedLibrary:
    library = ScriptedLibrary()
    library.add(library.new_collection("Contracts").id, [Path("/docs/lease.pdf")])
    return library


@pytest.fixture
def memory() -> ScriptedLibrary:
    return ScriptedLibrary()


@pytest.fixture
def joined(kept: ScriptedLibrary, memory: ScriptedLibrary) -> JoinedLibrary:
    return JoinedLibrary(kept, TemporaryLibrary(memory))


def found(number: int, score: float) -> Found:
    passage = Passage(number, 1, Path(f"/{number}"), "", Span(1, 0, 4), "Text")
    return Found(passage, score)


def test_what_is_attached_to_a_temporary_chat_is_in_memory_alone(
    joined: JoinedLibrary, kept: ScriptedLibrary, memory: ScriptedLibrary
) -> None:
    own = joined.attached(TEMPORARY_CHAT)
    (document,) = joined.add(own.id, [Path("/docs/secret.txt")], watch=False)
    assert own.id >= FIRST_TEMPORARY
    assert document.collection == own.id
    assert joined.document(document.id) == document
    assert joined.documents(own.id) == [document]
    assert [each.path for each in memory.documents_kept.values()] == [document.path]
    assert document.path not in [each.path for each in kept.documents_kept.values()]


def test_what_is_attached_to_a_kept_chat_is_kept(
    joined: JoinedLibrary, kept: ScriptedLibrary, memory: ScriptedLibrary
) -> None:
    own = joined.attached(CHAT)
    joined.add(own.id, [Path("/docs/plan.txt")], watch=False)
    assert own.id in [each.id for each in kept.collections()]
    assert memory.documents_kept == {}


def test_memory_is_not_asked_before_it_holds_anything(
    joined: JoinedLibrary, memory: ScriptedLibrary
) -> None:
    memory.problem = AssertionError("Nobody should have asked.")
    assert [each.name for each in joined.collections()] == ["Contracts"]


def test_a_search_brings_up_the_best_of_both(
    joined: JoinedLibrary, kept: ScriptedLibrary, memory: ScriptedLibrary
) -> None:
    own = joined.attached(TEMPORARY_CHAT)
    kept.found = [found(1, 0.9), found(2, 0.2)]
    memory.found = [found(1, 0.5)]
    query = Query("lease", Scope(collections=(1, own.id)), limit=2)
    best = joined.search(query, Stop())
    assert [(each.passage.id, each.score) for each in best] == [
        (1, 0.9),
        (FIRST_TEMPORARY + 1, 0.5),
    ]
    assert kept.queries == [replace(query, scope=Scope(collections=(1,)))]
    assert memory.queries == [replace(query, scope=Scope(collections=(1,)))]


def test_only_who_has_what_is_asked_for_is_searched(
    joined: JoinedLibrary, memory: ScriptedLibrary
) -> None:
    joined.search(Query("lease", Scope(collections=(1,))), Stop())
    assert memory.queries == []


def test_what_is_removed_goes_where_it_is(
    joined: JoinedLibrary, kept: ScriptedLibrary, memory: ScriptedLibrary
) -> None:
    own = joined.attached(TEMPORARY_CHAT)
    (document,) = joined.add(own.id, [Path("/docs/secret.txt")], watch=False)
    joined.remove([1, document.id])
    assert kept.documents_kept == {}
    assert memory.documents_kept == {}
    joined.remove_collection(own.id)
    assert [each.name for each in joined.collections()] == ["Contracts"]
