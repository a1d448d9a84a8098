"""Locks between processes, which end with the process that holds them, however it ends."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sottovoce.domain.problems import Problem
from sottovoce.system.files import only_for_owner, writing_translated

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOOK_EVERY = 0.02
"""Seconds."""
_BEYOND = 2**62
"""Where Windows locks a byte: nobody else can read or write that one, so no file is to reach it."""


@contextmanager
def locked(path: Path, patience: float = 0.0) -> Iterator[bool]:
    """Whether nobody else locks the file at `path` while this block runs.

    The file is made if need be, and stays. Others are waited for, `patience` seconds. Raises NoRoom
    or Refused where no such file can be made.
    """
    with writing_translated():
        descriptor = only_for_owner(str(path), os.O_RDWR | os.O_CREAT)
    try:
        until = time.monotonic() + patience
        while not (is_ours := _take(descriptor)) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)
        yield is_ours
    finally:
        os.close(descriptor)  # This lets go of it.


def is_locked(path: Path) -> bool:
    """Whether somebody locks that file now. Who may not write it cannot tell, and nobody does."""
    if not path.exists():
        return False
    try:
        with locked(path) as is_ours:
            return not is_ours
    except Problem:
        return False


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _BEYOND, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # A file system that knows no locks: it is better to go on than never to.
    return True
