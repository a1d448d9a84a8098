"""Draws the rows of the sidebar, and lets a chat's title be edited where it stands."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sottovoce.domain.conversation import Hit
from sottovoce.ui.sidebar.rows import ROW, DocumentHit, Heading, Row, title
from sottovoce.ui.theme.fonts import body_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import Tokens
from sottovoce.ui.widgets.plates import draw_line, draw_plate

_HEADING, _CHAT, _HIT = 34, 38, 58
_INSET = 10


class RowDelegate(QStyledItemDelegate):
    """Headings, chats, and hits with the line in which the words were found."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._heading_font = body_font(12, QFont.Weight.DemiBold)
        self._font = body_font(14)
        self._chosen_font = body_font(14, QFont.Weight.Medium)
        self._small_font = body_font(12)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        match index.data(ROW):
            case Heading():
                return QSize(0, _HEADING)
            case DocumentHit():
                return QSize(0, _HIT)
            case Hit(message=message) if message is not None:
                return QSize(0, _HIT)
            case _:
                return QSize(0, _CHAT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(ROW)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        tokens = self._look.tokens
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if isinstance(row, Heading):
                painter.setFont(self._heading_font)
                painter.setPen(QColor(tokens.muted))
                painter.drawText(
                    area.adjusted(_INSET, 8, 0, 0), Qt.AlignmentFlag.AlignVCenter, row.text
                )
                return
            draw_plate(painter, area, state, tokens)
            inner = area.adjusted(_INSET, 0, -_INSET, 0)
            is_chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setFont(self._chosen_font if is_chosen else self._font)
            painter.setPen(QColor(tokens.text))
            if isinstance(row, DocumentHit) or (isinstance(row, Hit) and row.message is not None):
                first = inner.adjusted(0, 8, 0, -30)
                if isinstance(row, DocumentHit):
                    first = self._draw_page(painter, first, row)
                draw_line(painter, first, title(row))
                painter.setFont(self._small_font)
                _draw_excerpt(painter, inner.adjusted(0, 28, 0, -6), row, tokens)
            else:
                draw_line(painter, inner, title(row))
        finally:
            painter.restore()

    def _draw_page(self, painter: QPainter, area: QRect, hit: DocumentHit) -> QRect:
        """Draw at the right on which page it was found, and return the room that is left."""
        if not hit.page:
            return area
        painter.save()
        painter.setFont(self._small_font)
        painter.setPen(QColor(self._look.tokens.muted))
        # Letters end a little beyond their advance: without that, the last ones would be cut.
        width = min(painter.fontMetrics().horizontalAdvance(hit.page) + 2, area.width() // 2)
        draw_line(painter, area.adjusted(area.width() - width, 0, 0, 0), hit.page)
        painter.restore()
        return area.adjusted(0, 0, -width - _INSET, 0)

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("Title of the chat")
        editor.setMaxLength(200)
        return editor


def _draw_excerpt(painter: QPainter, area: QRect, hit: Hit | DocumentHit, tokens: Tokens) -> None:
    """The excerpt around the words that were found, these in stronger colour."""
    metrics = QFontMetrics(painter.font())
    before, found = hit.excerpt[: hit.start], hit.excerpt[hit.start : hit.start + hit.length]
    # What is found must be seen: what stands before it gives way first.
    room = area.width() * 2 // 5
    before = metrics.elidedText(before, Qt.TextElideMode.ElideLeft, room)
    x = area.left()
    for text, colour in (
        (before, tokens.muted),
        (found, tokens.accent),
        (hit.excerpt[hit.start + hit.length :], tokens.muted),
    ):
        rest = area.right() - x
        if rest <= 0:
            return
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rest)
        painter.setPen(QColor(colour))
        painter.drawText(
            QRect(x, area.top(), rest, area.height()), Qt.AlignmentFlag.AlignVCenter, shown
        )
        x += metrics.horizontalAdvance(shown)
