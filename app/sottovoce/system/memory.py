"""How much memory there is, and how much is used."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from sottovoce.system import groups

# What each version of control groups calls the limit, the use, and what gives way at once.
_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available() -> int:
    """Return the bytes a new process may use before the machine swaps or the process is killed."""
    free = psutil.virtual_memory().available
    if not sys.platform.startswith("linux"):
        return free
    return min([free, *group_room(groups.OWN, groups.ALL)])


def resident(pid: int) -> int:
    """Return the bytes of memory a process and its children hold; 0 if it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(_resident_alone(member) for member in family)


def group_room(membership: Path, root: Path) -> Iterator[int]:
    """Yield the bytes left in each of a process's control groups that has a limit (Linux)."""
    for folder in groups.folders("memory", membership, root):
        for names in _FILES:
            if (room := _room(folder, *names)) is not None:
                yield room


def group_limits(membership: Path, root: Path) -> Iterator[int]:
    """Yield the most bytes that each of a process's control groups allows, where it has a limit."""
    for folder in groups.folders("memory", membership, root):
        for limit, _, _ in _FILES:
            if (most := _number(folder / limit)) is not None:
                yield most


def _resident_alone(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def _room(folder: Path, limit: str, usage: str, reclaimable: str) -> int | None:
    most, used = _number(folder / limit), _number(folder / usage)
    if most is None or used is None:
        return None
    try:
        lines = (folder / "memory.stat").read_text("ascii").splitlines()
        counts = dict(line.split() for line in lines)
        # Files that were read count as used, but give way at once.
        return max(0, most - used + int(counts.get(reclaimable, 0)))
    except (OSError, ValueError):
        return None


def _number(file: Path) -> int | None:
    """None if there is no such group, or its limit is the word "max"."""
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
