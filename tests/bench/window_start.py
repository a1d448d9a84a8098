"""How soon the window is there, what it weighs, and how soon a very long chat is."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.figure import Figure
from program import Program
from sottovoce.domain.conversation import State
from sottovoce.store.store import open_store
from sottovoce.system.paths import profile
from sottovoce.system.vault import Vault

STARTS = 9
MESSAGES = 10_000
TEXT = (
    "The **quick** brown fox, number {}, jumps over the lazy dog and asks `why`.\n\n"
    "- first of all\n- second\n\n```python\nprint({})\n```\n"
)


def figures() -> Iterator[Figure]:
    """Start the real window offscreen several times, warm, on a profile with a very long chat."""
    with tempfile.TemporaryDirectory() as folder:
        program = Program(Path(folder))
        _keep_a_long_chat(program)
        seen = [_start(program) for _ in range(STARTS + 1)][1:]  # The first is the warm-up.

    def median(name: str) -> float:
        return float(statistics.median(start[name] for start in seen))

    yield Figure("start to first painted frame", median("painted"), "s", 0.6)
    yield Figure("memory of the window's process when idle", median("idle_memory"), "MB", 150)
    yield Figure("open 10,000 messages, click to painted", median("opened"), "s", 0.15)
    heavy = sorted({name for start in seen for name in start["heavy"]})
    yield Figure("llama_cpp and numpy imported", len(heavy), "modules", 0, note=", ".join(heavy))


def _keep_a_long_chat(program: Program) -> None:
    assert program.passphrase is not None
    folder = profile(program.folder)
    key = Vault(folder.vault).create(secrets=None, passphrase=program.passphrase)
    with open_store(folder.database, key) as store:
        chat, leaf = store.new_conversation("A very long chat").id, None
        for number in range(MESSAGES // 2):
            said = store.say(chat, f"Question {number}?", leaf)
            reply = store.begin_reply(chat, said.id, "a model")
            text = TEXT.format(number, number)
            store.finish_reply(
                reply.id, State.COMPLETE, text=text, finish=None, usage=None, timings=None
            )
            leaf = reply.id


def _start(program: Program) -> dict[str, Any]:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, str(program.folder)],
        env=program.environment | {"PYTHONPATH": os.environ["PYTHONPATH"]},
        capture_output=True,
        check=True,
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen | {"painted": seen["painted"] - begun}


def _watched_window(folder: str) -> None:
    """Start the window, note its first frame and memory, open the long chat, and close again."""
    import psutil
    from PySide6.QtCore import QEvent, QObject, QTimer

    from sottovoce.launch import launch
    from sottovoce.ui import application

    seen: dict[str, Any] = {}
    start = application.Session.start

    class FirstFrame(QObject):
        """Notes when the window was painted first."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.UpdateRequest and "painted" not in seen:
                QTimer.singleShot(0, self.note)
            return False

        def note(self) -> None:
            seen.setdefault("painted", time.monotonic())

    class Watch:
        """Follows one session from its opening to its close."""

        def __init__(self, session: application.Session) -> None:
            self.session = session
            self.first_frame = FirstFrame()
            session.window.installEventFilter(self.first_frame)
            session.unlock.opened.connect(lambda _: QTimer.singleShot(1000, self.weigh))

        def weigh(self) -> None:
            seen["idle_memory"] = psutil.Process().memory_info().rss / 2**20
            seen["heavy"] = sorted({"llama_cpp", "numpy"} & set(sys.modules))
            shell = self.session.shell
            assert shell is not None
            shell.chat.opened.connect(lambda: QTimer.singleShot(0, self.opened))
            self.began = time.monotonic()
            shell.chat.open(1)

        def opened(self) -> None:
            assert self.session.shell is not None
            self.session.shell.page.transcript.viewport().repaint()
            seen["opened"] = time.monotonic() - self.began
            self.session.window.close()

    watches = []  # Kept as long as the session.

    def start_watched(session: application.Session) -> None:
        watches.append(Watch(session))
        start(session)

    with patch.object(application.Session, "start", start_watched):
        launch(["--data-dir", folder])
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    _watched_window(sys.argv[1])
