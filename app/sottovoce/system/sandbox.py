"""A process locks itself in, before it looks at what a stranger made.

On Linux: Landlock for files, seccomp for the network and other programs, limits for memory and
time. Nothing of it needs privileges, and nothing can be undone. Elsewhere less is possible, and
`Confinement` says so.
"""

import ctypes
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.system import job_object, landlock, seccomp

if sys.platform != "win32":
    import resource

_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of <linux/prctl.h>."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a confined process may use up."""

    memory: int
    """Bytes of its address space, with all that it has now."""
    seconds: int
    """Of processor time, from now on."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the operating system keeps a process from, for as long as it lives."""

    files: bool
    """Opening files other than those named, and changing any."""
    network: bool
    """Using sockets of any kind."""
    programs: bool
    """Starting other programs or processes, and meddling with those there are."""
    memory: bool
    """Taking more memory than it is allowed."""

    @property
    def is_full(self) -> bool:
        return self.files and self.network and self.programs and self.memory


def confine(readable: Sequence[Path], limits: Limits) -> Confinement:
    """Lock this process in with the files it needs, and tell how far that went.

    `readable`: files, or folders with all in them. They have to be there. What the process has open
    it keeps, and what it still has to import must be among them.
    """
    if sys.platform == "win32":
        held = _holds(job_object.limit_process, limits.memory, limits.seconds)
        return Confinement(files=False, network=False, programs=held, memory=held)
    _limit(limits)
    if sys.platform != "linux":
        return Confinement(files=False, network=False, programs=False, memory=False)
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    files = landlock.version() > 0 and _holds(landlock.keep_only, readable)
    calls = _holds(seccomp.give_up)
    return Confinement(files=files, network=calls, programs=calls, memory=True)


def possible() -> Confinement:
    """How far confine() would go on this machine."""
    if sys.platform == "win32":
        return Confinement(files=False, network=False, programs=True, memory=True)
    if sys.platform != "linux":
        return Confinement(files=False, network=False, programs=False, memory=False)
    calls = seccomp.is_there()
    return Confinement(files=landlock.version() > 0, network=calls, programs=calls, memory=True)


def _holds(lock: Callable[..., None], *arguments: object) -> bool:
    """Turn a lock. Whether it holds: kernels may be too old for it, or built without."""
    try:
        lock(*arguments)
    except OSError:
        return False
    return True


def _limit(limits: Limits) -> None:
    """Limits that every Unix knows. macOS heeds that for memory no more."""
    if sys.platform != "win32":
        used = time.process_time()
        for kind, most in (
            (resource.RLIMIT_AS, limits.memory),
            (resource.RLIMIT_CPU, math.ceil(used + limits.seconds)),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
        ):
            _, highest = resource.getrlimit(kind)
            lowest = most if highest == resource.RLIM_INFINITY else min(most, highest)
            resource.setrlimit(kind, (lowest, lowest))
