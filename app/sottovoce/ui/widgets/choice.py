"""One of several, in the look of other menus."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox

from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.scheme import Look


class Choice(QComboBox):
    """A field with a list, and the arrow that buttons with a menu have."""

    def __init__(self, look: Look, says: str) -> None:
        """`says` is what a screen reader reads."""
        super().__init__()
        self._look = look
        self.setAccessibleName(says)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only while it has the focus, so that nothing changes in passing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        arrow = icon_pixmap("chevron-down", self._look.tokens.muted, 14, self.devicePixelRatioF())
        painter = QPainter(self)
        painter.drawPixmap(self.width() - 24, (self.height() - 14) // 2, arrow)
        painter.end()
