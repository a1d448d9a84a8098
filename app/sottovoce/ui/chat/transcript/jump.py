"""A small round button over the transcript that leads to its end."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.tokens import Tokens

_SIZE = 34
_ICON = 18


class JumpButton(QAbstractButton):
    """Shown only while the newest words are out of sight."""

    def __init__(self, tokens: Tokens, parent: QWidget) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self.setObjectName("jump")
        self.setAccessibleName("Jump to the newest")
        self.setToolTip("Jump to the newest")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.resize(_SIZE, _SIZE)
        self.hide()

    def set_tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SIZE, _SIZE)

    def place(self, middle: int, bottom: int) -> None:
        """Stand a little above `bottom`, around the `middle`."""
        self.move(middle - _SIZE // 2, bottom - _SIZE - 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._tokens
        icon = icon_pixmap("arrow-down", tokens.text, _ICON, self.devicePixelRatioF())
        has_focus, is_under_mouse = self.hasFocus(), self.underMouse()
        painter = QPainter(self)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(
                QPen(QColor(tokens.accent if has_focus else tokens.line), 2 if has_focus else 1)
            )
            painter.setBrush(QColor(tokens.hover if is_under_mouse else tokens.surface))
            painter.drawEllipse(QRectF(1, 1, _SIZE - 2, _SIZE - 2))
            painter.drawPixmap(QPointF((_SIZE - _ICON) / 2, (_SIZE - _ICON) / 2), icon)
        finally:
            painter.end()
