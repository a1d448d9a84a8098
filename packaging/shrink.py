"""Takes from the native files of Linux what the program never loads: a quarter of its size.

Symbols and notes for debuggers; the empty megabytes that are left where wheels' makers renamed the
libraries inside; and most of what ICU knows of the world, of which Qt asks how letters are ordered
and little else. `strip` does the first alone, and no system loads renamed libraries after it.
"""

import struct
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"
"""Of 64 bits, the least byte first: as on every processor we build for."""

# The layouts and the numbers are those of <elf.h>.
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_LOADED = 1
_IN_MEMORY = 2
_PAGES = {183: 65536}
"""The largest pages that systems of a processor have, by its number, where these are not 4096."""

_ICU = "libicudata.so.*"
_ICU_KEPT = ("/coll/", ".icu", ".nrm")
"""How letters are ordered, which there are, and of what they are composed. Not: names of countries
and currencies, times of the world, the encodings of the past. Qt has its own."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part that is used when the file is run."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    size_in_memory: int
    align: int


@dataclass(frozen=True, slots=True)
class Section:
    """A part as those know it who link and examine the file."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


def shrink(folder: Path) -> None:
    """Shrink all native files within the folder."""
    for file in native_files(folder):
        old = file.read_bytes()
        new = compact(without_names(old) if file.match(_ICU) else old)
        if len(new) < len(old):
            file.write_bytes(new)


def native_files(folder: Path) -> Iterator[Path]:
    """Every native file within a folder, once."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as content:
                if content.read(len(MAGIC)) == MAGIC:
                    yield file


def compact(old: bytes) -> bytes:
    """Return the file with what is loaded of it, and the list of its sections, and no more."""
    header, segments, sections = _parts(old)
    page = max(
        _PAGES.get(header[2], 4096), *(each.align for each in sections if each.flags & _IN_MEMORY)
    )
    new = bytearray()
    moves: list[tuple[range, int]] = []
    """By how much what lay there moved."""
    for each in segments:
        if each.type == _LOADED and each.size:
            # It can be mapped only where it lies as far into a page as its address does.
            new += bytes((each.address - len(new)) % page)
            within = range(each.offset, each.offset + each.size)
            moves.append((within, len(new) - each.offset))
            new += old[within.start : within.stop]

    def moved(offset: int) -> int:
        return offset + next((by for within, by in moves if offset in within), 0)

    for number, segment in enumerate(segments):
        placed = replace(segment, offset=moved(segment.offset))
        if segment.type == _LOADED:
            offset = placed.offset if segment.size else segment.address % page
            placed = replace(segment, offset=offset, align=page)
        _SEGMENT.pack_into(new, moved(header[5]) + number * _SEGMENT.size, *astuple(placed))

    names = header[13]
    kept = []
    for number, section in enumerate(sections):
        if number == names:
            kept.append(replace(section, offset=len(new)))
            new += old[section.offset : section.offset + section.size]
        elif section.flags & _IN_MEMORY:
            at = (
                moved(section.offset) if any(section.offset in within for within, _ in moves) else 0
            )
            kept.append(replace(section, offset=at))
        else:  # Others refer to sections by number, so that its place stays, with nothing in it.
            kept.append(Section(0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    new += bytes(-len(new) % 8)
    _HEADER.pack_into(new, 0, *header[:5], moved(header[5]), len(new), *header[7:])
    return bytes(new) + b"".join(_SECTION.pack(*astuple(section)) for section in kept)


def without_names(library: bytes) -> bytes:
    """Return ICU's library with the data that we keep. What follows that in the file is not moved.

    The format is a list of names and places behind a header, as ICU's `ucmndata.h` describes it.
    """
    start = library.index(b"CmnD") - 12
    table = start + int.from_bytes(library[start : start + 2], "little")
    (count,) = struct.unpack_from("<I", library, table)
    entries = [struct.unpack_from("<II", library, table + 4 + 8 * each) for each in range(count)]
    header, segments, sections = _parts(library)
    there = next(each for each in sections if start in range(each.offset, each.offset + each.size))
    ends = [place for _, place in entries[1:]] + [there.offset + there.size - table]
    items = []
    for (name_at, place), end in zip(entries, ends, strict=True):
        name = library[table + name_at : library.index(b"\0", table + name_at) + 1]
        if any(part in name.decode() for part in _ICU_KEPT):
            items.append((name, library[table + place : table + end]))

    names, data = bytearray(), bytearray()
    first = 4 + 8 * len(items)
    first_data = first + sum(len(name) for name, _ in items)
    first_data += -(table + first_data) % 16
    listed = bytearray(struct.pack("<I", len(items)))
    for name, item in items:
        listed += struct.pack("<II", first + len(names), first_data + len(data))
        names += name
        data += item + bytes(-len(item) % 16)
    kept = library[start:table] + listed + names
    kept += bytes(table + first_data - start - len(kept)) + data

    new = bytearray(library)
    new[start : start + len(kept)] = kept
    end = start + len(kept)
    for number, segment in enumerate(segments):
        if segment.type == _LOADED and start in range(
            segment.offset, segment.offset + segment.size
        ):
            size = end - segment.offset
            shorter = replace(segment, size=size, size_in_memory=size)
            _SEGMENT.pack_into(new, header[5] + number * _SEGMENT.size, *astuple(shorter))
    place = header[6] + sections.index(there) * _SECTION.size
    _SECTION.pack_into(new, place, *astuple(replace(there, size=end - there.offset)))
    return bytes(new)


def _parts(file: bytes) -> tuple[tuple[int, ...], list[Segment], list[Section]]:
    header = _HEADER.unpack_from(file)
    segments = [
        Segment(*_SEGMENT.unpack_from(file, header[5] + number * _SEGMENT.size))
        for number in range(header[10])
    ]
    sections = [
        Section(*_SECTION.unpack_from(file, header[6] + number * _SECTION.size))
        for number in range(header[12])
    ]
    return header, segments, sections
