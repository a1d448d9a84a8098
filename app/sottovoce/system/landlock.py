"""Landlock, by which a Linux process gives up files for good: its own, and its children's.

Numbers and layouts: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls: the same on every processor."""
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _IOCTL_DEV = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 15
_MAKE_DEVICES = 1 << 6 | 1 << 11
"""Devices of characters and of blocks."""
_FOR_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | _IOCTL_DEV
"""What can be done to what is no folder. 1 << 14 is to truncate."""
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""All that can be done to files, by the version of the interface that first knew it."""
_TCP_SINCE, _BIND_TCP, _CONNECT_TCP = 4, 0b01, 0b10
_SCOPES_SINCE, _SCOPES = 6, 0b11
"""To speak to abstract Unix sockets, and to signal others."""


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The version of Landlock's interface that this kernel has; 0 if it has none or it is off."""
    try:
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Access:
    """What a process keeps of all files. What does not exist gives no right to make it."""

    read: Sequence[Path] = ()
    """Files, and folders with all in them."""
    write: Sequence[Path] = ()
    """Folders in which all can be made, changed and removed, and files; to be read, too."""
    start: Sequence[Path] = ()
    """Programs."""
    drive: Sequence[Path] = ()
    """Devices."""


def keep_only(access: Access, *, connects: bool = False) -> None:
    """Use from now on only these files, and no network; `connects` lets it reach TCP servers.

    Needs no_new_privs. What is open already stays open; other threads stay free. Raises OSError.
    """
    there = version()
    rights = sum(added for since, added in _FILE_RIGHTS.items() if since <= there)
    network = _BIND_TCP if connects else _BIND_TCP | _CONNECT_TCP
    ruleset = _Ruleset(
        rights,
        network if there >= _TCP_SINCE else 0,
        _SCOPES if there >= _SCOPES_SINCE else 0,
    )
    known = 24 if there >= _SCOPES_SINCE else 16 if there >= _TCP_SINCE else 8
    rules = _call(_CREATE_RULESET, ctypes.byref(ruleset), known, 0)
    try:
        for paths, allowed in (
            (access.read, _READ_FILE | _READ_DIR),
            (access.write, rights & ~(_EXECUTE | _IOCTL_DEV | _MAKE_DEVICES)),
            (access.start, _EXECUTE | _READ_FILE),
            (access.drive, (_READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL_DEV) & rights),
        ):
            for path in paths:
                if path.exists():
                    _allow(rules, path, allowed)
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, allowed: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathRule(allowed if path.is_dir() else allowed & _FOR_FILES, place)
        _call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        # The kernel makes files that tell of it anew when nobody holds them, without the rule.
        if not path.is_relative_to("/proc"):
            os.close(place)


def _call(number: int, *arguments: object) -> int:
    """The result of a system call. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    whole = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    result: int = libc.syscall(ctypes.c_long(number), *whole)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
