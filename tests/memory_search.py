"""What another process has in its memory, read as the system lets its owner, or root, read it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

_CHUNK, _OVERLAP = 1 << 24, 1 << 12


def found_in_memory(pid: int, wanted: Iterable[bytes]) -> set[bytes]:
    """Those that stand anywhere in what a process can read of its memory. Linux only.

    Raises PermissionError unless we are root, or the process was started with SOTTOVOCE_DEBUGGER.
    """
    missing = set(wanted)
    found = set[bytes]()
    for chunk in _memory(pid):
        here = {each for each in missing if each in chunk}
        found |= here
        missing -= here
    return found


def in_all_encodings(texts: Iterable[str]) -> list[bytes]:
    """How Python, Qt and SQLite keep texts: UTF-8, UTF-16 and UTF-32 as this machine has them."""
    return [text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-32-le")]


def _memory(pid: int) -> Iterator[bytes]:
    maps = Path(f"/proc/{pid}/maps").read_text()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps.splitlines():
            place, rights, *rest = line.split()
            if "r" not in rights or rest[-1] in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                continue
            at, end = (int(number, 16) for number in place.split("-"))
            while at < end:
                try:
                    memory.seek(at)
                    yield memory.read(min(_CHUNK, end - at))
                except (OSError, ValueError):
                    break  # A file mapped beyond its end, or a device.
                at += _CHUNK - _OVERLAP
