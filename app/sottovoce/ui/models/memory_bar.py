"""A bar that shows how much of a memory a model would take, and what for."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sottovoce.domain.text import size_in_words
from sottovoce.ui.models.fit_view_model import Memory
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import Tokens

_HEIGHT, _RADIUS = 10, 5


def colours(tokens: Tokens) -> tuple[QColor, QColor, QColor]:
    """Those of weights, KV cache and compute buffers: one colour, ever lighter."""
    made = tuple(QColor(tokens.accent) for _ in range(3))
    for colour, strength in zip(made, (1.0, 0.6, 0.32), strict=True):
        colour.setAlphaF(strength)
    return made[0], made[1], made[2]


class MemoryBar(QWidget):
    """The whole width is what is free, or what is needed where that is more."""

    def __init__(self, memory: Memory, look: Look) -> None:
        super().__init__()
        self._look = look
        self._memory = memory
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_memory(memory)

    def show_memory(self, memory: Memory) -> None:
        self._memory = memory
        says = (
            f"Weights {size_in_words(memory.weights)}, KV cache {size_in_words(memory.cache)}, "
            f"compute buffers {size_in_words(memory.rest)}"
        )
        self.setToolTip(says)
        self.setAccessibleName(f"{memory.name}: {says}, of {size_in_words(memory.free)} free")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        memory, tokens = self._memory, self._look.tokens
        whole = QRectF(0, (self.height() - _HEIGHT) / 2, self.width(), _HEIGHT)
        scale = self.width() / max(memory.free, memory.needed, 1)
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            round_ends = QPainterPath()
            round_ends.addRoundedRect(whole, _RADIUS, _RADIUS)
            painter.setClipPath(round_ends)
            painter.fillRect(whole, QColor(tokens.line))
            x = 0.0
            amounts = (memory.weights, memory.cache, memory.rest)
            for amount, colour in zip(amounts, colours(tokens), strict=True):
                painter.fillRect(QRectF(x, whole.y(), amount * scale, _HEIGHT), colour)
                x += amount * scale
            if memory.needed > memory.free:
                beyond = whole.adjusted(memory.free * scale, 0, 0, 0)
                painter.fillRect(beyond, QColor(tokens.danger))
        finally:
            painter.end()


class Swatch(QWidget):
    """The colour of one part of the bar, beside its name."""

    def __init__(self, part: int, look: Look) -> None:
        super().__init__()
        self._part = part
        self._look = look
        self.setFixedSize(10, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours(self._look.tokens)[self._part])
        painter.drawRoundedRect(self.rect(), 3, 3)
        painter.end()
