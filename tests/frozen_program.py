"""The program that `./dev build` made, on this system or installed in a clean one of its own.

Nothing of it can be imported or patched. It is told what a person tells it, by keys, and what it
did is asked of its own command line.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "dist" / "sottovoce" / "sottovoce"
PASSPHRASE = "seven quiet words behind"
_IN_ROOT = ROOT / "packaging" / "linux" / "in_root.sh"
_CLEAN = ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8"]
_PATIENCE = 90.0
"""Seconds. Machines that build are busy."""


@dataclass(frozen=True)
class Frozen:
    """The program, and somebody's home for it."""

    home: Path
    """As it is seen from here."""
    root: Path | None = None
    """The system it is installed in; None if it is this one, and where it was built."""

    @property
    def profile(self) -> Path:
        """Where it keeps everything, if nobody says otherwise."""
        return self.home / ".local" / "share" / "Sottovoce"

    @property
    def passphrase_file(self) -> Path:
        path = self.home / "passphrase"
        if not path.exists():
            self.give(path, PASSPHRASE.encode())
        return path

    def give(self, path: Path, data: bytes) -> None:
        """Put a file where its user would have put it."""
        path.write_bytes(data)
        path.chmod(0o600)
        own(self, path)

    def inside(self, path: Path) -> str:
        """The same place, as the program sees it."""
        return str(path if self.root is None else Path("/", path.relative_to(self.root)))

    def command(self, *arguments: str, display: str | None = None) -> list[str]:
        """What starts it with nothing in its environment that comes from a developer."""
        variables = [f"HOME={self.inside(self.home)}"]
        variables += [f"DISPLAY={display}"] if display else []
        if self.root is None:
            return [*_CLEAN, *variables, str(BUILT), *arguments]
        return [str(_IN_ROOT), str(self.root), "env", *variables, "sottovoce", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command that has no display."""
        return subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=_PATIENCE,
        )

    def json(self, *arguments: str) -> Any:
        """The last line that a command prints; the passphrase opens the chats."""
        done = self.run(
            *arguments, "--json", "--passphrase-file", self.inside(self.passphrase_file)
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout if done.stdout[1] == "\n" else done.stdout.splitlines()[-1])

    def messages(self, chat: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.json("chats", "show", str(chat))["messages"]
        return messages


class FrozenWindow:
    """Its window, in front of somebody who has a keyboard and no mouse."""

    def __init__(self, process: psutil.Process, display: str) -> None:
        self.process = process
        self._display = {**os.environ, "DISPLAY": display}

    def press(self, keys: str) -> None:
        """Press keys once the window has nothing to do."""
        self._wait_until_quiet()
        self._keyboard("key", keys)

    def type(self, text: str) -> None:
        """Type it once the window has nothing to do, and press Return."""
        self._wait_until_quiet()
        self._keyboard("type", text)
        self._keyboard("key", "Return")

    def _keyboard(self, verb: str, what: str) -> None:
        """Nothing else gives the keyboard to the newest window: there is no desktop."""
        self._xdotool("windowfocus", "--sync", self._windows()[-1])
        self._xdotool(verb, "--delay", "15", what)

    def _wait_until_quiet(self) -> None:
        """Wait until whatever it was told before is on screen."""
        until(lambda: self.process.cpu_percent(0.3) < 10 and self.process.cpu_percent(0.3) < 10)

    @property
    def titles(self) -> list[str]:
        """Of all windows on the display."""
        return [self._xdotool("getwindowname", each).strip() for each in self._windows()]

    @property
    def is_locked(self) -> bool:
        """Whether it is the fresh process that a lock leaves behind."""
        return "--locked" in self.process.cmdline()

    def children(self, switch: str) -> list[psutil.Process]:
        """Its processes that were started with this switch."""
        found = []
        for each in self.process.children(recursive=True):
            with suppress(psutil.Error):
                found += [each] if switch in each.cmdline() else []
        return found

    def picture(self, path: Path) -> None:
        """Keep what is on screen, for whoever looks into a failure."""
        with suppress(OSError):
            subprocess.run(["import", "-window", "root", path], env=self._display, check=False)

    def _windows(self) -> list[str]:
        return self._xdotool("search", "--onlyvisible", "--name", ".").split()

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=self._display, capture_output=True, text=True, check=False
        )
        return done.stdout


@contextmanager
def frozen_window(
    frozen: Frozen, display: str, before: Sequence[str] = ()
) -> Iterator[FrozenWindow]:
    """Its window, once it is on screen. `before`: what starts it."""
    command = [*before, *frozen.command(display=display)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as started:
        try:
            yield FrozenWindow(until(lambda: _program(started.pid)), display)
        finally:
            with suppress(psutil.NoSuchProcess):
                first = psutil.Process(started.pid)
                for each in (*first.children(recursive=True), first):
                    with suppress(psutil.NoSuchProcess):
                        each.kill()


def _program(pid: int) -> psutil.Process | None:
    """The process that is, or was started as, the program itself."""
    first = psutil.Process(pid)
    found = [each for each in (first, *first.children()) if each.name() == "sottovoce"]
    return found[0] if found else None


def own(frozen: Frozen, path: Path) -> None:
    """Let it belong to whoever uses the program."""
    if frozen.root is not None:
        os.chown(path, 1000, 1000)


Found = Any


def until(look: Callable[[], Found], seconds: float = _PATIENCE) -> Found:
    """What is found as soon as there is something to be found."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(psutil.Error, AssertionError):
            if found := look():
                return found
        time.sleep(0.05)  # It cannot tell: nothing of it is in this process.
    raise TimeoutError
