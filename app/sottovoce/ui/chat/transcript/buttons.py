"""How controls are drawn."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from sottovoce.domain.document import Citation
from sottovoce.ui.chat.transcript.controls import Action, Control
from sottovoce.ui.chat.transcript.strip import draw_chip
from sottovoce.ui.chat.transcript.style import Style
from sottovoce.ui.chat.transcript.words import draw_citation
from sottovoce.ui.theme.icons import icon_pixmap

_ICON = 16


def draw_control(
    painter: QPainter, control: Control, style: Style, *, is_pointed: bool, is_copied: bool
) -> None:
    """Draw a control, under the pointer or not; one that has just copied says so."""
    painter.setFont(style.small)
    centred = Qt.AlignmentFlag.AlignCenter
    match control.action:
        case Action.LINK:
            if is_pointed:
                _underline(painter, control, style)
        case Action.CITATION | Action.SOURCE:
            if is_pointed:  # Else the page draws them.
                _draw_source(painter, control, style)
        case Action.CONTINUE:
            painter.setFont(style.label)
            painter.setPen(style.accent)
            painter.drawText(control.rect, centred, "Continue")
        case Action.COPY_CODE:
            painter.setPen(style.text if is_pointed else style.muted)
            painter.drawText(control.rect, centred, "Copied" if is_copied else "Copy")
        case _:
            _draw_icon(painter, control, style, is_pointed=is_pointed, is_copied=is_copied)


def draw_focus(painter: QPainter, control: Control, style: Style) -> None:
    """Draw the frame around the control that keys go to."""
    painter.setPen(QPen(style.accent, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for rect in control.rects:
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)


def _draw_icon(
    painter: QPainter, control: Control, style: Style, *, is_pointed: bool, is_copied: bool
) -> None:
    tokens = style.tokens
    name, colour = control.icon, tokens.text if is_pointed else tokens.muted
    if is_copied:
        name, colour = "check", tokens.good
    if not control.is_enabled:
        colour = tokens.line
    elif is_pointed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.hover)
        painter.drawRoundedRect(control.rect, 7, 7)
    corner = control.rect.center() - QPointF(_ICON / 2, _ICON / 2)
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(corner, icon_pixmap(name, colour, _ICON, ratio))


def _draw_source(painter: QPainter, control: Control, style: Style) -> None:
    """Draw what leads to a document, under the pointer."""
    if control.chip is not None:
        draw_chip(painter, control.chip, control.rect, style, is_pointed=True)
    elif isinstance(control.source, Citation):
        draw_citation(painter, control.source.number, control.rect, style, is_pointed=True)


def _underline(painter: QPainter, control: Control, style: Style) -> None:
    painter.setPen(QPen(style.accent, 1))
    for rect in control.rects:
        y = rect.bottom() - 4.5
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
