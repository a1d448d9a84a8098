"""How tests talk to the window of `commanded_window.py`."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

_COMMANDED = Path(__file__).parent / "commanded_window.py"


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


@contextmanager
def commanded_window(
    folder: Path, environment: Mapping[str, str], before: Sequence[str] = ()
) -> Iterator[Window]:
    """The window on the profile in `folder`, with the chats open. `before`: what starts it."""
    with subprocess.Popen(
        [*before, sys.executable, str(_COMMANDED), str(folder)],
        env=environment,
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
