"""Locks a process in with the one document that it is there for."""

import sys
from pathlib import Path

from sottovoce.system.paths import resource
from sottovoce.system.sandbox import Confinement, Limits, confine

_MEMORY, _MEMORY_OF_A_BYTE, _MOST_MEMORY = 320_000_000, 6, 1_000_000_000
"""Bytes of address space: of any document, more for each byte of it, and the most."""
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")


def lock_in(path: Path, seconds: int) -> Confinement:
    """Keep this process to a file and to what it may have to import.

    `seconds` are those of processor time that it may use. Raises OSError.
    """
    # Libraries hold nothing private, and much of them is imported on first use: codecs, for one.
    libraries = [sys.prefix, sys.base_prefix, *sys.path, *_SYSTEM_LIBRARIES]
    there = [folder for folder in map(Path, libraries) if folder.exists()]
    memory = min(_MEMORY + _MEMORY_OF_A_BYTE * path.stat().st_size, _MOST_MEMORY)
    return confine([path, resource(""), *there], Limits(memory, seconds))
