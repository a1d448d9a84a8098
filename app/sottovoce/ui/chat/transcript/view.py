"""The transcript of a chat: everything said, one message under the other."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QToolTip, QWidget

from sottovoce.domain.conversation import Message, Role, State
from sottovoce.ui.chat.transcript.accessible import announce, describe
from sottovoce.ui.chat.transcript.controls import (
    Action,
    Control,
    body_controls,
    foot_controls,
    statistics,
    variant_count,
)
from sottovoce.ui.chat.transcript.growing import Growing
from sottovoce.ui.chat.transcript.heights import Heights
from sottovoce.ui.chat.transcript.jump import JumpButton
from sottovoce.ui.chat.transcript.markdown import Block, parse, typed
from sottovoce.ui.chat.transcript.page import FOOT, Page, estimated_height
from sottovoce.ui.chat.transcript.selection import (
    END,
    Part,
    Place,
    Selection,
    Unit,
    html,
    plain_text,
    word_at,
)
from sottovoce.ui.chat.transcript.shape import Mark, Shape, thumb_rect
from sottovoce.ui.chat.transcript.style import LINE, Style
from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.tokens import COLUMN_PIXELS, Tokens

MARGIN = 24
"""Pixels around the column."""
_KEPT_PAGES = 120
_NOTICE = 32
_NEAR_END = 4
"""A reader who is so many pixels from the end is at the end."""
_ICON = 16
_MOST_RENDERED = 300
"""More messages than these are copied as they were written: rendering them takes a millisecond each."""


class _Visible(NamedTuple):
    """A message on screen, and where its page begins there."""

    place: int
    page: Page
    top: int


class Transcript(QAbstractScrollArea):
    """Shows messages. Only those that are seen are laid out.

    A message is named by its `id` in signals, by its place in the transcript inside this room.
    """

    regenerate_asked = Signal(int)
    edit_asked = Signal(int)
    continue_asked = Signal(int)
    variant_asked = Signal(int)
    """The id of the version to show instead."""
    link_asked = Signal(str)
    """A link was clicked. It is never opened from here."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = Style(tokens)
        self._messages: list[Message] = []
        self._places: dict[int, int] = {}
        """From the id of a message to its place."""
        self._heights = Heights()
        self._pages: OrderedDict[int, Page] = OrderedDict()
        self._laid_width = 0
        self._notice = ""
        self._growing: Growing | None = None
        self._sticks = True
        """The newest words stay in sight while they come."""
        self._is_placing = False
        """The scroll bar is moved by us, not by the reader."""
        self._selection: Selection | None = None
        self._sought = ""
        self._hovered = -1
        self._pointed: Control | None = None
        self._focused: tuple[object, ...] | None = None
        self._copied: tuple[object, ...] | None = None
        self._pressed: Control | None = None
        self._dragged_bar: tuple[Shape, float] | None = None
        self._clicks = 0
        self._last_click = QPoint()

        self._forget_copied = QTimer(self, singleShot=True, interval=1600)
        self._forget_copied.timeout.connect(self._copied_is_old)
        self._auto_scroll = QTimer(self, interval=30)
        self._auto_scroll.timeout.connect(self._scroll_while_selecting)
        self._click_pause = QTimer(self, singleShot=True)
        self._click_pause.setInterval(QGuiApplication.styleHints().mouseDoubleClickInterval())
        self._click_pause.timeout.connect(self._clicks_are_over)

        self._jump = JumpButton(tokens, self.viewport())
        self._jump.clicked.connect(self.scroll_to_end)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A bar that came and went would change the width, and with it the height that calls for a bar.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Messages")
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        self.verticalScrollBar().setSingleStep(LINE)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        describe(Transcript)

    # What is shown.

    @property
    def messages(self) -> Sequence[Message]:
        """What is shown, in order."""
        return self._messages

    def message_rect(self, index: int) -> QRect:
        """Where a message is inside this widget; empty while it is out of sight."""
        top = self._top(index) - self._scrolled_by
        whole = QRect(self._left, top, self._column, self._heights[index])
        return whole & self.viewport().rect()

    def set_tokens(self, tokens: Tokens) -> None:
        """Change all colours."""
        self._style = Style(tokens)
        self._jump.set_tokens(tokens)
        self._lay_out_afresh()

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Show these instead, from their end."""
        self._messages = list(messages)
        self._places = {message.id: at for at, message in enumerate(self._messages)}
        self._growing = None
        self._selection = self._pressed = self._pointed = self._focused = None
        self._hovered = -1
        self._laid_width = self._column
        self._pages.clear()
        self._heights = Heights(
            estimated_height(message, self._laid_width, self._style) for message in self._messages
        )
        self._sticks = True
        self._place_scroll_bar()
        self.viewport().update()

    def append(self, message: Message) -> None:
        """Show one more at the end; the reader is taken there if they are near."""
        self._places[message.id] = len(self._messages)
        self._messages.append(message)
        self._heights.append(estimated_height(message, self._column, self._style))
        if message.role is Role.USER:
            self._sticks = True
        self._place_scroll_bar()
        self.viewport().update()

    def replace(self, message: Message) -> None:
        """Show a message of the same id in this state. One that isn't shown is ignored."""
        index = self._places.get(message.id)
        if index is None:
            return
        had_text = self._messages[index].text
        self._messages[index] = message
        page = self._pages.get(index)
        if page is not None:
            page.message = message
            if had_text != message.text:
                page.update(self._blocks(index), 0)
            self._heights[index] = page.height
        self._place_scroll_bar()
        self.viewport().update()

    def begin_reply(self, message: Message) -> None:
        """Show a reply that is being written: a new one at the end, or one that goes on."""
        if message.id in self._places:
            self.replace(message)
        else:
            self.append(message)
        self._growing = Growing(message.text)

    def grow(self, text: str) -> None:
        """Add to the reply under way, which is the last message. Costs what the open block costs."""
        if self._growing is None:
            return
        index = len(self._messages) - 1
        kept = self._growing.grow(text)
        page = self._page(index)
        page.update(self._growing.blocks, kept)
        self._heights[index] = page.height
        self._place_scroll_bar()
        self.viewport().update()

    def finish(self, message: Message) -> None:
        """Show the reply as it came to be, and tell whoever only listens."""
        growing, self._growing = self._growing, None
        if growing is not None and message.id in self._places:
            index = self._places[message.id]
            shown_already = growing.text == message.text
            self._messages[index] = replace(self._messages[index], text=growing.text)
            if not shown_already:
                self._messages[index] = replace(message, text="")
        self.replace(message)
        announce(self, message)

    def set_notice(self, text: str) -> None:
        """Say something quietly under the last message; nothing if empty."""
        if text == self._notice:
            return
        self._notice = text
        self._place_scroll_bar()
        self.viewport().update()

    # Where the reader is.

    @property
    def at_end(self) -> bool:
        """Whether the newest words are in sight."""
        return self._sticks

    def scroll_to_end(self) -> None:
        self._sticks = True
        self._place_scroll_bar()
        self.viewport().update()

    def scroll_to_message(self, message_id: int) -> None:
        """Show a message from its beginning. One that isn't there is ignored."""
        index = self._places.get(message_id)
        if index is not None:
            self._show(Place(index, 0, 0), MARGIN)

    def _show(self, place: Place, distance: int) -> None:
        """Scroll so that a place is this far below the upper edge."""
        self._sticks = False
        for _ in range(2):  # What is laid out on the way may move it once.
            page = self._page(place.message)
            y = self._top(place.message)
            if place.block or place.offset:
                shape = page.shape(place.block)
                self._heights[place.message] = page.height
                rects = shape.rects(place.offset, place.offset + 1)
                y += int(page.origin(place.block).y() + (rects[0].top() if rects else 0))
            self._set_top(y - distance)
            self._settle()
        self._sticks = self._is_near_end()

    def _is_near_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - _NEAR_END

    # Geometry.

    @property
    def _column(self) -> int:
        """How wide messages are."""
        return max(220, min(COLUMN_PIXELS, self.viewport().width() - 2 * MARGIN))

    @property
    def _left(self) -> int:
        return (self.viewport().width() - self._column) // 2

    @property
    def _scrolled_by(self) -> int:
        return self.verticalScrollBar().value()

    def _top(self, index: int) -> int:
        """Where a message begins, from the top of the first."""
        return MARGIN + self._heights.before(index)

    def _place_scroll_bar(self) -> None:
        height = MARGIN + self._heights.total + (_NOTICE if self._notice else 0)
        bar = self.verticalScrollBar()
        self._is_placing = True
        bar.setPageStep(self.viewport().height())
        bar.setRange(0, max(0, height - self.viewport().height()))
        if self._sticks:
            bar.setValue(bar.maximum())
        self._is_placing = False
        self._jump.show_if(not self._sticks)

    def _set_top(self, y: int) -> None:
        self._place_scroll_bar()
        self._is_placing = True
        self.verticalScrollBar().setValue(y)
        self._is_placing = False

    def _scrolled(self) -> None:
        if not self._is_placing:
            self._sticks = self._is_near_end()
            self._jump.show_if(not self._sticks)
        self.viewport().update()

    def _blocks(self, index: int) -> Sequence[Block]:
        message = self._messages[index]
        if self._growing is not None and index == len(self._messages) - 1:
            return self._growing.blocks
        return parse(message.text) if message.role is Role.ASSISTANT else typed(message.text)

    def _page(self, index: int) -> Page:
        """The message, laid out where it was seen."""
        page = self._pages.get(index)
        if page is None:
            page = Page(self._messages[index], self._blocks(index), self._column, self._style)
            self._pages[index] = page
            self._heights[index] = page.height
            if len(self._pages) > _KEPT_PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(index)
        return page

    def _settle(self) -> None:
        """Lay out all that is in sight. What the reader looks at stays where it is."""
        for _ in range(40):
            self._place_scroll_bar()
            if not self._settle_once():
                return

    def _settle_once(self) -> bool:
        """Lay out from top to bottom. Returns whether any height was other than thought."""
        if not self._messages:
            return False
        top = self._scrolled_by
        bottom = top + self.viewport().height()
        index = self._heights.at(top - MARGIN)
        has_changed = False
        while index < len(self._messages) and self._top(index) < bottom:
            y = self._top(index)
            thought = self._heights[index]
            page = self._page(index)
            moved = page.height - thought if y < top else 0
            moved += page.settle(top + moved - y, bottom + moved - y)
            self._heights[index] = page.height
            has_changed |= page.height != thought
            if moved and not self._sticks:
                top, bottom = top + moved, bottom + moved
                self._set_top(top)
            index += 1
        return has_changed

    def _visible(self) -> Iterator[_Visible]:
        if not self._messages:
            return
        top = self._scrolled_by
        index = self._heights.at(top - MARGIN)
        while index < len(self._messages) and self._top(index) < top + self.viewport().height():
            yield _Visible(index, self._page(index), self._top(index) - top)
            index += 1

    def _lay_out_afresh(self) -> None:
        """Width or fonts have changed: lay out again what is in sight, around what the reader looks at."""
        top = self._scrolled_by
        anchor, share = self._anchor(top)
        self._laid_width = self._column
        self._pages.clear()
        self._heights = Heights(
            estimated_height(message, self._laid_width, self._style) for message in self._messages
        )
        if not self._sticks and self._messages:
            page = self._page(anchor.message)
            shape = page.shape(anchor.block)
            self._heights[anchor.message] = page.height
            y = page.origin(anchor.block).y() + share * shape.height
            self._set_top(int(self._top(anchor.message) + y))
        self._place_scroll_bar()
        self.viewport().update()

    def _anchor(self, top: int) -> tuple[Place, float]:
        """The block at the upper edge, and which share of it is above."""
        if not self._messages:
            return Place(0, 0, 0), 0.0
        index = self._heights.at(top - MARGIN)
        page = self._page(index)
        block = page.at(top - self._top(index))
        shape = page.shape(block)
        above = top - self._top(index) - page.origin(block).y()
        return Place(index, block, 0), above / max(1, shape.height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._jump.place(self.viewport().width() // 2, self.viewport().height())
        if self._column != self._laid_width:
            self._lay_out_afresh()
        self._place_scroll_bar()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        # All that can fail comes before there is a painter: an exception would leave it open, and Qt would crash.
        self._settle()
        visible = list(self._visible())
        controls = self._shown_controls(visible)
        painter = QPainter(self.viewport())
        try:
            self._paint(painter, visible, controls)
        finally:
            painter.end()

    def _paint(self, painter: QPainter, visible: list[_Visible], controls: list[Control]) -> None:
        painter.fillRect(self.viewport().rect(), self._style.background)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, page, top in visible:
            painter.save()
            painter.translate(self._left, top)
            page.draw(
                painter,
                partial(self._marks, index),
                max(0, -top),
                self.viewport().height() - top,
            )
            painter.restore()
            self._paint_foot(painter, index, page, top)
        for control in controls:
            self._paint_control(painter, control)
        if self._notice:
            top = self._top(len(self._messages)) - self._scrolled_by - FOOT
            painter.setFont(self._style.small)
            painter.setPen(self._style.muted)
            painter.drawText(
                QRectF(self._left, top, self._column, _NOTICE),
                Qt.AlignmentFlag.AlignVCenter,
                self._notice,
            )

    def _marks(self, message: int, block: int, shape: Shape) -> list[Mark]:
        marks = []
        if self._sought:
            for found in re.finditer(re.escape(self._sought), shape.text, re.IGNORECASE):
                marks.append(Mark(*found.span(), self._style.match))
        if self._selection is not None:
            start, end = self._selection.part(message, block, len(shape.text))
            if start < end:
                marks.append(Mark(start, end, self._style.selection))
        return marks

    def _shows_foot(self, index: int) -> bool:
        is_last = index == len(self._messages) - 1
        return (
            is_last
            or index == self._hovered
            or (self._focused is not None and self._focused[1] == index)
        )

    def _paint_foot(self, painter: QPainter, index: int, page: Page, top: int) -> None:
        if page.message.state is State.WRITING or not self._shows_foot(index):
            return
        painter.setFont(self._style.small)
        painter.setPen(self._style.muted)
        count, rect = variant_count(page)
        painter.drawText(rect.translated(self._left, top), Qt.AlignmentFlag.AlignCenter, count)
        if index == len(self._messages) - 1 and not page.is_users:
            foot = QRectF(self._left, top + page.height - FOOT - 10, self._column, FOOT)
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(foot, side, statistics(page.message))

    def _paint_control(self, painter: QPainter, control: Control) -> None:
        is_pointed = self._pointed is not None and self._pointed.key == control.key
        is_copied = self._copied == control.key
        if control.action is Action.LINK:
            self._paint_link(painter, control, is_pointed=is_pointed)
        elif control.icon:
            if is_pointed:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._style.hover)
                painter.drawRoundedRect(control.rect, 7, 7)
            tokens = self._style.tokens
            name = "check" if is_copied else control.icon
            colour = tokens.good if is_copied else tokens.text if is_pointed else tokens.muted
            corner = control.rect.center() - QPointF(_ICON / 2, _ICON / 2)
            painter.drawPixmap(corner, icon_pixmap(name, colour, _ICON, self.devicePixelRatioF()))
        elif control.action is Action.CONTINUE:
            painter.setFont(self._style.label)
            painter.setPen(self._style.accent)
            painter.drawText(control.rect, Qt.AlignmentFlag.AlignCenter, "Continue")
        else:
            painter.setFont(self._style.small)
            painter.setPen(self._style.text if is_pointed else self._style.muted)
            painter.drawText(
                control.rect, Qt.AlignmentFlag.AlignCenter, "Copied" if is_copied else "Copy"
            )
        if self._focused == control.key and self.hasFocus():
            painter.setPen(QPen(self._style.accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(control.rect.adjusted(1, 1, -1, -1), 6, 6)

    def _paint_link(self, painter: QPainter, control: Control, *, is_pointed: bool) -> None:
        if not is_pointed:
            return
        painter.setPen(QPen(self._style.accent, 1))
        for rect in control.rects:
            y = rect.bottom() - 4.5
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))

    # What can be clicked.

    def _controls(self, visible: Sequence[_Visible]) -> list[Control]:
        """All that can be clicked in sight, from top to bottom."""
        height = self.viewport().height()
        found = []
        for index, page, top in visible:
            inside = [
                *body_controls(page, index, self._style, max(0, -top), height - top),
                *foot_controls(page, index),
            ]
            for control in inside:
                rects = [rect.translated(self._left, top) for rect in control.rects]
                if rects and rects[0].bottom() > 0 and rects[0].top() < height:
                    found.append(replace(control, rects=rects))
        return found

    def _shown_controls(self, visible: Sequence[_Visible]) -> list[Control]:
        return [
            control
            for control in self._controls(visible)
            if not control.is_in_foot or self._shows_foot(control.message)
        ]

    def _control_at(self, point: QPointF) -> Control | None:
        controls = self._controls(list(self._visible()))
        return next((control for control in controls if control.holds(point)), None)

    def _use(self, control: Control) -> None:
        """Do what a control is for."""
        message = self._messages[control.message]
        match control.action:
            case Action.COPY:
                self._copy_message(control.message)
                self._say_copied(control)
            case Action.COPY_CODE:
                code = self._page(control.message).blocks[control.block]
                QGuiApplication.clipboard().setText(code.text)
                self._say_copied(control)
            case Action.REGENERATE:
                self.regenerate_asked.emit(message.id)
            case Action.EDIT:
                self.edit_asked.emit(message.id)
            case Action.CONTINUE:
                self.continue_asked.emit(message.id)
            case Action.VARIANT:
                self.variant_asked.emit(control.sibling)
            case Action.LINK:
                self.link_asked.emit(control.address)

    def _copy_message(self, index: int) -> None:
        """A message as it was written, for what comes from a model with its Markdown."""
        data = QMimeData()
        data.setText(self._messages[index].text)
        data.setHtml(html([Part(block, 0, len(block.text)) for block in self._blocks(index)]))
        QGuiApplication.clipboard().setMimeData(data)

    def _say_copied(self, control: Control) -> None:
        self._copied = control.key
        self._forget_copied.start()
        self.viewport().update()

    def _copied_is_old(self) -> None:
        self._copied = None
        self.viewport().update()

    # Selection.

    def selected_text(self) -> str:
        """What is selected, as plain text; empty if nothing is."""
        return "\n\n".join(plain_text(parts) for _, parts in self._selected_parts())

    def select_all(self) -> None:
        if self._messages:
            last = Place(len(self._messages) - 1, END, END)
            first = Place(0, 0, 0)
            self._selection = Selection((first, first), (last, last))
            self.viewport().update()

    def copy(self) -> None:
        """Put what is selected on the clipboard, as plain text and as HTML."""
        parts = list(self._selected_parts())
        if not parts:
            return
        data = QMimeData()
        data.setText("\n\n".join(plain_text(each) for _, each in parts))
        data.setHtml("\n".join(html(each) for _, each in parts))
        QGuiApplication.clipboard().setMimeData(data)

    def clear_selection(self) -> None:
        self._selection = None
        self._sought = ""
        self.viewport().update()

    def _selected_parts(self) -> Iterator[tuple[int, list[Part]]]:
        selection = self._selection
        if selection is None or selection.is_empty:
            return
        first, last = selection.first.message, selection.last.message
        for index in range(first, min(last + 1, len(self._messages))):
            blocks: Sequence[Block]
            if last - first > _MOST_RENDERED and first < index < last:
                blocks = typed(self._messages[index].text)
            elif index in self._pages:
                blocks = self._pages[index].blocks
            else:
                blocks = self._blocks(index)
            parts = []
            for at, block in enumerate(blocks):
                start, end = selection.part(index, at, len(block.text))
                if start < end or (
                    not block.text and selection.first[:2] < (index, at) < selection.last[:2]
                ):
                    parts.append(Part(block, start, end))
            if parts:
                yield index, parts

    def _place_at(self, point: QPointF) -> Place:
        """The place nearest to a point on screen."""
        y = int(point.y()) + self._scrolled_by
        index = self._heights.at(y - MARGIN)
        page = self._page(index)
        inside = QPointF(point.x() - self._left, y - self._top(index))
        block = page.at(inside.y())
        return Place(index, block, page.shape(block).hit(inside - page.origin(block)))

    def _around(self, place: Place, unit: Unit) -> tuple[Place, Place]:
        """What a click in this place selects."""
        text = self._page(place.message).blocks[place.block].text
        start = end = place.offset
        if unit is Unit.WORD:
            start, end = word_at(text, place.offset)
        elif unit is Unit.PARAGRAPH:
            start = text.rfind("\n", 0, place.offset) + 1
            end = text.find("\n", place.offset)
            end = len(text) if end < 0 else end
        return place._replace(offset=start), place._replace(offset=end)

    def _extend_to(self, point: QPointF) -> None:
        if self._selection is None:
            return
        head = self._around(self._place_at(point), self._selection.unit)
        self._selection = replace(self._selection, head=head)
        self.viewport().update()

    def _is_over_text(self, point: QPointF) -> bool:
        if not self._messages:
            return False
        place = self._place_at(point)
        page = self._page(place.message)
        left = self._left + page.origin(place.block).x()
        y = point.y() + self._scrolled_by - self._top(place.message)
        origin, shape = page.origin(place.block), page.shape(place.block)
        is_inside = origin.y() <= y < origin.y() + shape.height
        return is_inside and left - 4 <= point.x() <= self._left + self._column

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._messages:
            event.ignore()
            return
        point = event.position()
        self._focused = None
        self._pressed = self._control_at(point)
        if self._pressed is not None:
            return
        self._dragged_bar = self._bar_at(point)
        if self._dragged_bar is not None:
            return
        self._select_from(
            point, extends=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        )

    def _select_from(self, point: QPointF, *, extends: bool) -> None:
        if extends and self._selection is not None:
            self._extend_to(point)
            return
        is_near = (point.toPoint() - self._last_click).manhattanLength() < 6
        self._clicks = self._clicks % 3 + 1 if is_near and self._click_pause.isActive() else 1
        self._last_click = point.toPoint()
        self._click_pause.start()
        unit = Unit(self._clicks)
        around = self._around(self._place_at(point), unit)
        self._selection = Selection(around, around, unit)
        self.viewport().update()

    def _clicks_are_over(self) -> None:
        self._clicks = 0

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(point)
            return
        self._point_at(point)

    def _drag(self, point: QPointF) -> None:
        if self._pressed is not None:
            return
        if self._dragged_bar is not None:
            shape, x = self._dragged_bar
            if shape.sideways is not None and shape.sideways.drag(point.x() - x):
                self._dragged_bar = (shape, point.x())
                self.viewport().update()
            return
        if self._selection is None:
            return
        self._extend_to(point)
        is_outside = not 0 <= point.y() < self.viewport().height()
        if is_outside and not self._auto_scroll.isActive():
            self._auto_scroll.start()
        if not is_outside:
            self._auto_scroll.stop()

    def _scroll_while_selecting(self) -> None:
        point = QPointF(self.viewport().mapFromGlobal(self.cursor().pos()))
        height = self.viewport().height()
        beyond = point.y() if point.y() < 0 else max(0.0, point.y() - height)
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + int(max(-60.0, min(60.0, beyond / 2))))
        self._extend_to(QPointF(point.x(), max(0.0, min(height - 1.0, point.y()))))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._auto_scroll.stop()
        self._dragged_bar = None
        pressed, self._pressed = self._pressed, None
        if pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        released = self._control_at(event.position())
        if released is not None and released.key == pressed.key:
            self._use(released)

    def _point_at(self, point: QPointF) -> None:
        """The pointer has moved here."""
        y = int(point.y()) + self._scrolled_by - MARGIN
        hovered = self._heights.at(y) if 0 <= y < self._heights.total else -1
        pointed = self._control_at(point)
        shape = Qt.CursorShape.ArrowCursor
        if pointed is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif self._bar_at(point) is None and self._is_over_text(point):
            shape = Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)
        before = self._pointed.key if self._pointed else None
        if hovered != self._hovered or (pointed.key if pointed else None) != before:
            self._hovered, self._pointed = hovered, pointed
            self.viewport().update()

    def _bar_at(self, point: QPointF) -> tuple[Shape, float] | None:
        """The block whose own scroll bar is under a point."""
        shape, corner = self._shape_at(point)
        if shape is None:
            return None
        inset = 14 if hasattr(shape, "copy_rect") else 0
        thumb = thumb_rect(shape, inset).adjusted(0, -4, 0, 4)
        return (shape, point.x()) if thumb.contains(point - corner) else None

    def _shape_at(self, point: QPointF) -> tuple[Shape | None, QPointF]:
        """The block under a point, and where its corner is on screen."""
        for index, page, top in self._visible():
            y = point.y() - top
            if not 0 <= y < page.height:
                continue
            block = page.at(y)
            corner = page.origin(block) + QPointF(self._left, top)
            if corner.y() <= point.y() < corner.y() + page.shape(block).height:
                return page.shape(block), corner
            del index
        return None, QPointF()

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta()
        if pixels.isNull():
            # A notch is 120 units, and moves three lines.
            pixels = event.angleDelta() * (3 * LINE / 120)
        x, y = pixels.x(), pixels.y()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not x:
            x, y = y, 0
        shape, _ = self._shape_at(event.position())
        if abs(x) > abs(y) and shape is not None and shape.sideways is not None:
            shape.sideways.move(-x)
            self.viewport().update()
        elif y:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - y)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self._messages:
            return
        place = self._place_at(QPointF(event.pos()))
        message = self._messages[place.message]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy", self.copy)
        copy.setEnabled(self._selection is not None and not self._selection.is_empty)
        menu.addAction("Copy message", lambda: self._copy_message(place.message))
        menu.addAction("Select all", self.select_all)
        if message.state is not State.WRITING:
            menu.addSeparator()
            if message.role is Role.USER:
                menu.addAction("Edit", lambda: self.edit_asked.emit(message.id))
            if message.role is Role.ASSISTANT:
                menu.addAction("Regenerate", lambda: self.regenerate_asked.emit(message.id))
        menu.popup(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hovered, self._pointed = -1, None
            self.viewport().update()
        return super().viewportEvent(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        control = self._control_at(QPointF(event.pos()))
        if control is None or control.action is Action.COPY_CODE:
            QToolTip.hideText()
            return
        # Qt would take an address with a tag in it for rich text, and load what it names.
        plain = f"<span>{_escaped(control.name)}</span>"
        QToolTip.showText(event.globalPos(), plain, self.viewport())

    # Keyboard.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() == Qt.Key.Key_Escape and (
            self._selection or self._focused or self._sought
        ):
            self._focused = None
            self.clear_selection()
        elif not self._press_focused(event) and not self._scroll_by_key(event):
            super().keyPressEvent(event)

    def _press_focused(self, event: QKeyEvent) -> bool:
        """Use the button or link that Tab has come to. Returns whether the key was for it."""
        controls = self._controls(list(self._visible()))
        control = next((c for c in controls if c.key == self._focused), None)
        if control is None:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._use(control)
            return True
        sideways = {Qt.Key.Key_Left: -60, Qt.Key.Key_Right: 60}.get(Qt.Key(event.key()), 0)
        if control.action is Action.COPY_CODE and sideways:
            shape = self._page(control.message).shape(control.block)
            if shape.sideways is not None:
                shape.sideways.move(sideways)
            self.viewport().update()
            return True
        return False

    def _scroll_by_key(self, event: QKeyEvent) -> bool:
        bar = self.verticalScrollBar()
        page = self.viewport().height() - 2 * LINE
        is_shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Up:
                bar.setValue(bar.value() - 2 * LINE)
            case Qt.Key.Key_Down:
                bar.setValue(bar.value() + 2 * LINE)
            case Qt.Key.Key_PageUp:
                bar.setValue(bar.value() - page)
            case Qt.Key.Key_PageDown:
                bar.setValue(bar.value() + page)
            case Qt.Key.Key_Space:
                bar.setValue(bar.value() + (-page if is_shifted else page))
            case Qt.Key.Key_Home:
                bar.setValue(0)
            case Qt.Key.Key_End:
                self.scroll_to_end()
            case _:
                return False
        return True

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  # Qt names it.
        """Tab goes through what can be clicked in sight, then leaves."""
        controls = self._controls(list(self._visible()))
        keys = [control.key for control in controls]
        at = keys.index(self._focused) if self._focused in keys else (-1 if next else len(keys))
        at += 1 if next else -1
        if not 0 <= at < len(keys):
            self._focused = None
            self.viewport().update()
            return super().focusNextPrevChild(next)
        self._focused = keys[at]
        self.viewport().update()
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # Find.

    def find(self, text: str, forward: bool) -> bool:  # type: ignore[override]  # QWidget's looks up window handles.
        """Select the next place where `text` stands, beginning again at the other end. False if nowhere."""
        self._sought = text
        self.viewport().update()
        if not text or not self._messages:
            return False
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        count = len(self._messages)
        here = self._find_start(forward=forward)
        step = 1 if forward else -1
        for i in range(count + 1):
            index = (here.message + i * step) % count
            places = self._found_in(index, pattern)
            if i == 0:
                places = [p for p in places if (p[0] >= here if forward else p[1] <= here)]
            if places:
                self._select_found(*(places[0] if forward else places[-1]))
                return True
        return False

    def _find_start(self, *, forward: bool) -> Place:
        if self._selection is None:
            return self._place_at(QPointF(self._left, 0 if forward else self.viewport().height()))
        return self._selection.last if forward else self._selection.first

    def _found_in(self, index: int, pattern: re.Pattern[str]) -> list[tuple[Place, Place]]:
        """Where a message shows what is sought. Most are ruled out by a look at what was written."""
        words = self._sought.casefold().split()
        written = self._messages[index].text.casefold()
        if not all(word in written for word in words):
            return []
        blocks = self._pages[index].blocks if index in self._pages else self._blocks(index)
        return [
            (Place(index, at, found.start()), Place(index, at, found.end()))
            for at, block in enumerate(blocks)
            for found in pattern.finditer(block.text)
        ]

    def _select_found(self, first: Place, last: Place) -> None:
        self._selection = Selection((first, first), (last, last))
        self._show(first, self.viewport().height() // 3)
        self.viewport().update()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
