"""File systems: where they are mounted, and whether they lie on another machine."""

import os
from pathlib import Path

import psutil

_REMOTE = ("9p", "afp", "cifs", "ceph", "davfs", "fuse.", "nfs", "smb", "vboxsf", "webdav")
"""How the names of file systems begin whose changes, made elsewhere, nobody tells this machine."""
_FAT = {"fat", "fat32", "msdos", "vfat"}


def mount_point(path: Path) -> Path:
    """Return where the file system that `path` is on is mounted."""
    for folder in (path, *path.parents):
        if os.path.ismount(folder):
            return folder
    return path


def is_mounted(point: Path) -> bool:
    """Whether a file system is mounted there now."""
    return os.path.ismount(point)


def is_remote(path: Path) -> bool:
    """Whether `path` lies where changes are not told, so that they must be looked for."""
    point = str(mount_point(path))
    for partition in psutil.disk_partitions(all=True):
        if partition.mountpoint == point:
            return partition.fstype.startswith(_REMOTE) or "remote" in partition.opts.split(",")
    return point.startswith("\\\\")  # A share of Windows that has no letter.


def largest_file(path: Path) -> int | None:
    """Return how many bytes a file at `path` can have at most, where its file system says so.

    FAT, which most sticks have, ends at 4 GiB.
    """
    point = str(mount_point(path.absolute()))
    kinds = (each.fstype for each in psutil.disk_partitions(all=True) if each.mountpoint == point)
    return 2**32 - 1 if any(kind.lower() in _FAT for kind in kinds) else None
