"""What every laid-out block can do."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter


class Mark(NamedTuple):
    """A part of a block's text with a colour behind it."""

    start: int
    end: int
    colour: QColor


class Link(NamedTuple):
    """Words that lead somewhere."""

    address: str
    rects: list[QRectF]


class Sideways:
    """Scrolls what is wider than its frame, in pixels."""

    def __init__(self, frame: float, content: float) -> None:
        self.frame = frame
        self.most = max(0.0, content - frame)
        self.at = 0.0

    def move(self, pixels: float) -> bool:
        """Scroll by this much; false if it was at that end already."""
        before = self.at
        self.at = max(0.0, min(self.most, self.at + pixels))
        return self.at != before

    @property
    def thumb(self) -> tuple[float, float]:
        """Where the scroll bar's handle begins, and how long it is, along a frame of this width."""
        length = max(32.0, self.frame * self.frame / (self.frame + self.most))
        return (self.frame - length) * self.at / self.most, length

    def drag(self, pixels: float) -> bool:
        """Scroll as the handle does when it is dragged by this much."""
        return self.move(pixels * self.most / (self.frame - self.thumb[1]))


class Shape(Protocol):
    """A block laid out for one width. Positions are in its text, points from its upper left corner."""

    text: str
    height: int
    sideways: Sideways | None
    """None where nothing is ever wider than its frame."""

    def draw(self, painter: QPainter, marks: Sequence[Mark], clip: QRectF) -> None: ...

    def hit(self, point: QPointF) -> int:
        """The position in the text nearest to a point."""

    def rects(self, start: int, end: int) -> list[QRectF]:
        """What a part of the text covers, a rectangle for each line."""

    def links(self) -> list[Link]:
        """The links in it, in order."""


THUMB_HEIGHT = 5.0
"""Pixels, of the scroll bar inside a block."""


def thumb_rect(shape: Shape, left: float) -> QRectF:
    """The handle of a block's own scroll bar; empty where everything fits."""
    if shape.sideways is None or not shape.sideways.most:
        return QRectF()
    at, length = shape.sideways.thumb
    return QRectF(left + at, shape.height - THUMB_HEIGHT - 3, length, THUMB_HEIGHT)
