"""The real window changes the key of what it shows, and forgets it."""

import time

import pytest

from commanding import commanded_window
from program import PASSPHRASE, Program
from sottovoce.system.paths import profile

pytestmark = pytest.mark.journey
_SAID = "Tell me about the sea."


def test_the_key_is_changed_between_locking_and_unlocking(program: Program) -> None:
    database = profile(program.folder).database
    with commanded_window(program.folder, program.environment) as window:
        window.do(send=_SAID)
        window.hear("grew")
        before = database.read_bytes()[:16]
        window.do(protect="change_key")
        window.wait_for("enter_passphrase")
        assert database.read_bytes()[:16] == before
        window.do(unlock=PASSPHRASE)
        window.wait_for("changing_key")
        window.wait_for("open")
        assert database.read_bytes()[:16] != before
        until = time.monotonic() + 20
        while not (messages := window.state["messages"]) and time.monotonic() < until:
            pass
        assert messages[0][0] == _SAID


def test_after_forgetting_it_is_as_on_the_first_day(program: Program) -> None:
    where = profile(program.folder)
    with commanded_window(program.folder, program.environment) as window:
        window.do(send=_SAID)
        window.hear("grew")
        window.do(protect="forget")
        window.wait_for("choose_passphrase")
        assert not where.database.exists()
        assert not where.documents.exists()
        assert not where.vault.exists()
        assert not where.forgotten.exists()
