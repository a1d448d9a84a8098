"""Chats that are in memory alone, beside those that are kept."""

from pathlib import Path

import pytest

from sottovoce.domain.conversation import Conversation, State
from sottovoce.domain.document import Citation, Passage, Scope, Sources, Span
from sottovoce.domain.problems import Missing
from sottovoce.store.store import Store, open_store

MARKER = "tourmaline-6021"


@pytest.fixture
def temporary(store: Store) -> Conversation:
    """A chat with a question, and two answers to it."""
    chat = store.new_temporary()
    store.rename(chat.id, f"About {MARKER}")
    said = store.say(chat.id, f"What is {MARKER}?", None)
    for text in ("A stone.", "A gem."):
        reply = store.begin_reply(chat.id, said.id, "model", _sources(document=7))
        store.journal(reply.id, text)
        store.finish_reply(reply.id, State.COMPLETE, text=text)
    store.keep_draft(chat.id, f"And {MARKER} again")
    return store.conversation(chat.id)


def _sources(document: int) -> Sources:
    place = Span(1, 0, 4)
    return Sources(
        passages=(Passage(1, document, Path("/a.pdf"), "A", place, ""),),
        whole=(document, 3),
        citations=(Citation(1, document, Path("/a.pdf"), "A", place, "Four"),),
    )


def test_a_temporary_chat_works_as_any_other(store: Store, temporary: Conversation) -> None:
    question, answer = store.messages(temporary.id)
    assert [question.text, answer.text] == [f"What is {MARKER}?", "A gem."]
    assert len(answer.variants) == 2
    store.show_branch(answer.variants[0])
    assert store.messages(temporary.id)[-1].text == "A stone."
    assert store.draft(temporary.id) == f"And {MARKER} again"
    assert temporary.is_temporary


def test_it_is_in_no_list_and_no_search(store: Store, temporary: Conversation) -> None:
    assert store.conversations() == []
    assert store.search(MARKER) == []
    assert [each.id for each in store.temporary_conversations()] == [temporary.id]


def test_nothing_of_it_is_on_the_disk(path: Path, store: Store, temporary: Conversation) -> None:
    kept = store.new_conversation("Kept")
    store.say(kept.id, "Hello", None)
    size = sum(file.stat().st_size for file in path.parent.iterdir())
    for _ in range(200):
        store.say(temporary.id, MARKER * 100, None)
    assert sum(file.stat().st_size for file in path.parent.iterdir()) == size
    assert all(MARKER.encode() not in file.read_bytes() for file in path.parent.iterdir())


def test_another_opening_does_not_know_it(
    path: Path, key: bytes, store: Store, temporary: Conversation
) -> None:
    with open_store(path, key) as other, pytest.raises(Missing):
        other.conversation(temporary.id)


def test_its_numbers_are_no_kept_chats(store: Store, temporary: Conversation) -> None:
    kept = store.new_conversation()
    said = store.say(kept.id, "Hello", None)
    assert not kept.is_temporary
    assert {said.id, kept.id}.isdisjoint({temporary.id, store.messages(temporary.id)[0].id})


def test_of_closed_ones_only_the_last_comes_back(store: Store, temporary: Conversation) -> None:
    second = store.new_temporary()
    store.say(second.id, "Second", None)
    store.delete(temporary.id)
    store.delete(second.id)
    assert store.temporary_conversations() == []
    assert not store.has_conversation(temporary.id)
    store.restore(second.id)
    assert [each.id for each in store.temporary_conversations()] == [second.id]


def test_kept_on_purpose_it_is_whole_and_found(store: Store, temporary: Conversation) -> None:
    other = store.new_conversation()  # Numbers on both sides differ.
    store.say(other.id, "Other", None)
    into = store.new_conversation()
    scope = Scope(collections=(2,))
    kept = store.keep_temporary(temporary.id, into=into.id, scope=scope, documents={7: 70})

    assert kept.title == f"About {MARKER}"
    assert kept.scope == scope
    assert store.draft(kept.id) == f"And {MARKER} again"
    question, answer = store.messages(kept.id)
    assert [question.text, answer.text] == [f"What is {MARKER}?", "A gem."]
    assert len(answer.variants) == 2
    assert {hit.conversation.id for hit in store.search(MARKER)} == {kept.id}
    assert kept.id in {each.id for each in store.conversations()}
    assert answer.parent == question.id


def test_what_it_was_answered_from_is_found_under_its_new_number(
    store: Store, temporary: Conversation
) -> None:
    into = store.new_conversation()
    kept = store.keep_temporary(temporary.id, into=into.id, scope=Scope(), documents={7: 70})
    sources = store.messages(kept.id)[-1].sources
    assert sources is not None
    assert [each.document for each in sources.passages] == [70]
    assert [each.document for each in sources.citations] == [70]
    assert sources.whole == (70, 3)


def test_forgotten_it_is_gone(store: Store, temporary: Conversation) -> None:
    store.forget_temporary(temporary.id)
    with pytest.raises(Missing):
        store.messages(temporary.id)
    assert store.temporary_conversations() == []
