"""A line across the page, laid out."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from sottovoce.ui.chat.transcript.shape import Link, Mark, Sideways
from sottovoce.ui.chat.transcript.style import Style


class RuleLine:
    """A hairline. It has no text."""

    text = ""
    height = 17
    sideways: Sideways | None = None
    thumb = QRectF()

    def __init__(self, width: float, style: Style) -> None:
        self._width = width
        self._style = style

    def draw(self, painter: QPainter, marks: Sequence[Mark], clip: QRectF) -> None:
        painter.fillRect(QRectF(0, 8, self._width, 1), self._style.line)

    def hit(self, point: QPointF) -> int:
        return 0

    def rects(self, start: int, end: int) -> list[QRectF]:
        return []

    def links(self) -> list[Link]:
        return []
