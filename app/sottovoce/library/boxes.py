"""Where words stand on a page: rectangles to highlight, and those of scanned words, packed."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sottovoce.domain.document import Page, Span

_WORD = struct.Struct("<IHHHHH")
"""Where a word starts in the page's text, its length, and its box in `_FULL` parts of the page."""
_FULL = 0xFFFF


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in parts of the page's width and height: from 0 to 1.

    Counted from the upper left corner of the page as it is shown.
    """

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a page's text, and where it stands."""

    start: int
    """In characters of the page's text."""
    end: int
    box: Box


def packed(words: Iterable[Word]) -> bytes:
    """The words as bytes, 14 for each. Their boxes lose less than a pixel."""
    return b"".join(
        _WORD.pack(word.start, min(word.end - word.start, _FULL), *_parts(word.box))
        for word in words
    )


def unpacked(boxes: bytes) -> Iterator[Word]:
    """The words again. Bytes that are no whole word are left out."""
    whole = len(boxes) - len(boxes) % _WORD.size
    for start, length, *parts in _WORD.iter_unpack(boxes[:whole]):
        yield Word(start, start + length, Box(*(part / _FULL for part in parts)))


def scanned(page: Page, span: Span) -> tuple[Box, ...]:
    """Where a stretch of a scanned page stands, one box for each line."""
    return merged(
        word.box for word in unpacked(page.boxes) if word.start < span.end and span.start < word.end
    )


def merged(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """One box for each line instead of one for each word or letter, in the order they come."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _in_line(lines[-1], box):
            lines[-1] = _around(lines[-1], box)
        else:
            lines.append(box)
    return tuple(lines)


def _in_line(line: Box, box: Box) -> bool:
    """Whether the box goes on in the line: most of its height is there, and it is not far off."""
    shared = min(line.bottom, box.bottom) - max(line.top, box.top)
    height = min(line.bottom - line.top, box.bottom - box.top)
    return shared > height / 2 and line.left <= box.right and box.left - line.right < 0.05


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )


def _parts(box: Box) -> Iterator[int]:
    for side in (box.left, box.top, box.right, box.bottom):
        yield round(min(max(side, 0), 1) * _FULL)
