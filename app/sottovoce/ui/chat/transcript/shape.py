"""What every laid-out block can do."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

_THUMB = 5.0
"""Pixels, of the handle of the scroll bar inside a block."""


class Mark(NamedTuple):
    """A part of a block's text with a colour behind it."""

    start: int
    end: int
    colour: QColor


class Link(NamedTuple):
    """Words that lead somewhere."""

    address: str
    """Empty for the mark of a citation."""
    rects: list[QRectF]
    citation: int = 0
    """Its number."""


class Sideways:
    """Scrolls what is wider than its frame, in pixels."""

    def __init__(self, frame: float, content: float) -> None:
        self.frame = frame
        self.most = max(0.0, content - frame)
        self.at = 0.0

    def move(self, pixels: float) -> None:
        """Scroll by this much, or to that end."""
        self.at = max(0.0, min(self.most, self.at + pixels))

    @property
    def _thumb_length(self) -> float:
        return max(32.0, self.frame * self.frame / (self.frame + self.most))

    def thumb(self, left: float, bottom: float) -> QRectF:
        """The handle of a scroll bar along the frame; empty where everything fits."""
        if not self.most:
            return QRectF()
        at = (self.frame - self._thumb_length) * self.at / self.most
        return QRectF(left + at, bottom - _THUMB - 3, self._thumb_length, _THUMB)

    def drag(self, pixels: float) -> None:
        """Scroll as the handle does when it is dragged by this much."""
        self.move(pixels * self.most / (self.frame - self._thumb_length))


class Shape(Protocol):
    """A block laid out for one width. Positions are in its text, points from its upper corner."""

    text: str
    height: int
    sideways: Sideways | None
    """None where nothing is ever wider than its frame."""

    @property
    def thumb(self) -> QRectF:
        """The handle of its own scroll bar; empty where everything fits."""

    def draw(self, painter: QPainter, marks: Sequence[Mark], clip: QRectF) -> None: ...

    def hit(self, point: QPointF) -> int:
        """The position in the text nearest to a point."""

    def rects(self, start: int, end: int) -> list[QRectF]:
        """What a part of the text covers, a rectangle for each line."""

    def links(self) -> list[Link]:
        """The links in it, in order."""


def draw_thumb(painter: QPainter, thumb: QRectF, colour: QColor) -> None:
    """Draw the handle of a block's own scroll bar, if it has one."""
    if not thumb.isEmpty():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(thumb, _THUMB / 2, _THUMB / 2)
