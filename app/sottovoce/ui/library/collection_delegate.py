"""Draws the collections: a name, what it holds, and a sign where something could not be read."""

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sottovoce.ui.library.collection_rows import CollectionRows, Index
from sottovoce.ui.library.words import contents
from sottovoce.ui.theme.fonts import body_font
from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.plates import draw_line, draw_plate

_ROW, _INSET, _SIGN = 58, 12, 16


class CollectionDelegate(QStyledItemDelegate):
    """Two lines each."""

    def __init__(self, rows: CollectionRows, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._look = look
        self._font = body_font(14, QFont.Weight.Medium)
        self._small_font = body_font(12)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        collection, tokens = self._rows.collection(index), self._look.tokens
        area: QRect = option.rect
        inner = area.adjusted(_INSET, 0, -_INSET, 0)
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_plate(painter, area, option.state, tokens)
            if collection.failed:
                ratio = painter.device().devicePixelRatio()
                sign = icon_pixmap("triangle-alert", tokens.warning, _SIGN, ratio)
                painter.drawPixmap(QPoint(inner.right() - _SIGN, area.top() + 11), sign)
            painter.setFont(self._font)
            painter.setPen(QColor(tokens.text))
            right = -_SIGN - 8 if collection.failed else 0
            draw_line(painter, inner.adjusted(0, 9, right, -28), collection.name)
            painter.setFont(self._small_font)
            painter.setPen(QColor(tokens.muted))
            draw_line(painter, inner.adjusted(0, 29, 0, -9), contents(collection))
        finally:
            painter.restore()
