"""Processes: which is which, also after its number was given away again, and which end together."""

import ctypes
import os
import signal
import sys

import psutil

_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of <linux/prctl.h>."""
_SLACK = 2.0
"""Seconds by which a process's start may seem to move when the machine's clock is corrected."""


def end_with(parent: int) -> None:
    """Let this process be killed when its parent ends, however that comes. Only Linux does that.

    `parent` is the number of the parent, which may have ended already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def own_identity() -> str:
    """What tells this process from every other on this machine, now or later."""
    process = psutil.Process()
    return f"{process.pid}:{process.create_time():.2f}"


def is_running(identity: str) -> bool:
    """Whether the process with this identity still runs. What cannot be understood does not."""
    try:
        number, started = identity.split(":")
        process = psutil.Process(int(number))
        is_same = abs(process.create_time() - float(started)) <= _SLACK
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except (ValueError, psutil.NoSuchProcess):
        return False
    except psutil.AccessDenied:
        return True  # It exists; whose it is cannot be told.
