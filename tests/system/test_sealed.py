import io
import random
from itertools import count

import pytest

from sottovoce.domain.problems import Damaged
from sottovoce.system.sealed import SealedReader, SealedWriter

KEY = bytes(range(48))
PIECE = 2**20


def sealed(content: bytes, head: bytes = b"a head", key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, head, key)
    for start in range(0, len(content), 300_000):
        writer.write(content[start : start + 300_000])
    writer.finish()
    return file.getvalue()


def opened(file: bytes, key: bytes = KEY) -> bytes:
    pieces = SealedReader(io.BytesIO(file)).pieces(key)
    content = b""
    for _ in count():
        part = pieces.read(700_000)
        if not part:
            return content
        content += part
    raise AssertionError


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
def test_what_was_sealed_is_read(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert opened(sealed(content)) == content


@pytest.mark.parametrize("head", [b"", b"a head", bytes(100_000)])
def test_anybody_may_read_the_head(head: bytes) -> None:
    assert SealedReader(io.BytesIO(sealed(b"content", head))).head == head


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Damaged):
        opened(sealed(b"content"), bytes(48))


def test_the_same_content_never_looks_the_same() -> None:
    assert sealed(b"content") != sealed(b"content")
    assert b"content" not in sealed(b"content")


def test_any_byte_that_is_changed_is_noticed() -> None:
    dice = random.Random(5)
    whole = sealed(dice.randbytes(2 * PIECE + 100))
    near_the_start = range(150)
    for place in (*near_the_start, *(dice.randrange(len(whole)) for _ in range(50))):
        changed = bytearray(whole)
        changed[place] ^= 1 << dice.randrange(8)
        with pytest.raises(Damaged):
            opened(bytes(changed))


def test_a_file_that_was_cut_or_lengthened_is_noticed() -> None:
    whole = sealed(random.Random(6).randbytes(2 * PIECE))
    start = len(whole) - 2 * (PIECE + 16)
    lengths = [*range(0, start + 20, 7), start, start + PIECE + 16, len(whole) - 1]
    for cut in lengths:
        with pytest.raises(Damaged):
            opened(whole[:cut])
    with pytest.raises(Damaged):
        opened(whole + b"\0")
    with pytest.raises(Damaged):
        opened(whole + whole[-PIECE - 16 :])


def test_pieces_that_change_places_or_come_from_another_file_are_noticed() -> None:
    one, other = (sealed(random.Random(7).randbytes(3 * PIECE)) for _ in range(2))
    size = PIECE + 16
    start = len(one) - 3 * size
    swapped = one[:start] + one[start + size :][:size] + one[start:][:size] + one[-size:]
    mixed = one[: start + size] + other[start + size :]
    another_head = other[:start] + one[start:]
    for file in (swapped, mixed, another_head):
        with pytest.raises(Damaged):
            opened(file)
