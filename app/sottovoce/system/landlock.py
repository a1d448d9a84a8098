"""Landlock, by which a Linux process gives up files for good: its own, and its children's.

Numbers and layouts: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls: the same on every processor."""
_VERSION = 1
_PATH_BENEATH = 1

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""All that can be done to files, by the version of the interface that first knew it."""
_TCP_SINCE, _TCP_RIGHTS = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11
"""To bind and connect TCP sockets; to speak to abstract Unix sockets and to signal others."""


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


def keep_only(readable: Sequence[Path]) -> None:
    """Open from now on only these files, and what lies in these folders, and only to read them.

    Needs no_new_privs. What is open already stays open. Raises OSError.
    """
    there = version()
    rights = sum(added for since, added in _FILE_RIGHTS.items() if since <= there)
    ruleset = _Ruleset(
        rights,
        _TCP_RIGHTS if there >= _TCP_SINCE else 0,
        _SCOPES if there >= _SCOPES_SINCE else 0,
    )
    known = 24 if there >= _SCOPES_SINCE else 16 if there >= _TCP_SINCE else 8
    rules = _call(_CREATE_RULESET, ctypes.byref(ruleset), known, 0)
    try:
        for path in readable:
            _allow(rules, path)
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        rule = _PathRule(allowed, place)
        _call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
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
