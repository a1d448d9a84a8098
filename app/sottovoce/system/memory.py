"""How much memory there is, and how much is used."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil


def available() -> int:
    """Return the bytes a new process may use before the machine swaps or the process is killed."""
    free = psutil.virtual_memory().available
    if not sys.platform.startswith("linux"):
        return free
    return min([free, *group_room(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))])


def resident(pid: int) -> int:
    """Return the bytes of memory a process and its children hold; 0 if it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(_resident_alone(member) for member in family)


def group_room(membership: Path, groups: Path) -> Iterator[int]:
    """Yield the bytes left in each of a process's control groups that has a limit (Linux)."""
    try:
        lines = membership.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, names = groups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = groups / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            if (room := _room(folder, *names)) is not None:
                yield room
            if folder == root:
                break


def _resident_alone(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def _room(folder: Path, limit: str, usage: str, reclaimable: str) -> int | None:
    try:
        most = int((folder / limit).read_text("ascii"))
        used = int((folder / usage).read_text("ascii"))
        counts = dict(
            line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines()
        )
    except (OSError, ValueError):  # No such group, or its limit is the word "max".
        return None
    # Files that were read count as used, but give way at once.
    return max(0, most - used + int(counts.get(reclaimable, 0)))
