"""Makes model files as no honest program would write them: a good one with its header changed."""

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_EXTREMES = (
    b"\xff" * 4,
    b"\xff" * 8,
    b"\x00" * 8,
    struct.pack("<Q", 2**31),
    struct.pack("<Q", 2**63 - 1),
    struct.pack("<I", 2**31 - 1),
    struct.pack("<f", float("nan")),
)


@dataclass(frozen=True, slots=True)
class Change:
    """Some bytes of the header made others, or the file cut there."""

    place: int
    data: bytes
    """None of them cuts the file."""


def changes(file: Path, count: int, seed: int) -> list[tuple[Change, ...]]:
    """What to do to a good file, `count` times: one to three changes, one in ten a cut."""
    with file.open("rb") as stream:
        data = stream.read(10_000_000)  # No header of the models for tests is longer.
    marks, end = _marks(data)
    dice = random.Random(seed)
    return [
        tuple(_change(data, marks, end, dice) for _ in range(dice.choice((1, 1, 1, 2, 3))))
        for _ in range(count)
    ]


@contextmanager
def changed(file: Path, some: tuple[Change, ...]) -> Iterator[None]:
    """The file with these changes, as long as it is needed."""
    size = file.stat().st_size
    undo: list[tuple[int, bytes]] = []
    with file.open("r+b") as stream:
        for change in some:
            stream.seek(change.place)
            undo.append((change.place, stream.read(len(change.data)) or stream.read()))
            if change.data:
                stream.seek(change.place)
                stream.write(change.data)
            else:
                stream.truncate(change.place)
    try:
        yield
    finally:
        with file.open("r+b") as stream:
            for place, before in reversed(undo):
                stream.seek(place)
                stream.write(before)
            stream.truncate(size)


def _change(data: bytes, marks: list[int], end: int, dice: random.Random) -> Change:
    if dice.random() < 0.1:
        return Change(dice.randrange(end), b"")
    near_mark = dice.random() < 0.8
    place = dice.choice(marks) + dice.randrange(10) if near_mark else dice.randrange(4, end)
    kind = dice.random()
    if kind < 0.4:
        return Change(place, bytes([data[place] ^ (1 << dice.randrange(8))]))
    if kind < 0.7:
        return Change(place, dice.randbytes(dice.choice((1, 2, 4, 8))))
    return Change(place, dice.choice(_EXTREMES))


def _marks(data: bytes) -> tuple[list[int], int]:
    """Where counts, keys, kinds, values and tensors stand, and where the header ends."""
    tensors, keys = struct.unpack_from("<QQ", data, 8)
    marks, at = [*range(4, 24)], 24

    def number(code: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + code, data, at)
        marks.append(at)
        at += struct.calcsize("<" + code)
        return int(value)

    for _ in range(keys):
        length = number("Q")
        at += length
        kind, count = number("I"), 1
        marks.append(at)
        if kind == 9:
            kind, count = number("I"), number("Q")
        if kind != 8:
            at += count * _SIZES[kind]
            continue
        for _ in range(count):
            (length,) = struct.unpack_from("<Q", data, at)
            at += 8 + length
    for _ in range(tensors):
        length = number("Q")
        at += length
        for _ in range(number("I")):
            number("Q")
        number("I")
        number("Q")
    return marks, at
