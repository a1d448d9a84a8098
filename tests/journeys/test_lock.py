"""The real window is locked, and another process's eyes look into its memory."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from commanding import Window, commanded_window
from memory_search import found_in_memory, in_all_encodings
from program import PASSPHRASE, Program
from sottovoce.store.store import open_store
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault

pytestmark = pytest.mark.journey
_SAID = "Tell me of heliotrope-4711, a ship, in a very long story"
_TYPED = "draft about chrysoberyl-4712"
_SOUGHT = "amaranthine-4713"
_PASSING = "Whisper of obsidian-4714, and be brief"
_ATTACHED = "The vault of porphyry-4715 was opened on a Tuesday."
_VIEWED = "The key to malachite-4717 lies under the stairs."


@pytest.fixture
def window(program: Program) -> Iterator[Window]:
    # Without it, only root may look into its memory.
    environment = program.environment | {"SOTTOVOCE_DEBUGGER": "1"}
    with commanded_window(program.folder, environment) as made:
        yield made


def _key(program: Program) -> bytes:
    return Vault(profile(program.folder).vault).open_with_passphrase(PASSPHRASE)


def _secrets(program: Program) -> list[bytes]:
    key = _key(program)
    # SQLite has it as text in the statement that sets it.
    return [key, key[:32], key.hex().encode(), key[:32].hex().encode()]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux shows it")
def test_after_the_lock_nothing_of_it_is_in_memory(
    program: Program,
    window: Window,
    tmp_path: Path,
    files_holding: Callable[[Path, Sequence[str]], list[str]],
) -> None:
    attached = tmp_path / "note.txt"
    attached.write_text(_ATTACHED)
    window.do(do="new_temporary")
    window.do(send=_PASSING)
    window.hear("grew")
    window.do(do="stop")
    window.do(attach=str(attached))
    window.do(do="new_chat")
    window.do(send=_SAID)
    window.hear("grew")
    _view(window, tmp_path)
    _back_up(window, tmp_path)
    window.do(search=_SOUGHT)
    window.do(type=_TYPED)
    markers = [_SAID, "heliotrope-4711", _TYPED, _SOUGHT, "obsidian-4714", "porphyry-4715"]
    markers += [_VIEWED, "malachite-4717", "lazurite-4718"]
    wanted = [*in_all_encodings([*markers, PASSPHRASE]), *_secrets(program)]
    before = found_in_memory(window.process.pid, wanted)
    for there in (_TYPED, _VIEWED, "lazurite-4718"):
        assert set(in_all_encodings([there])) & before, "The search finds what is there."
    assert set(_secrets(program)) & before

    window.do(lock_at_once=True)
    window.wait_for("enter_passphrase")

    assert found_in_memory(window.process.pid, wanted) == set()
    assert window.children == []
    assert window.state["title"] == "Sottovoce"
    assert files_holding(program.folder, [*markers, PASSPHRASE]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux shows it")
def test_after_a_backup_was_restored_nothing_of_it_is_in_memory(
    program: Program, window: Window, tmp_path: Path
) -> None:
    window.do(send=_SAID)
    window.hear("grew")
    window.do(do="stop")
    _view(window, tmp_path)
    file = _back_up(window, tmp_path)
    wanted = [*in_all_encodings([_SAID, _VIEWED, file.name, PASSPHRASE]), *_secrets(program)]
    assert set(_secrets(program)) & found_in_memory(window.process.pid, wanted)

    window.do(restore=str(file))
    window.wait_for("enter_passphrase")

    assert found_in_memory(window.process.pid, wanted) == set()
    assert window.children == []


def _view(window: Window, folder: Path) -> None:
    """Attach a document to the chat on screen, and look at it."""
    document = folder / "viewed.txt"
    document.write_text(_VIEWED)
    window.do(attach=str(document))
    window.do(view=True)
    while not window.hear("viewed"):
        pass


def _back_up(window: Window, folder: Path) -> Path:
    file = folder / "lazurite-4718.backup"
    window.do(back_up=str(file))
    window.hear("backed_up")
    return file


def test_killed_in_a_temporary_chat_it_leaves_no_word_in_any_file(
    program: Program,
    window: Window,
    tmp_path: Path,
    files_holding: Callable[[Path, Sequence[str]], list[str]],
) -> None:
    attached = tmp_path / "porphyry-4716.txt"
    attached.write_text(_ATTACHED)
    window.do(do="new_temporary")
    window.do(send=_PASSING)
    window.hear("grew")
    window.do(attach=str(attached))
    window.do(type=_TYPED)
    window.process.kill()
    window.process.wait()
    assert files_holding(program.folder, ["obsidian-4714", "porphyry", _TYPED]) == []
    with open_store(profile(program.folder).database, _key(program)) as store:
        assert store.recover() == []
        assert store.conversations() == []
        assert store.draft(None) == ""


def test_unlocked_it_is_where_it_was(window: Window) -> None:
    place = [40, 60, 700, 500]
    window.do(place=place)
    window.do(send=_SAID)
    written = window.hear("grew")
    window.do(type=_TYPED)
    window.lock()
    window.do(unlock="not this one")
    window.wait_for("enter_passphrase")
    window.do(unlock=PASSPHRASE)
    window.wait_for("open")
    until = time.monotonic() + 20
    while not (state := window.state)["messages"] and time.monotonic() < until:
        pass
    (said, _), (reply, how) = state["messages"]
    assert said == _SAID
    assert reply.startswith(written)
    assert how == "stopped"
    assert state["draft"] == _TYPED
    assert state["place"][2:] == place[2:]


def test_words_of_an_edit_are_a_draft_afterwards(window: Window) -> None:
    window.do(send="Good morning.")
    window.hear("grew")
    window.do(do="stop")
    while window.state["is_busy"]:
        pass
    window.do(edit="Good evening, rather.")
    window.lock()
    window.do(unlock=PASSPHRASE)
    window.wait_for("open")
    until = time.monotonic() + 20
    while not window.state["draft"] and time.monotonic() < until:
        pass
    assert window.state["draft"] == "Good evening, rather."


def test_a_window_that_cannot_end_in_order_is_locked_all_the_same(window: Window) -> None:
    window.do(hang=True)
    window.lock()
    assert window.children == []
    window.do(unlock=PASSPHRASE)
    window.wait_for("open")
