"""What every test may count on."""

import os
import signal
import sys
from functools import partial

import pytest

# First: tesserocr cannot read its models where usearch was loaded before it. The program never
# loads both in one process, which tests do.
import tesserocr  # noqa: F401  It is only to be there.

from sottovoce.system import vault
from sottovoce.system.slots import Cost

# Programs started in the background of a script ignore Ctrl+C, and hand that on to their children.
# Those of the tests are to hear it however the tests were started.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests start hundreds of processes, each of which would compile the program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for what only somebody who guesses should wait for."""
    monkeypatch.setattr(vault, "Cost", partial(Cost, memory=8 * 1024, passes=1, lanes=1))
