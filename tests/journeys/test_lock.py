"""The real window is locked, and another process's eyes look into its memory."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from memory_search import found_in_memory, in_all_encodings
from program import PASSPHRASE, Program
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault

pytestmark = pytest.mark.journey
_COMMANDED = Path(__file__).parents[1] / "commanded_window.py"
_SAID = "Tell me of heliotrope-4711, a ship, in a very long story"
_TYPED = "draft about chrysoberyl-4712"
_SOUGHT = "amaranthine-4713"
_PASSING = "Whisper of obsidian-4714, and be brief"
_ATTACHED = "The vault of porphyry-4715 was opened on a Tuesday."


class Window:
    """A window that is told what to do, and tells what is on screen."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def hear(self, name: str) -> Any:
        """What it tells next under this name."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            if name in told:
                return told[name]
        raise AssertionError("The window has ended.")

    def do(self, **command: object) -> None:
        """Have it do something, and wait until it has."""
        self._tell(**command)
        self.hear("done")

    def wait_for(self, page: str) -> None:
        while self.hear("page") != page:
            pass

    @property
    def state(self) -> dict[str, Any]:
        self._tell(ask=True)
        state: dict[str, Any] = self.hear("state")
        return state

    @property
    def children(self) -> list[str]:
        return [each.name() for each in psutil.Process(self.process.pid).children(recursive=True)]

    def lock(self) -> None:
        self.do(press="Ctrl+Shift+L")
        self.wait_for("enter_passphrase")

    def _tell(self, **command: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()


@pytest.fixture
def window(program: Program) -> Iterator[Window]:
    with subprocess.Popen(
        [sys.executable, str(_COMMANDED), str(program.folder)],
        # Without it, only root may look into its memory.
        env=program.environment | {"SOTTOVOCE_DEBUGGER": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        made = Window(process)
        try:
            made.wait_for("open")
            yield made
        finally:
            process.kill()


def _secrets(program: Program) -> list[bytes]:
    vault = Vault(profile(program.folder).vault)
    key = vault.open_with_passphrase(PASSPHRASE)
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
    window.do(search=_SOUGHT)
    window.do(type=_TYPED)
    markers = [_SAID, "heliotrope-4711", _TYPED, _SOUGHT, "obsidian-4714", "porphyry-4715"]
    wanted = [*in_all_encodings([*markers, PASSPHRASE]), *_secrets(program)]
    before = found_in_memory(window.process.pid, wanted)
    assert set(in_all_encodings([_TYPED])) & before, "The search finds what is there."
    assert set(_secrets(program)) & before

    window.do(lock_at_once=True)
    window.wait_for("enter_passphrase")

    assert found_in_memory(window.process.pid, wanted) == set()
    assert window.children == []
    assert window.state["title"] == "Sottovoce"
    assert files_holding(program.folder, [*markers, PASSPHRASE]) == []


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
    while window.hear("busy"):
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
