"""Begins this program anew, with a memory that holds nothing of what it knew."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import psutil

from sottovoce.system.child import program

RESTART = 75
"""The exit code of a window that is to begin anew."""
_PATIENCE = 0.5
"""Seconds for child processes to end by themselves, when nobody speaks to them any more."""


def restart(arguments: Sequence[str]) -> NoReturn:
    """Replace this process by a fresh one, started with `arguments`. Any thread may call.

    What Python and Qt have freed still lies in memory, as does what they never free: keys, words,
    pictures of them. Only a process that ends gives it all back. On Linux and macOS the fresh one
    keeps its number, so that whoever waits for it waits on. Child processes are ended.
    """
    # A frozen window is no program for children.
    begin = [sys.executable] if getattr(sys, "frozen", False) else program()
    command = [*begin, *arguments]
    try:
        _end_children()
        if sys.platform == "win32":
            subprocess.Popen(command)
        else:
            os.execv(command[0], command)  # noqa: S606  Our own list of arguments.
    finally:
        os._exit(0)  # Also where it cannot be begun anew: what is here has to go.


def go_on_as(command: Sequence[str]) -> NoReturn:
    """Let another program do the rest, with these streams and this process's exit code."""
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    os.execv(command[0], [*command])  # noqa: S606  Our own list of arguments.


def _end_children() -> None:
    with suppress(psutil.Error):
        children = psutil.Process().children(recursive=True)
        _, alive = psutil.wait_procs(children, _PATIENCE)
        for child in alive:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(alive, _PATIENCE)
