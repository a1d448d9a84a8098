"""Locks a process in with the one document that it is there for."""

from pathlib import Path

from sottovoce.system.paths import resource
from sottovoce.system.sandbox import Confinement, Limits, confine, libraries

_MEMORY, _MEMORY_OF_A_BYTE, _MOST_MEMORY = 320_000_000, 6, 1_000_000_000
"""Bytes of address space: of any document, more for each byte of it, and the most."""


def lock_in(path: Path | None, seconds: int) -> Confinement:
    """Keep this process to a file, or to none, and to what it may have to import.

    `seconds` are those of processor time that it may use. Raises OSError.
    """
    files = [] if path is None else [path]
    size = sum(file.stat().st_size for file in files)
    memory = min(_MEMORY + _MEMORY_OF_A_BYTE * size, _MOST_MEMORY)
    return confine([*files, resource(""), *libraries()], Limits(memory, seconds))
