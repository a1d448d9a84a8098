"""What rows of lists are drawn with."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle

from sottovoce.domain.hidden import revealed
from sottovoce.ui.theme.tokens import Tokens


def draw_plate(painter: QPainter, area: QRect, state: QStyle.StateFlag, tokens: Tokens) -> None:
    """What lies behind a row that is chosen, under the pointer, or has the focus."""
    is_chosen = state & QStyle.StateFlag.State_Selected
    is_under_pointer = state & QStyle.StateFlag.State_MouseOver
    has_focus = state & QStyle.StateFlag.State_HasFocus
    if not (is_chosen or is_under_pointer or has_focus):
        return
    painter.setPen(QPen(QColor(tokens.accent)) if has_focus else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.chosen if is_chosen else tokens.hover))
    painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 8, 8)


def draw_line(
    painter: QPainter,
    area: QRect,
    text: str,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    """One line of `text`, with … in place of its end, or where `cut` says, if it is too long."""
    metrics = QFontMetrics(painter.font())
    shown = metrics.elidedText(revealed(text).replace("\n", " "), cut, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)
