"""Draws the rows of the shelf: a name, what it is, and whether it answers or cannot."""

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sottovoce.models.shelf import Item
from sottovoce.ui.models.rows import Index, ItemRows, about
from sottovoce.ui.theme.fonts import body_font
from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.plates import draw_line, draw_plate

_ROW, _INSET, _SIGN = 58, 12, 16


class RowDelegate(QStyledItemDelegate):
    """Two lines each, and a sign where there is something to say."""

    def __init__(self, rows: ItemRows, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._look = look
        self._font = body_font(14, QFont.Weight.Medium)
        self._small_font = body_font(12)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item, tokens = self._rows.item(index), self._look.tokens
        area: QRect = option.rect
        words = area.adjusted(_INSET, 0, -_INSET, 0)
        sign = self._sign(item)
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_plate(painter, area, option.state, tokens)
            if sign:
                name, colour = sign
                ratio = painter.device().devicePixelRatio()
                place = QPoint(words.right() - _SIGN, area.top() + 11)
                painter.drawPixmap(place, icon_pixmap(name, colour, _SIGN, ratio))
            painter.setFont(self._font)
            painter.setPen(QColor(tokens.text if item.model else tokens.muted))
            right = -_SIGN - 8 if sign else 0
            draw_line(painter, words.adjusted(0, 9, right, -28), item.name)
            painter.setFont(self._small_font)
            painter.setPen(QColor(tokens.warning if item.trouble else tokens.muted))
            draw_line(painter, words.adjusted(0, 29, 0, -9), about(item))
        finally:
            painter.restore()

    def _sign(self, item: Item) -> tuple[str, str] | None:
        """An icon and its colour."""
        tokens = self._look.tokens
        if item.trouble:
            return "triangle-alert", tokens.warning
        return ("check", tokens.accent) if self._rows.is_in_use(item) else None
