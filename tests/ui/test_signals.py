"""The real program, told to end by a signal while nothing else happens in its window."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from program import PASSPHRASE, Program
from sottovoce.store.store import open_store
from sottovoce.system.paths import Profile
from sottovoce.system.vault import Vault

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent on POSIX alone")

# Types a draft where chats open, tells which page is there, and then leaves the window alone.
_IDLE_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from sottovoce.launch import launch
from sottovoce.ui import application

start = application.Session.start

def start_watched(session):
    def tell(page):
        QTimer.singleShot(0, lambda: print(page, flush=True))
    def write():
        session.shell.page.composer.set_text("Half a thought")
        tell("OPENED")
    session.unlock.changed.connect(lambda: tell(session.unlock.step.name))
    session.unlock.opened.connect(lambda _: QTimer.singleShot(0, write))
    start(session)

application.Session.start = start_watched
sys.exit(launch(sys.argv[1:]))
"""


@contextmanager
def idle_window(program: Program, page: str) -> Iterator[subprocess.Popen[str]]:
    """The program's window, which has come to this page."""
    with subprocess.Popen(
        [sys.executable, "-c", _IDLE_WINDOW, "--data-dir", str(program.folder)],
        env=program.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert any(line.strip() == page for line in process.stdout)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_window_that_waits_for_a_passphrase(tmp_path: Path, number: int) -> None:
    with idle_window(Program(tmp_path, passphrase=None), "CHOOSE_PASSPHRASE") as process:
        process.send_signal(number)
        assert process.wait(timeout=20) == 0


def test_a_signal_ends_an_open_window_and_what_was_typed_is_kept(tmp_path: Path) -> None:
    with idle_window(Program(tmp_path), "OPENED") as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    profile = Profile(tmp_path)
    key = Vault(profile.vault).open_with_passphrase(PASSPHRASE)
    with open_store(profile.database, key) as store:
        assert store.draft(None) == "Half a thought"
