import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes import MemorySecrets
from sottovoce.domain.problems import Interrupted, Unreachable
from sottovoce.system import forgetting, use
from sottovoce.system.forgetting import finish_forgetting, forget, forget_at_next_start
from sottovoce.system.paths import Profile, profile
from sottovoce.system.slots import Cost
from sottovoce.system.use import alone, using
from sottovoce.system.vault import Vault

CHEAP = Cost(memory=8 * 1024, passes=1, lanes=1)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)


@pytest.fixture
def drawer() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def here(tmp_path: Path, drawer: MemorySecrets) -> Profile:
    made = profile(tmp_path / "here")
    fill(made.folder, drawer)
    fill(made.kept / "2026-11-01 10-00-00-000000", drawer)
    made.models.mkdir()
    (made.models / "model.gguf").write_text("stays")
    made.network.write_text("stays")
    made.exchange.write_text("a journal")
    made.key_wish.touch()
    return made


def fill(folder: Path, drawer: MemorySecrets) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Vault(folder / "vault", CHEAP).create(secrets=drawer, passphrase="correct horse")
    for name in ("sottovoce.db", "sottovoce.db-wal", "documents.db", "appearance.json"):
        (folder / name).write_text("private")


def left(here: Profile) -> set[str]:
    files = (each for each in here.folder.rglob("*") if each.is_file())
    return {each.name for each in files if each.name != "in-use"}


STAYS = {"model.gguf", "network.json"}


def test_nothing_is_left_but_models_and_the_switch(here: Profile, drawer: MemorySecrets) -> None:
    drawer.set("another secret", b"stays")
    forget(here, lambda: drawer)
    assert left(here) == STAYS
    assert list(drawer.kept) == ["another secret"]
    assert not Vault(here.vault).exists
    assert not here.forgotten.exists()


def test_what_the_copies_held_is_written_over(
    here: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {copy.read_bytes() for copy in here.vault.glob("vault*.json")}
    last: list[bytes] = []
    unlink = Path.unlink

    def look_first(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("vault"):
            last.append(path.read_bytes())
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", look_first)
    forget(here, lambda: None)
    assert len(last) == 4, "two copies of the vault in use, two of the one that was kept"
    assert not before & set(last)


def test_a_keyring_that_does_not_answer_holds_nothing_up(here: Profile) -> None:
    class Hanging(MemorySecrets):
        def delete(self, name: str) -> None:
            raise Unreachable("The system's keyring does not answer. Try again later.")

    forget(here, Hanging)
    assert left(here) == STAYS


def test_who_has_it_open_is_not_robbed(here: Profile, drawer: MemorySecrets) -> None:
    with using(here.folder), pytest.raises(Interrupted):
        forget(here, lambda: drawer)
    assert Vault(here.vault).open_with_keyring(drawer)


def test_what_was_decided_is_carried_out_at_the_next_start(
    here: Profile, drawer: MemorySecrets
) -> None:
    with using(here.folder):
        forget_at_next_start(here)
        assert not Vault(here.vault).exists
    finish_forgetting(here, lambda: drawer)
    assert left(here) == STAYS
    assert drawer.kept == {}


def test_where_nothing_was_decided_nothing_is_done(here: Profile, drawer: MemorySecrets) -> None:
    finish_forgetting(here, lambda: drawer)
    assert Vault(here.vault).open_with_passphrase("correct horse")


def test_who_comes_second_does_not_forget_what_was_begun_anew(
    here: Profile, drawer: MemorySecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_at_next_start(here)

    @contextmanager
    def after_another(folder: Path) -> Iterator[None]:
        monkeypatch.setattr(forgetting, "alone", alone)
        finish_forgetting(here, lambda: drawer)
        here.database.write_text("begun anew")
        yield

    monkeypatch.setattr(forgetting, "alone", after_another)
    finish_forgetting(here, lambda: drawer)
    assert here.database.read_text() == "begun anew"


FORGETTING = """
import os, signal, sys
from pathlib import Path
from sottovoce.system import forgetting
from sottovoce.system.paths import profile
count = int(sys.argv[2])
def step(event, arguments):
    global count
    if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}:
        count -= 1
        if count < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(step)
forgetting.forget(profile(Path(sys.argv[1])), lambda: None)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_killed_at_any_step_either_all_is_there_or_the_key_is_gone(
    tmp_path: Path, drawer: MemorySecrets
) -> None:
    for steps in range(40):
        here = profile(tmp_path / str(steps))
        fill(here.folder, drawer)
        before = left(here)
        ended = subprocess.run([sys.executable, "-c", FORGETTING, here.folder, str(steps)])
        if Vault(here.vault).exists:
            assert left(here) == before
            assert Vault(here.vault).open_with_passphrase("correct horse")
        finish_forgetting(here, lambda: drawer)
        if ended.returncode == 0:
            assert left(here) == set()
            return
        assert ended.returncode == -signal.SIGKILL
        assert Vault(here.vault).exists == (left(here) != set())
    raise AssertionError("It takes more steps than were tried.")
