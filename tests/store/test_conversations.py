from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sottovoce.domain.problems import Missing
from sottovoce.store import moments
from sottovoce.store.store import Store, open_store


def test_a_new_chat_is_listed_once_it_has_a_message(store: Store) -> None:
    chat = store.new_conversation()
    assert store.conversations() == []
    message = store.say(chat.id, "Good morning", None)
    (listed,) = store.conversations()
    assert (listed.id, listed.leaf, listed.updated) == (chat.id, message.id, message.created)


def test_a_chat_with_only_a_draft_is_listed(store: Store) -> None:
    chat = store.new_conversation()
    store.keep_draft(chat.id, "not yet sent")
    assert [listed.id for listed in store.conversations()] == [chat.id]


def test_moments_are_in_utc(store: Store) -> None:
    chat = store.new_conversation()
    assert chat.created.tzinfo is UTC
    assert abs(datetime.now(UTC) - chat.created) < timedelta(minutes=1)


def test_the_chat_with_the_newest_message_comes_first(store: Store) -> None:
    older, newer = store.new_conversation(), store.new_conversation()
    first = store.say(older.id, "one", None)
    store.say(newer.id, "two", None)
    assert [chat.id for chat in store.conversations()] == [newer.id, older.id]
    store.begin_reply(older.id, first.id, "a model")
    assert [chat.id for chat in store.conversations()] == [older.id, newer.id]


def test_a_title_can_be_changed(store: Store) -> None:
    chat = store.new_conversation("Rain")
    store.rename(chat.id, "Sun")
    assert store.conversation(chat.id).title == "Sun"


def test_a_deleted_chat_is_gone_until_it_is_restored(store: Store) -> None:
    chat = store.new_conversation("Rain")
    store.say(chat.id, "Will it rain?", None)
    store.delete(chat.id)
    assert store.conversations() == []
    assert store.search("rain") == []
    with pytest.raises(Missing):
        store.messages(chat.id)
    store.restore(chat.id)
    assert [message.text for message in store.messages(chat.id)] == ["Will it rain?"]
    assert len(store.search("rain")) == 2


def test_only_what_was_deleted_long_ago_is_purged(store: Store) -> None:
    chat = store.new_conversation()
    store.say(chat.id, "hello", None)
    store.delete(chat.id)
    store.purge_deleted(timedelta(days=30))
    store.restore(chat.id)
    assert store.conversation(chat.id).id == chat.id
    store.delete(chat.id)
    store.purge_deleted(timedelta(0))
    store.restore(chat.id)
    with pytest.raises(Missing):
        store.conversation(chat.id)


def test_a_long_chat_can_be_purged_while_others_stay(store: Store) -> None:
    long, other = store.new_conversation(), store.new_conversation()
    store.say(other.id, "keep me", None)
    parent: int | None = None
    for number in range(1500):  # More than SQLite follows from row to row.
        parent = store.say(long.id, f"message {number}", parent).id
    store.delete(long.id)
    store.purge_deleted(timedelta(0))
    assert [hit.conversation.id for hit in store.search("keep me")] == [other.id]
    assert store.search("message") == []


def test_a_purged_number_is_never_given_again(store: Store) -> None:
    chat = store.new_conversation()
    message = store.say(chat.id, "hello", None)
    store.delete(chat.id)
    store.purge_deleted(timedelta(0))
    again = store.new_conversation()
    assert again.id > chat.id
    assert store.say(again.id, "hello", None).id > message.id


def test_what_refers_to_a_chat_that_is_gone_says_so(store: Store) -> None:
    with pytest.raises(Missing):
        store.conversation(7)
    with pytest.raises(Missing):
        store.say(7, "hello", None)
    with pytest.raises(Missing):
        store.keep_draft(7, "hello")


def test_every_chat_has_its_own_draft_and_so_has_the_one_not_begun(path: Path, key: bytes) -> None:
    with open_store(path, key) as store:
        chat = store.new_conversation()
        store.keep_draft(None, "new")
        store.keep_draft(chat.id, "first")
        store.keep_draft(chat.id, "second")
    with open_store(path, key) as store:
        assert (store.draft(None), store.draft(chat.id)) == ("new", "second")
        store.keep_draft(None, "")
        assert (store.draft(None), store.draft(chat.id)) == ("", "second")


def test_a_temporary_store_forgets_everything() -> None:
    with open_store(None, b"") as store:
        chat = store.new_conversation()
        store.say(chat.id, "hello", None)
        assert [hit.message for hit in store.search("hello")]
    with open_store(None, b"") as store:
        assert store.conversations() == []


def test_removing_one_chat_leaves_the_others_that_are_deleted(store: Store) -> None:
    undone, gone = store.new_conversation(), store.new_conversation()
    for chat in (undone, gone):
        store.say(chat.id, "Good morning", None)
    store.delete(undone.id)
    store.remove(gone.id)
    store.restore(undone.id)
    assert [chat.id for chat in store.conversations()] == [undone.id]
    assert [hit.conversation.id for hit in store.search("morning")] == [undone.id]
    with pytest.raises(Missing):
        store.remove(gone.id)


def test_halves_of_characters_are_replaced_not_refused(store: Store) -> None:
    chat = store.new_conversation("\ud83d")
    store.rename(chat.id, "title \ud83d")
    store.keep_draft(chat.id, "draft \ud83d")
    assert store.say(chat.id, "word \ud83d", None).text == "word ?"
    assert store.draft(chat.id) == "draft ?"
    assert [hit.excerpt for hit in store.search("word \ud83d")] == ["word ?"]
    assert store.conversation(chat.id).title == "title ?"


def test_a_chat_without_a_new_message_for_long_is_removed_for_good(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, deleted, alive = (store.new_conversation(title) for title in ("Old", "Gone", "Alive"))
    for chat in (old, deleted, alive):
        store.say(chat.id, f"the words of {chat.title}", None)
    store.delete(deleted.id)
    later = moments.now() + 31 * 24 * 3600 * 1_000_000
    monkeypatch.setattr(moments, "now", lambda: later)
    first = store.messages(alive.id)[0]
    store.say(alive.id, "and again", first.id)
    store.show_branch(first.id)
    assert store.remove_expired(timedelta(days=30)) == 2
    assert [chat.id for chat in store.conversations()] == [alive.id]
    assert not store.has_conversation(old.id)
    assert not store.has_conversation(deleted.id)
    assert [hit.conversation.id for hit in store.search("words")] == [alive.id]
    assert store.remove_expired(timedelta(days=30)) == 0
