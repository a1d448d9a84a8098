"""Locks between processes, which end with the process that holds them, however it ends."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
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
"""Where Windows locks bytes: nobody else can read or write those, so no file is to reach them."""
_SHARES = 256
"""How many may share a lock there: each has a byte of its own, and who is alone has all of them."""


def locked(path: Path, patience: float = 0.0) -> AbstractContextManager[bool]:
    """Whether nobody else locks the file at `path`, alone or shared, while this block runs.

    The file is made if need be, and stays. Others are waited for, `patience` seconds. Raises NoRoom
    or Refused where no such file can be made.
    """
    return _holding(path, patience, _take)


def shared(path: Path, patience: float = 0.0) -> AbstractContextManager[bool]:
    """Whether nobody locks that file alone while this block runs; else as `locked`."""
    return _holding(path, patience, _take_share)


def is_locked(path: Path) -> bool:
    """Whether somebody locks that file now. Who may not write it cannot tell, and nobody does."""
    if not path.exists():
        return False
    try:
        with locked(path) as is_ours:
            return not is_ours
    except Problem:
        return False


if sys.platform != "win32":

    def try_alone(folder: int) -> bool:
        """Whether nobody else locks this open folder, alone or shared; then it is ours.

        A folder that is locked by itself needs no file for it, and takes its lock along when it is
        renamed. The lock ends when the folder is closed, or is shared.
        """
        return _take(folder)

    def try_shared(folder: int) -> bool:
        """Whether nobody locks this open folder alone; then we have a share, and only that."""
        return _take_share(folder)


@contextmanager
def _holding(path: Path, patience: float, take: Callable[[int], bool]) -> Iterator[bool]:
    with writing_translated():
        descriptor = only_for_owner(str(path), os.O_RDWR | os.O_CREAT)
    try:
        until = time.monotonic() + patience
        while not (is_ours := take(descriptor)) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)
        yield is_ours
    finally:
        os.close(descriptor)  # This lets go of it.


def _take(descriptor: int) -> bool:
    if sys.platform == "win32":
        return _succeeds(lambda: _lock_bytes(descriptor, _BEYOND, _SHARES))
    return _succeeds(lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB))


def _take_share(descriptor: int) -> bool:
    if sys.platform == "win32":
        places = range(_BEYOND, _BEYOND + _SHARES)
        return any(_succeeds(partial(_lock_bytes, descriptor, place, 1)) for place in places)
    return _succeeds(lambda: fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB))


if sys.platform == "win32":

    def _lock_bytes(descriptor: int, place: int, count: int) -> None:
        os.lseek(descriptor, place, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, count)


def _succeeds(lock: Callable[[], None]) -> bool:
    try:
        lock()
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # A file system that knows no locks: it is better to go on than never to.
    return True
