"""A box to tick that can be seen in every look."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import follow

_BOX, _TICK, _GAP = 18, 14, 9
_FEWEST = 60
"""Pixels of the words, of which the end is left out where there is no room."""


class Check(QCheckBox):
    """Draws itself: Qt's own box is all but invisible on a dark ground."""

    def __init__(self, text: str, look: Look) -> None:
        super().__init__(text)
        self._look = look
        follow(self, look, self.update)

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
        return QSize(_BOX + _GAP + words.width() + 4, max(_BOX + 6, words.height() + 4))

    def minimumSizeHint(self) -> QSize:
        return QSize(_BOX + _GAP + _FEWEST, self.sizeHint().height())

    def hitButton(self, _: object) -> bool:
        """Everywhere: the words are as good as the box."""
        return True

    def paintEvent(self, _: QPaintEvent) -> None:
        tokens = self._look.tokens
        tick = icon_pixmap("check", tokens.on_accent, _TICK, self.devicePixelRatioF())
        top = (self.height() - _BOX) / 2
        box = QRectF(1, top, _BOX, _BOX).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = tokens.accent if self.hasFocus() or self.isChecked() else tokens.muted
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(tokens.accent if self.isChecked() else tokens.surface))
        painter.drawRoundedRect(box, 5, 5)
        if self.isChecked():
            inset = (_BOX - _TICK) / 2
            painter.drawPixmap(round(1 + inset), round(top + inset), tick)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.muted))
        words = self.rect().adjusted(_BOX + _GAP, 0, 0, 0)
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, words.width(), Qt.TextFlag.TextShowMnemonic
        )
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic, shown)
        painter.end()
