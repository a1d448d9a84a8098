"""The window that was built, from its first start to its removal, watched from outside."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from frozen_program import PASSPHRASE, Frozen, FrozenWindow, frozen_window, until
from lighthouse import LIGHTHOUSE

pytestmark = [
    pytest.mark.journey,
    pytest.mark.frozen,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
_ATTACHING = "Attach files to this chat"
ENGINE = "--engine-process"
_TRACED = (
    "socket,bind,connect,execve,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,"
    "linkat,symlink,symlinkat"
)
_CALL = re.compile(r"^\d+ +(\w+)\((.*?)\) += (-?\d+)")
_LONGEST = 240.0
"""Seconds for a reply: the starter model does not always find an end, and writes 2,000 tokens."""
_ELSEWHERE = re.compile(r"/(proc|sys|dev)/|/memfd:|pipe:|socket:")
"""Places that are no files."""


class Trace:
    """What the processes of the window asked the system for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def before(self) -> list[str]:
        """What the window is to be started by."""
        options = ["--follow-forks", "--seccomp-bpf", "--quiet=all", "--string-limit=300"]
        return ["strace", *options, f"--trace={_TRACED}", f"--output={self._path}"]

    def _calls(self) -> Iterator[tuple[str, str]]:
        """Name and arguments of all that were granted, once the program itself was started."""
        is_program = False
        for line in self._path.read_text(errors="replace").splitlines():
            is_program = is_program or ("execve(" in line and "/sottovoce" in line)
            call = _CALL.match(line)
            if is_program and call and int(call[3]) >= 0:
                yield call[1], call[2]

    @property
    def processes(self) -> set[str]:
        """Those of the program that were watched, by their switches."""
        return set(re.findall(r'"(--\w+-process)"', self._path.read_text(errors="replace")))

    @property
    def sockets(self) -> list[str]:
        """Of the network: also those that were refused."""
        return [each for each in self._path.read_text().splitlines() if "AF_INET" in each]

    def written(self) -> set[str]:
        """Every path that was opened to be written, made or renamed to."""
        found = set()
        for name, arguments in self._calls():
            paths = re.findall(r'"([^"]*)"', arguments)
            if name.startswith("open") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", arguments):
                continue
            if not paths or name in {"bind", "connect", "execve"}:
                continue
            found.add(paths[-1])
        return {each for each in found if not _ELSEWHERE.match(each)}


def snapshot(frozen: Frozen) -> dict[str, tuple[int, int]]:
    """Every file of the system, or here of the home, but those of the profile."""
    top = frozen.root or frozen.home
    found = {}
    for folder, names, files in os.walk(top):
        path = Path(folder)
        left_out = {frozen.profile, *(top / name for name in ("proc", "sys", "dev"))}
        names[:] = [name for name in names if path / name not in left_out]
        for name in files:
            with suppress(FileNotFoundError):
                state = (path / name).lstat()
                found[str(path / name)] = (state.st_size, state.st_mtime_ns)
    return found


def reply_to(frozen: Frozen, question: str, after: dict[str, Any] | None = None) -> dict[str, Any]:
    """The finished reply to a question, and not one `after` which another was asked for."""

    def look() -> dict[str, Any] | None:
        for chat in frozen.json("chats", "list")["chats"]:
            messages = frozen.messages(chat["id"])
            asked = [each["id"] for each in messages if each["text"] == question]
            for each in messages:
                if asked and each["parent"] == asked[-1] and each["finish"] and each != after:
                    return each
        return None

    found: dict[str, Any] = until(look, _LONGEST)
    return found


def choose_passphrase(frozen: Frozen, window: FrozenWindow) -> None:
    """As somebody does who starts it for the first time."""
    until(lambda: "Sottovoce" in window.titles)
    window.type(PASSPHRASE)
    window.type(PASSPHRASE)
    until(lambda: (frozen.profile / "sottovoce.db").exists())


@pytest.mark.timeout(1200)
def test_a_day_with_the_window(frozen: Frozen, display: str, tmp_path: Path) -> None:
    report = frozen.home / "lighthouse.pdf"
    frozen.give(report, LIGHTHOUSE)
    assert frozen.passphrase_file.exists()
    before = snapshot(frozen)
    trace = Trace(tmp_path / "trace")
    with frozen_window(frozen, display, trace.before) as window:
        try:
            _live_through(frozen, window, report)
        except BaseException:
            window.picture(tmp_path / "failed.png")
            raise
        window.process.terminate()  # As the system does when somebody logs off.
        until(lambda: not window.process.is_running() or _is_over(window.process))

    assert trace.processes >= {"--engine-process", "--library-process", "--parser-process"}
    assert trace.sockets == []
    profile = frozen.inside(frozen.profile)
    elsewhere = {path for path in trace.written() if not path.startswith(profile)}
    assert elsewhere <= {str(folder) for folder in Path(profile).parents}
    assert snapshot(frozen) == before


def _live_through(frozen: Frozen, window: FrozenWindow, report: Path) -> None:
    choose_passphrase(frozen, window)

    window.type("Write one sentence about the sea.")
    reply = reply_to(frozen, "Write one sentence about the sea.")
    assert reply["state"] == "complete"
    (engine,) = window.children(ENGINE)
    assert not [each.path for each in engine.memory_maps() if "Qt6" in each.path]

    window.press("ctrl+n")
    window.press("ctrl+shift+a")
    until(lambda: _ATTACHING in window.titles)
    window.type(frozen.inside(report))
    until(lambda: _ATTACHING not in window.titles and window.children("--library-process"))
    window.type("When was the lighthouse at Skerryvore finished?")
    reply = reply_to(frozen, "When was the lighthouse at Skerryvore finished?")
    for _ in range(12):  # So small a model does not always say what it read.
        if reply["sources"]["citations"]:
            break
        window.press("ctrl+r")
        reply = reply_to(frozen, "When was the lighthouse at Skerryvore finished?", after=reply)
    (citation, *_) = reply["sources"]["citations"]
    assert (citation["document"], citation["page"]) == (frozen.inside(report), 1)
    assert "1844" in citation["quote"]

    # The engine dies in the middle of an answer; the next question is answered.
    window.press("ctrl+n")
    window.type("Tell a long story about a ship.")
    until(lambda: [e for e in window.children(ENGINE) if e.cpu_percent(0.3) > 20])
    for each in window.children(ENGINE):
        each.kill()
    assert window.process.is_running()
    window.type("Are you there?")
    assert reply_to(frozen, "Are you there?")["state"] == "complete"

    window.press("ctrl+shift+l")
    until(lambda: window.is_locked)
    assert window.children(ENGINE) == []
    window.type(PASSPHRASE)
    until(lambda: window.children("--library-process"))
    window.press("ctrl+n")
    window.type("Is it still you?")
    assert reply_to(frozen, "Is it still you?")["state"] == "complete"


def _is_over(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True
