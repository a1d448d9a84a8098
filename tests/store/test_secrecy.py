import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from sottovoce.domain.conversation import State
from sottovoce.domain.settings import Settings
from sottovoce.store import migrations
from sottovoce.store.database import open_database
from sottovoce.store.store import open_store


@pytest.fixture
def markers() -> list[str]:
    return [f"Marker {secrets.token_hex(8)} zqxjk" for _ in range(50)]


def test_no_word_of_a_chat_is_in_any_file(path: Path, key: bytes, markers: list[str]) -> None:
    with open_store(path, key) as store:
        for start in range(0, 50, 5):
            title, question, answer, journalled, draft = markers[start : start + 5]
            chat = store.new_conversation(title)
            asked = store.say(chat.id, question, None)
            told = store.begin_reply(chat.id, asked.id, "a model")
            store.finish_reply(told.id, State.COMPLETE, text=answer)
            store.journal(store.begin_reply(chat.id, asked.id, "a model").id, journalled)
            store.keep_draft(chat.id, draft)
            store.keep_settings(Settings(system_prompt=draft))
            assert len(store.search(answer)) == 1
        assert_nowhere(path.parent, markers)  # While it is open, with its write-ahead log.
    assert_nowhere(path.parent, markers)


def test_nothing_of_a_purged_chat_is_left_under_the_key(
    path: Path, key: bytes, markers: list[str]
) -> None:
    with open_store(path, key) as store:
        kept = store.new_conversation()
        for number in range(50):
            store.say(kept.id, f"Something else, number {number}", None)
        chat = store.new_conversation(markers[0])
        asked = store.say(chat.id, markers[1], None)
        told = store.begin_reply(chat.id, asked.id, "a model")
        store.journal(told.id, markers[2])
        store.finish_reply(told.id, State.STOPPED, text=markers[3])
        store.continue_reply(told.id)
        store.finish_reply(told.id, State.COMPLETE, text=markers[4])
        store.keep_draft(chat.id, markers[5])
        store.delete(chat.id)
        store.purge_deleted(timedelta(0))
        assert len(store.search("something else")) == 50
    plain = decrypted(path, key)
    assert b"Something else, number 7" in plain  # The search itself would find what is there.
    for marker in markers[:6]:
        assert marker.encode() not in plain
        assert marker.split()[1].encode() not in plain
    for gram in (b"zqx", b"qxj", b"xjk"):
        assert gram not in plain


def assert_nowhere(folder: Path, markers: list[str]) -> None:
    for file in filter(Path.is_file, folder.rglob("*")):
        content = file.read_bytes()
        for marker in markers:
            for form in (marker, marker.lower(), marker.split()[1]):
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    assert form.encode(encoding) not in content, file.name


def decrypted(path: Path, key: bytes) -> bytes:
    """Every page of the database as it is under the key, also those no longer in use."""
    database = open_database(path, key, migrations.released("chats"), what="chats")
    with database.reading() as connection:
        pages = connection.serialize("main")
    database.close()
    return pages
