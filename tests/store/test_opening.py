import os
import shutil
import stat
import subprocess
from pathlib import Path

import apsw
import pytest

from sottovoce.domain.problems import Damaged, Interrupted, NoRoom, Refused, Unsupported
from sottovoce.store import database, migrations
from sottovoce.store.database import open_database
from sottovoce.store.store import Store, open_store
from sottovoce.system import trial
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile

DATABASES = Path(__file__).parent / "databases"
"""One for every released version, each with the key of the tests and the question below."""
QUESTION = "Where does the wind come from?"


def make(path: Path, key: bytes) -> int:
    with open_store(path, key) as store:
        return store.say(store.new_conversation().id, QUESTION, None).conversation


def reads(path: Path, key: bytes) -> list[str]:
    with open_store(path, key) as store:
        (chat,) = store.conversations()
        return [message.text for message in store.messages(chat.id)]


def test_another_key_is_refused(path: Path, key: bytes) -> None:
    make(path, key)
    with pytest.raises(Refused):
        open_store(path, bytes(48))
    assert reads(path, key) == [QUESTION]


def test_a_damaged_file_is_told_from_a_wrong_key(path: Path, key: bytes) -> None:
    make(path, key)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"damage")
    with pytest.raises(Damaged):
        open_store(path, key)


def test_damage_further_on_is_told_when_it_is_met(path: Path, key: bytes) -> None:
    chat = make(path, key)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(1, size // 4096):
            file.seek(page * 4096 + 1000)
            file.write(b"damage")
    with open_store(path, key) as store, pytest.raises(Damaged):
        store.messages(chat)


def test_any_file_that_is_no_database_is_left_as_it_is(path: Path, key: bytes) -> None:
    path.write_text("my diary\n" * 1000)
    with pytest.raises((Refused, Damaged)):
        open_store(path, key)
    assert path.read_text() == "my diary\n" * 1000


def test_a_store_whose_making_was_interrupted_opens(path: Path, key: bytes) -> None:
    path.touch()
    assert make(path, key)
    assert reads(path, key) == [QUESTION]


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_only_the_owner_may_read_the_files(path: Path, key: bytes) -> None:
    with open_store(path, key) as store:
        store.new_conversation()
        files = list(path.parent.iterdir())
        assert {file.name for file in files} >= {path.name, f"{path.name}-wal"}
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(Refused):
        open_store(tmp_path / "missing" / "sottovoce.db", key)


def test_a_full_disk_is_told_and_nothing_is_lost(path: Path, key: bytes) -> None:
    database = open_database(path, key, migrations.released("chats"), what="chats")
    with database.reading() as connection:
        connection.pragma("max_page_count", connection.pragma("page_count"))
    store = Store(database)
    store.keep_draft(None, "before")
    with pytest.raises(NoRoom):
        store.keep_draft(None, "x" * 100_000)
    assert store.draft(None) == "before"
    store.keep_draft(None, "after")
    assert store.draft(None) == "after"
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="needs a limit for the size of files")
def test_a_disk_that_is_full_before_anything_is_read_is_told(path: Path, key: bytes) -> None:
    import resource  # Late: Windows has none.

    make(path, key)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, hard))
    try:
        with pytest.raises(NoRoom):
            open_store(path, key)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert reads(path, key) == [QUESTION]


def test_a_store_that_is_busy_asks_to_try_again(path: Path, key: bytes) -> None:
    first = open_database(path, key, migrations.released("chats"), what="chats")
    second = open_database(path, key, migrations.released("chats"), what="chats")
    with second.reading() as connection:
        connection.set_busy_timeout(1)
    with first.writing(), pytest.raises(Interrupted), second.writing():
        pass
    first.close()
    second.close()


def test_a_newer_store_is_not_touched(path: Path, key: bytes) -> None:
    make(path, key)
    newer = [*migrations.released("chats"), "CREATE TABLE later (id INTEGER)"]
    open_database(path, key, newer, what="chats").close()
    before = path.read_bytes()
    with pytest.raises(Unsupported):
        open_store(path, key)
    assert path.read_bytes() == before


def test_a_migration_keeps_what_was_there(path: Path, key: bytes) -> None:
    make(path, key)
    newer = [*migrations.released("chats"), "ALTER TABLE conversations ADD COLUMN pinned INTEGER"]
    database = open_database(path, key, newer, what="chats")
    with database.reading() as connection:
        assert connection.execute("SELECT text FROM messages").get == QUESTION
        assert connection.execute("SELECT pinned FROM conversations").get is None
    database.close()
    left = {file.name for file in path.parent.iterdir()}
    assert left == {path.name, f"{path.name}.lock", "in-use"}


def test_the_version_before_finds_its_store_again_if_the_newer_one_never_worked(
    path: Path, key: bytes
) -> None:
    make(path, key)
    profile = Profile(path.parent)
    trial.begin(profile)
    newer = [*migrations.released("chats"), "DELETE FROM messages", "DROP TABLE drafts"]
    for scripts in (newer[:-1], newer, newer):  # A kill between two scripts, and two starts.
        open_database(path, key, scripts, what="chats").close()
    assert reads(path, key) == [QUESTION]
    with open_store(path, key) as store:
        store.keep_draft(None, "of the version before")
    trial.end(profile)
    with open_store(path, key) as store:
        assert store.draft(None) == "of the version before"
    left = {file.name for file in path.parent.iterdir()}
    assert left == {path.name, f"{path.name}.lock", "in-use"}


def test_what_a_newer_version_wrote_that_worked_is_never_taken_back(path: Path, key: bytes) -> None:
    make(path, key)
    profile = Profile(path.parent)
    trial.begin(profile)
    newer = [*migrations.released("chats"), "CREATE TABLE later (id INTEGER)"]
    open_database(path, key, newer, what="chats").close()
    trial.end(profile)
    trial.begin(profile)
    with pytest.raises(Unsupported):
        open_store(path, key)


def test_who_comes_while_another_migrates_puts_nothing_back(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(path, key)
    monkeypatch.setattr(database, "_PATIENCE", 0.0)
    scripts = [*migrations.released("chats"), "DELETE FROM messages"]
    with locked(path.with_name(f"{path.name}.lock")), pytest.raises(Interrupted):
        open_database(path, key, scripts, what="chats")
    assert reads(path, key) == [QUESTION]


def test_a_failing_migration_leaves_the_old_store(path: Path, key: bytes) -> None:
    make(path, key)
    works, fails = "DELETE FROM messages", "CREATE TABLE half (id INTEGER); INSERT INTO nowhere"
    with pytest.raises(apsw.SQLError):
        open_database(path, key, [*migrations.released("chats"), works, fails], what="chats")
    left = {file.name for file in path.parent.iterdir()}
    assert left == {path.name, f"{path.name}.lock", "in-use"}
    assert reads(path, key) == [QUESTION]


@pytest.mark.parametrize("database", sorted(DATABASES.glob("*.db")), ids=lambda path: path.stem)
def test_every_released_version_opens(database: Path, path: Path, key: bytes) -> None:
    shutil.copy(database, path)
    assert reads(path, key) == [QUESTION]
    with open_store(path, key) as store:
        assert len(store.search("wind")) == 1


@pytest.mark.skipif(shutil.which("sqlcipher") is None, reason="needs the sqlcipher program")
def test_stock_sqlcipher_opens_it_too(path: Path, key: bytes) -> None:
    make(path, key)
    asked = subprocess.run(
        ["sqlcipher", path],
        input=f"PRAGMA key = \"x'{key.hex()}'\"; SELECT text FROM messages;",
        capture_output=True,
        text=True,
        check=True,
    )
    assert QUESTION in asked.stdout
