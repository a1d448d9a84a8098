"""A process locks itself in, before it looks at what a stranger made.

On Linux: Landlock for files, seccomp for the network and other programs, limits for memory and
time. On macOS a sandbox profile, on Windows a low integrity level and a job object, both untried.
Nothing of it needs privileges, and nothing can be undone. `Confinement` says how far it went.

It holds for threads that are started afterwards: who locks itself in does it before it starts any,
and before what it imports does.
"""

import ctypes
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.problems import Refused
from sottovoce.system import integrity, job_object, landlock, seatbelt, seccomp
from sottovoce.system.landlock import Access

if sys.platform != "win32":
    import resource

_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of <linux/prctl.h>."""
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
_LOADERS = "lib*/ld-*.so.*"
"""What the system starts a program by, below the root of its files."""
_DEVICES = ("nvidia*", "dri", "kfd")
"""By which programs compute on GPUs, in /dev."""


TO_READ, TO_CONNECT = "opening other files", "using the network"
"""What the library process, and the one that runs errands, are there for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a confined process may use up. None sets no limit."""

    memory: int | None = None
    """Bytes of its address space, with all that it has now."""
    seconds: int | None = None
    """Of processor time, from now on."""
    file: int = 0
    """Bytes that a file may have when it is written: its log, if it has one."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the operating system keeps a process from, for as long as it lives."""

    files: bool
    """Opening files other than those named."""
    changes: bool
    """Changing, making and removing files."""
    network: bool
    """Using sockets of any kind."""
    programs: bool
    """Starting other programs or processes, and meddling with those there are."""
    memory: bool
    """Taking more memory than it is allowed; never true of what may take all there is."""

    @property
    def is_full(self) -> bool:
        """Whether nothing gets out of it."""
        return not self.possible

    @property
    def refused(self) -> list[str]:
        """What of all that would let something out it is kept from, in words."""
        return [words for words, is_held in self._ways_out() if is_held]

    @property
    def possible(self) -> list[str]:
        """What of that it is not kept from."""
        return [words for words, is_held in self._ways_out() if not is_held]

    def possible_but(self, purpose: str) -> list[str]:
        """What of that it is not kept from, and does not need for what it is there for."""
        return [words for words in self.possible if words != purpose]

    def _ways_out(self) -> Iterator[tuple[str, bool]]:
        yield TO_READ, self.files
        yield "changing files", self.changes
        yield TO_CONNECT, self.network
        yield "starting programs", self.programs


_FREE = Confinement(files=False, changes=False, network=False, programs=False, memory=False)


def confine(
    readable: Sequence[Path], limits: Limits, *, devices: Sequence[Path] = ()
) -> Confinement:
    """Lock this process in with the files it needs, and tell how far that went.

    `readable`: files, or folders with all in them. What the process has open it keeps, and what it
    still has to import must be among them. `devices` it may write to and steer.
    """
    is_limited = limits.memory is not None
    if sys.platform == "win32":
        changes = _holds(integrity.lower)
        held = _holds(job_object.limit_process, limits.memory, limits.seconds)
        return Confinement(
            files=False, changes=changes, network=False, programs=held, memory=held and is_limited
        )
    _limit(limits)
    if sys.platform == "darwin":
        held = _holds(seatbelt.keep_only, readable)
        return Confinement(files=held, changes=held, network=held, programs=held, memory=False)
    files, calls = _locked(Access(read=readable, drive=devices))
    return Confinement(files=files, changes=files, network=calls, programs=calls, memory=is_limited)


def keep_offline(folder: Path) -> Confinement:
    """Lock this process in with all files to read, this folder to write, and its own program.

    What it starts is locked in with it, and reaches no network either. Only Linux knows how.
    """
    if sys.platform != "linux":
        return _FREE
    loaders = Path("/").glob(_LOADERS)
    access = Access(
        read=[Path("/")],
        write=[folder],
        start=[Path(sys.executable), *loaders],
        drive=[Path("/dev/null"), *gpu_devices()],
    )
    kept = seccomp.TO_START_PROGRAMS | seccomp.TO_CHANGE_FILES | seccomp.TO_WATCH_FILES
    return _offline(*_locked(access, kept | seccomp.TO_HAND_OVER))


def keep_errand(readable: Sequence[Path], writable: Sequence[Path]) -> Confinement:
    """Lock this process in with some files, to connect to the network. Only Linux knows how."""
    if sys.platform != "linux":
        return _FREE
    access = Access(read=readable, write=writable)
    kept = seccomp.TO_CONNECT | seccomp.TO_CHANGE_FILES
    return _errand(*_locked(access, kept, connects=True))


def possible() -> Confinement:
    """How far confine() would go on this machine."""
    if sys.platform == "win32":
        return Confinement(files=False, changes=True, network=False, programs=True, memory=True)
    if sys.platform == "darwin":
        held = seatbelt.is_there()
        return Confinement(files=held, changes=held, network=held, programs=held, memory=False)
    files, calls = landlock.version() > 0, seccomp.is_there()
    return Confinement(files=files, changes=files, network=calls, programs=calls, memory=True)


def possible_offline() -> Confinement:
    """How far keep_offline() would go on this machine: not as far as to hide files, on purpose."""
    held = possible()
    return _offline(held.files, held.network) if sys.platform == "linux" else _FREE


def possible_errand() -> Confinement:
    """How far keep_errand() would go: not as far as to give up the network, on purpose."""
    held = possible()
    return _errand(held.files, held.programs) if sys.platform == "linux" else _FREE


def demand(confinement: Confinement) -> None:
    """Raise Refused if a process is locked in less than an administrator demands."""
    if not confinement.is_full:
        raise Refused(
            "This computer cannot lock in what opens models and documents, as its administrator "
            "demands. Ask them for a newer system."
        )


def libraries() -> list[Path]:
    """Where Python and the system keep what a process imports and loads, often on first use.

    Nothing private lies there. A frozen program's own file is among them: its modules are in it.
    """
    there = [sys.executable, sys.prefix, sys.base_prefix, *sys.path, *_SYSTEM_LIBRARIES]
    return [path for path in map(Path, dict.fromkeys(there)) if path.exists()]


def gpu_devices() -> list[Path]:
    """The files by which programs compute on GPUs, if there are any."""
    return [path for pattern in _DEVICES for path in Path("/dev").glob(pattern)]


def _offline(files: bool, calls: bool) -> Confinement:
    return Confinement(
        files=False, changes=files, network=calls, programs=files and calls, memory=False
    )


def _errand(files: bool, calls: bool) -> Confinement:
    return Confinement(files=files, changes=files, network=False, programs=calls, memory=False)


def _locked(
    access: Access, kept: frozenset[str] = frozenset(), *, connects: bool = False
) -> tuple[bool, bool]:
    """Whether Landlock holds, and whether seccomp does."""
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    # Landlock leaves free what runs already, and whoever takes over one thread has them all.
    is_alone = len(list(Path("/proc/self/task").iterdir())) == 1
    files = landlock.version() > 0 and _holds(landlock.keep_only, access, connects=connects)
    return files and is_alone, _holds(seccomp.give_up, kept)


def _holds(lock: Callable[..., None], *arguments: object, **named: object) -> bool:
    """Turn a lock. Whether it holds: kernels may be too old for it, or built without."""
    try:
        lock(*arguments, **named)
    except OSError:
        return False
    return True


def _limit(limits: Limits) -> None:
    """Limits that every Unix knows. macOS heeds that for memory no more."""
    if sys.platform != "win32":
        used = time.process_time()
        seconds = None if limits.seconds is None else math.ceil(used + limits.seconds)
        for kind, most in (
            (resource.RLIMIT_AS, limits.memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, limits.file),
        ):
            if most is not None:
                _, highest = resource.getrlimit(kind)
                lowest = most if highest == resource.RLIM_INFINITY else min(most, highest)
                resource.setrlimit(kind, (lowest, lowest))
