"""The transcript of a chat as a widget: scrolling, selecting, clicking, keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
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
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QToolTip, QWidget

from sottovoce.chat.quoting import lines, name_of, place_of, with_sources
from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.document import Sources
from sottovoce.ui.chat.transcript.accessible import announce, describe
from sottovoce.ui.chat.transcript.buttons import draw_control, draw_focus
from sottovoce.ui.chat.transcript.citing import doubt_at
from sottovoce.ui.chat.transcript.column import Anchor, Column, Seen
from sottovoce.ui.chat.transcript.controls import (
    Action,
    Control,
    body_controls,
    foot_controls,
    statistics,
    variant_count,
)
from sottovoce.ui.chat.transcript.copying import for_clipboard, plain_text, selected, whole
from sottovoce.ui.chat.transcript.find import find_next, find_previous, pattern
from sottovoce.ui.chat.transcript.jump import JumpButton
from sottovoce.ui.chat.transcript.markdown import typed
from sottovoce.ui.chat.transcript.page import FOOT, Page
from sottovoce.ui.chat.transcript.selection import (
    END,
    Place,
    Selection,
    Stretch,
    Unit,
    around,
)
from sottovoce.ui.chat.transcript.shape import Mark, Shape, Sideways
from sottovoce.ui.chat.transcript.style import LINE, Style
from sottovoce.ui.chat.transcript.verdict import DOUBTS
from sottovoce.ui.theme.tokens import COLUMN_PIXELS, Tokens
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.parts import rounded, shortened

MARGIN = 24
"""Pixels around the column."""
_NARROWEST = 220
_NOTICE = 32
_NEAR_END = 4
"""A reader who is so many pixels from the end is at the end."""
_COPIED_FOR = 1600
"""Milliseconds."""
_SIDEWAYS_STEP = 60
_LONGEST = 60
"""Letters of a name or a question in a menu."""


class Transcript(QAbstractScrollArea):
    """Shows messages, of which only those that are seen are laid out.

    Signals name a message by its `id`; in this room it goes by its place, from 0.
    """

    regenerate_asked = Signal(int)
    edit_asked = Signal(int)
    continue_asked = Signal(int)
    variant_asked = Signal(int)
    """The id of the version to show instead."""
    link_asked = Signal(str)
    """A link was clicked. It is never opened from here."""
    source_asked = Signal(object, object)
    """The Sources of a reply, and the Citation or Passage of them that was clicked."""

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = Column(Style(tokens), COLUMN_PIXELS)
        self._notice = ""
        self._follows = True
        """The newest words stay in sight while they come."""
        self._is_placing = False
        """The scroll bar is moved by us, not by the reader."""
        self._selection: Selection | None = None
        self._sought = ""
        self._hovered: int | None = None
        """The message under the pointer."""
        self._pointed: Control | None = None
        self._pressed: Control | None = None
        self._focused: tuple[object, ...] = ()
        """The key of the control that keys go to."""
        self._copied: tuple[object, ...] = ()
        self._dragged: Sideways | None = None
        self._pointer = QPointF()
        self._clicks = 0

        self._copied_is_old = QTimer(self, singleShot=True, interval=_COPIED_FOR)
        self._copied_is_old.timeout.connect(self._forget_copied)
        self._auto_scroll = QTimer(self, interval=30)
        self._auto_scroll.timeout.connect(self._scroll_while_selecting)
        pause = QGuiApplication.styleHints().mouseDoubleClickInterval()
        self._click_again = QTimer(self, singleShot=True, interval=pause)

        self._jump = JumpButton(tokens, self.viewport())
        self._jump.clicked.connect(self.scroll_to_end)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A bar that came and went would change the width, and with it the height that calls for it.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Messages")
        self.viewport().setMouseTracking(True)
        self.viewport().installEventFilter(self)
        self.verticalScrollBar().setSingleStep(LINE)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        describe("Transcript")

    # What is shown.

    @property
    def messages(self) -> Sequence[Message]:
        """What is shown, in order."""
        return self._column.messages

    def set_tokens(self, tokens: Tokens) -> None:
        """Change the look."""
        self._jump.set_tokens(tokens)
        self._lay_out_afresh(Style(tokens))

    def show_messages(self, messages: Sequence[Message], anchor: Anchor | None = None) -> None:
        """Show these instead, from their end or from what a reader looked at before."""
        self._selection = self._pointed = self._pressed = self._hovered = None
        self._focused = ()
        self._column.show(messages)
        if anchor is None or not messages:
            self.scroll_to_end()
        else:
            self._bring(lambda: self._column.height_at(anchor), 0)

    def append(self, message: Message) -> None:
        """Show one more at the end. The user's own words are always taken into sight."""
        self._column.append(message)
        self._follows |= message.role is Role.USER
        self._update()

    def replace(self, message: Message) -> None:
        """Show a message of the same id in this state. One that isn't shown is ignored."""
        self._column.replace(message)
        self._update()

    def begin_reply(self, message: Message) -> None:
        """Show a reply that is being written: a new one at the end, or the last, which goes on."""
        self._column.begin(message)
        self._update()

    def grow(self, text: str) -> None:
        """Add to the reply that is being written. It costs what its last block costs."""
        self._column.grow(text)
        self._update()

    def finish(self, message: Message) -> None:
        """Show the reply as it came to be, and have it read out to those who only listen."""
        self._column.finish(message)
        self._update()
        announce(self, message.text)

    def tell_sources(self, sources: Sources) -> None:
        """Show what the reply under way is written from. One that has not begun brings it along."""
        if self.messages and self.messages[-1].state is State.WRITING:
            self._column.replace(replace(self.messages[-1], sources=sources))
            self._update()

    def name_documents(self, names: Mapping[int, str]) -> None:
        """Know what documents are called, by their numbers."""
        self._column.name(names)
        self._update()

    def set_notice(self, text: str) -> None:
        """Say something quietly under the last message; nothing if empty."""
        self._notice = text
        self._update()

    # Where the reader is.

    @property
    def at_end(self) -> bool:
        """Whether the newest words are in sight."""
        return self._follows

    @property
    def anchor(self) -> Anchor | None:
        """What the reader looks at; None at the end."""
        return None if self._follows else self._column.anchor(self._edge)

    def scroll_to_end(self) -> None:
        self._follows = True
        self._update()

    def scroll_to_message(self, message_id: int) -> None:
        """Show a message from its beginning. One that isn't there is ignored."""
        place = self._column.find(message_id)
        if place is not None:
            self._bring(lambda: self._column.top(place), MARGIN)

    def message_rect(self, place: int) -> QRect:
        """Where a message is inside this widget; empty while it is out of sight."""
        top = self._column.top(place) - self._edge
        everything = QRect(self._left, top, self._column.width, self._column.height_of(place))
        return everything & self.viewport().rect()

    def _bring(self, height: Callable[[], int], distance: int) -> None:
        """Scroll so that what is at a height of the column is this far below the upper edge."""
        self._follows = False
        for _ in range(2):  # Laying out what comes into sight may move it once.
            self._place_edge(height() - distance)
            self._settle()
        self._follows = self._is_near_end()
        self._jump.setVisible(not self._follows)
        self.viewport().update()

    def _height_of(self, place: Place) -> int:
        """Where in the column the line of a place is."""
        page = self._column.page(place.message)
        lines = page.shape(place.block).rects(place.offset, place.offset + 1)
        y = page.origin(place.block).y() + (lines[0].top() if lines else 0)
        return self._column.top(place.message) + int(y)

    # Geometry.

    @property
    def _left(self) -> int:
        """Where the column begins, from the left."""
        return (self.viewport().width() - self._column.width) // 2

    @property
    def _edge(self) -> int:
        """The height of the column that is at the upper edge; negative while the margin is seen."""
        return self.verticalScrollBar().value() - MARGIN

    def _is_near_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - _NEAR_END

    def _update(self) -> None:
        self._place_scroll_bar()
        self._jump.setVisible(not self._follows)
        self.viewport().update()

    def _place_scroll_bar(self) -> None:
        """Fit the scroll bar to the column; the end stays in sight if the reader is there."""
        height = MARGIN + self._column.height + (_NOTICE if self._notice else 0)
        bar = self.verticalScrollBar()
        self._is_placing = True
        bar.setPageStep(self.viewport().height())
        bar.setRange(0, max(0, height - self.viewport().height()))
        bar.setEnabled(bar.maximum() > 0)  # Without a handle where there is nothing to scroll.
        if self._follows:
            bar.setValue(bar.maximum())
        self._is_placing = False

    def _place_edge(self, height: int) -> None:
        self._place_scroll_bar()
        self._is_placing = True
        self.verticalScrollBar().setValue(height + MARGIN)
        self._is_placing = False

    def _scrolled(self) -> None:
        if not self._is_placing:
            self._follows = self._is_near_end()
            self._jump.setVisible(not self._follows)
        self.viewport().update()

    def _settle(self) -> None:
        """Lay out all that is in sight. What the reader looks at stays where it is."""
        has_changed = True
        while has_changed:  # Ends, for each round lays out blocks that were never seen.
            edge = self._edge
            moved, has_changed = self._column.settle(edge, edge + self.viewport().height())
            self._place_scroll_bar()
            if moved and not self._follows:
                self._place_edge(edge + moved)

    def _seen(self) -> list[Seen]:
        return list(self._column.seen(self._edge, self._edge + self.viewport().height()))

    def _lay_out_afresh(self, style: Style) -> None:
        """For a new look or width: only what is in sight, around what the reader looks at."""
        anchor = self.anchor
        width = min(COLUMN_PIXELS, self.viewport().width() - 2 * MARGIN)
        self._column.lay_out_afresh(style, max(_NARROWEST, width))
        if anchor is not None:
            self._place_edge(self._column.height_at(anchor))
        self._update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._jump.place(self.viewport().width() // 2, self.viewport().height())
        width = min(COLUMN_PIXELS, self.viewport().width() - 2 * MARGIN)
        if max(_NARROWEST, width) != self._column.width:
            self._lay_out_afresh(self._column.style)
        self._update()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        # What can fail comes before there is a painter: left open by an exception, it crashes Qt.
        self._settle()
        seen = self._seen()
        controls = [each for each in self._controls_in(seen) if self._is_shown(each)]
        painter = QPainter(self.viewport())
        try:
            self._paint(painter, seen, controls)
        finally:
            painter.end()

    def _paint(self, painter: QPainter, seen: Sequence[Seen], controls: Sequence[Control]) -> None:
        style = self._column.style
        painter.fillRect(self.viewport().rect(), style.background)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self._left, -self._edge)
        for place, page, top in seen:
            painter.translate(0, top)
            height = self.viewport().height()
            page.draw(
                painter, partial(self._marks, place), self._edge - top, self._edge - top + height
            )
            if self._shows_foot(place):
                self._paint_foot(painter, place, page)
            painter.translate(0, -top)
        self._paint_notice(painter)
        painter.resetTransform()
        for control in controls:
            draw_control(
                painter,
                control,
                style,
                is_pointed=self._pointed is not None and self._pointed.key == control.key,
                is_copied=self._copied == control.key,
            )
            if self._focused == control.key and self.hasFocus():
                draw_focus(painter, control, style)

    def _marks(self, place: int, block: int, shape: Shape) -> list[Mark]:
        """What is found and selected in a block."""
        style = self._column.style
        marks = []
        if self._sought:
            found = pattern(self._sought).finditer(shape.text)
            marks = [Mark(*each.span(), style.match) for each in found]
        if self._selection is not None:
            start, end = self._selection.part(place, block, len(shape.text))
            if start < end:
                marks.append(Mark(start, end, style.selection))
        return marks

    def _shows_foot(self, place: int) -> bool:
        """Whether a message shows its buttons."""
        has_focus = bool(self._focused) and self._focused[1] == place
        return place in (self._hovered, len(self.messages) - 1) or has_focus

    def _is_shown(self, control: Control) -> bool:
        return not control.is_in_foot or self._shows_foot(control.message)

    def _paint_foot(self, painter: QPainter, place: int, page: Page) -> None:
        """What the foot says beside its buttons."""
        if page.message.state is State.WRITING:
            return
        painter.setFont(self._column.style.small)
        painter.setPen(self._column.style.muted)
        count, rect = variant_count(page)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, count)
        if place == len(self.messages) - 1 and not page.is_users:
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(page.foot, side, statistics(page.message))

    def _paint_notice(self, painter: QPainter) -> None:
        if not self._notice:
            return
        top = self._column.height
        if self.messages and self.messages[-1].state is State.WRITING:
            top -= FOOT  # It has no buttons yet,
            if not any(block.text for block in self._column.blocks(len(self.messages) - 1)):
                top -= LINE + MARGIN // 2  # nor words.
        painter.setFont(self._column.style.small)
        painter.setPen(self._column.style.muted)
        rect = QRectF(0, top, self._column.width, _NOTICE)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, self._notice)

    # What can be clicked.

    def controls(self) -> list[Control]:
        """All that can be clicked in sight, from top to bottom; buttons also while hidden."""
        return self._controls_in(self._seen())

    def _controls_in(self, seen: Sequence[Seen]) -> list[Control]:
        found = []
        for place, page, top in seen:
            first = self._edge - top
            corner = QPointF(self._left, top - self._edge)
            for control in (
                *body_controls(
                    page, place, self._column.style, first, first + self.viewport().height()
                ),
                *foot_controls(page, place),
            ):
                rects = [rect.translated(corner) for rect in control.rects]
                if any(rect.intersects(QRectF(self.viewport().rect())) for rect in rects):
                    found.append(replace(control, rects=rects))
        return found

    def _control_at(self, point: QPointF) -> Control | None:
        return next((each for each in self.controls() if each.holds(point)), None)

    def _use(self, control: Control) -> None:
        """Do what a control is for."""
        message = self.messages[control.message]
        match control.action:
            case Action.COPY:
                self._copy_message(control.message)
                self._say_copied(control)
            case Action.COPY_WITH_SOURCES:
                self._copy_with_sources(control.message)
                self._say_copied(control)
            case Action.COPY_CODE:
                code = self._column.blocks(control.message)[control.block]
                QGuiApplication.clipboard().setText(code.text)
                self._say_copied(control)
            case Action.REGENERATE:
                self.regenerate_asked.emit(message.id)
            case Action.EDIT:
                self.edit_asked.emit(message.id)
            case Action.CONTINUE:
                self.continue_asked.emit(message.id)
            case Action.VARIANT if control.sibling is not None:
                self.variant_asked.emit(control.sibling)
            case Action.LINK:
                self.link_asked.emit(control.address)
            case Action.CITATION | Action.SOURCE if message.sources is not None:
                if control.source is not None:
                    self.source_asked.emit(message.sources, control.source)
                else:
                    self._list_passages(message.sources, control.rect)

    def _list_passages(self, sources: Sources, rect: QRectF) -> None:
        """Open a menu of all that the model was shown."""
        menu = rounded(QMenu(self))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if sources.query:
            searched = f"Searched for “{shortened(sources.query, _LONGEST)}”"
            menu.addAction(searched.replace("&", "&&")).setEnabled(False)
            menu.addSeparator()
        for passage in sources.passages:
            name = shortened(name_of(passage), _LONGEST)
            where = " · ".join(filter(None, (name, place_of(passage), *passage.headings[-1:])))
            menu.addAction(
                where.replace("&", "&&"), partial(self.source_asked.emit, sources, passage)
            )
        menu.popup(self.viewport().mapToGlobal(rect.bottomLeft().toPoint()))

    def _copy_message(self, place: int) -> None:
        """A message as it was written: a reply with its Markdown."""
        text = self.messages[place].text
        data = for_clipboard(text, [whole(self._column.blocks(place))])
        QGuiApplication.clipboard().setMimeData(data)

    def _copy_with_sources(self, place: int) -> None:
        message = self.messages[place]
        assert message.sources is not None
        text = with_sources(message.text, message.sources)
        below = "\n".join(lines(message.sources.citations))
        parts = [whole(self._column.blocks(place)), whole(typed(below))]
        QGuiApplication.clipboard().setMimeData(for_clipboard(text, parts))

    def _say_copied(self, control: Control) -> None:
        self._copied = control.key
        self._copied_is_old.start()
        self.viewport().update()

    def _forget_copied(self) -> None:
        self._copied = ()
        self.viewport().update()

    # Selection.

    def selected_text(self) -> str:
        """What is selected, as it reads; empty if nothing is."""
        if self._selection is None:
            return ""
        return "\n\n".join(map(plain_text, selected(self._column, self._selection)))

    def select_all(self) -> None:
        if self.messages:
            first, last = Place(0, 0, 0), Place(len(self.messages) - 1, END, END)
            self._select(Selection((first, first), (last, last)))

    def copy(self) -> None:
        """Put what is selected on the clipboard, as plain text and as HTML."""
        if self._selection is None or self._selection.is_empty:
            return
        parts = list(selected(self._column, self._selection))
        text = "\n\n".join(map(plain_text, parts))
        QGuiApplication.clipboard().setMimeData(for_clipboard(text, parts))

    def clear_selection(self) -> None:
        """Select nothing, and forget what was sought."""
        self._sought = ""
        self._select(None)

    def find(self, text: str, forward: bool) -> bool:  # type: ignore[override]  # QWidget's looks up window handles.
        """Select the next place where `text` stands, going round at the ends. False if nowhere.

        All other places in sight are marked too, until the selection is cleared or `text` is empty.
        """
        self._sought = text
        self.viewport().update()
        if not text or not self.messages:
            return False
        selection = self._selection
        if forward:
            start = selection.last if selection else self._place_at(QPointF(0, 0))
            found = find_next(self._column, text, start)
        else:
            bottom = QPointF(0, self.viewport().height())
            start = selection.first if selection else self._place_at(bottom)
            found = find_previous(self._column, text, start)
        if found is None:
            return False
        self._select(Selection((found[0], found[0]), (found[1], found[1])))
        self._bring(lambda: self._height_of(found[0]), self.viewport().height() // 3)
        return True

    def _select(self, selection: Selection | None) -> None:
        self._selection = selection
        self.viewport().update()

    def _place_at(self, point: QPointF) -> Place:
        """The place nearest to a point."""
        y = point.y() + self._edge
        message = self._column.at(int(y))
        page = self._column.page(message)
        inside = QPointF(point.x() - self._left, y - self._column.top(message))
        block = page.at(inside.y())
        shape = page.shape(block)
        return Place(message, block, shape.hit(inside - page.origin(block)))

    def _around(self, point: QPointF, unit: Unit) -> Stretch:
        """What a click there selects."""
        place = self._place_at(point)
        text = self._column.page(place.message).blocks[place.block].text
        return around(place, text, unit)

    def _extend_to(self, point: QPointF) -> None:
        if self._selection is not None:
            head = self._around(point, self._selection.unit)
            self._select(replace(self._selection, head=head))

    def _shape_at(self, point: QPointF) -> tuple[Shape, QPointF] | None:
        """The block under a point, and where the point is in it."""
        for _, page, top in self._seen():
            inside = point - QPointF(self._left, top - self._edge)
            if not 0 <= inside.y() < page.height:
                continue
            block = page.at(inside.y())
            shape = page.shape(block)
            inside -= page.origin(block)
            if -4 <= inside.x() <= self._column.width and 0 <= inside.y() < shape.height:
                return shape, inside
        return None

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.messages:
            event.ignore()
            return
        point = event.position()
        self._focused = ()
        self._pressed = self._control_at(point)
        self._dragged = None if self._pressed else self._thumb_at(point)
        if self._pressed is None and self._dragged is None:
            self._press_text(point, event.modifiers())
        self._pointer = point

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def _press_text(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if modifiers & Qt.KeyboardModifier.ShiftModifier and self._selection is not None:
            self._extend_to(point)
            return
        is_near = (point - self._pointer).manhattanLength() < 6
        self._clicks = self._clicks % 3 + 1 if is_near and self._click_again.isActive() else 1
        self._click_again.start()
        unit = Unit(self._clicks)
        stretch = self._around(point, unit)
        self._select(Selection(stretch, stretch, unit))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._point_at(point)
        elif self._dragged is not None:
            self._dragged.drag(point.x() - self._pointer.x())
            self._pointer = point
            self.viewport().update()
        elif self._pressed is None:
            self._drag_selection(point)

    def _drag_selection(self, point: QPointF) -> None:
        self._pointer = point
        self._extend_to(point)
        is_outside = not 0 <= point.y() < self.viewport().height()
        if not is_outside:
            self._auto_scroll.stop()
        elif not self._auto_scroll.isActive():
            self._auto_scroll.start()

    def _scroll_while_selecting(self) -> None:
        """The further outside the pointer is, the faster."""
        height = self.viewport().height()
        y = self._pointer.y()
        beyond = y if y < 0 else y - height
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + round(max(-60.0, min(60.0, beyond / 2))))
        self._extend_to(QPointF(self._pointer.x(), max(0.0, min(height - 1.0, y))))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._auto_scroll.stop()
        self._dragged = None
        pressed, self._pressed = self._pressed, None
        released = self._control_at(event.position())
        if pressed is not None and released is not None and released.key == pressed.key:
            self._use(released)

    def _point_at(self, point: QPointF) -> None:
        """The pointer is here now, with no button pressed."""
        y = int(point.y()) + self._edge
        hovered = self._column.at(y) if 0 <= y < self._column.height else None
        pointed = self._control_at(point)
        cursor = Qt.CursorShape.ArrowCursor
        if pointed is not None:
            cursor = Qt.CursorShape.PointingHandCursor
        elif self._shape_at(point) is not None and self._thumb_at(point) is None:
            cursor = Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(cursor)
        self._hovered, self._pointed = hovered, pointed
        self.viewport().update()

    def _thumb_at(self, point: QPointF) -> Sideways | None:
        """What the handle of a block's own scroll bar moves, if one is under a point."""
        under = self._shape_at(point)
        if under is None or under[0].sideways is None:
            return None
        shape, inside = under
        return shape.sideways if shape.thumb.adjusted(0, -4, 0, 4).contains(inside) else None

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta()
        if pixels.isNull():
            # A notch is 120 units, and moves three lines.
            pixels = event.angleDelta() * (3 * LINE / 120)
        x, y = pixels.x(), pixels.y()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not x:
            x, y = y, 0
        under = self._shape_at(event.position())
        if abs(x) > abs(y) and under is not None and under[0].sideways is not None:
            under[0].sideways.move(-x)
            self.viewport().update()
        elif y:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - y)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.messages:
            self._menu(self._place_at(QPointF(event.pos())).message).popup(event.globalPos())

    def _menu(self, place: int) -> QMenu:
        """What can be done with a message."""
        message = self.messages[place]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy", self.copy).setEnabled(bool(self.selected_text()))
        menu.addAction("Copy message", partial(self._copy_message, place))
        if message.sources is not None and message.sources.citations:
            menu.addAction("Copy with sources", partial(self._copy_with_sources, place))
        menu.addAction("Select all", self.select_all)
        if message.state is State.WRITING:
            return menu
        menu.addSeparator()
        if message.role is Role.USER:
            menu.addAction("Edit", partial(self.edit_asked.emit, message.id))
        if message.role is Role.ASSISTANT:
            menu.addAction("Regenerate", partial(self.regenerate_asked.emit, message.id))
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tooltips and the pointer's leaving.

        Not in viewportEvent: an exception in a handler that it calls from C++ ends the process.
        """
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_tip(event.pos(), event.globalPos())
            return True
        if event.type() == QEvent.Type.Leave:
            self._hovered = self._pointed = None
            self.viewport().update()
        return False

    def _show_tip(self, point: QPoint, where: QPoint) -> None:
        control = self._control_at(QPointF(point))
        says = control.name if control else self._doubt_at(QPointF(point))
        if not says:
            QToolTip.hideText()
            return
        QToolTip.showText(where, tip(says), self.viewport())

    def _doubt_at(self, point: QPointF) -> str:
        """What is the matter with the words under a point, where something is."""
        if not self.messages or self._shape_at(point) is None:
            return ""
        place = self._place_at(point)
        block = self._column.page(place.message).blocks[place.block]
        doubt = doubt_at(block, place.offset)
        return DOUBTS[doubt] if doubt else ""

    # Keyboard.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() == Qt.Key.Key_Escape and (
            self.selected_text() or self._focused or self._sought
        ):
            self._focused = ()
            self.clear_selection()
        elif not self._press_focused(event.key()) and not self._scroll_by_key(event):
            super().keyPressEvent(event)

    def _press_focused(self, key: int) -> bool:
        """Give a key to the control that Tab has come to. Returns whether it was for it."""
        controls = self.controls()
        control = next((each for each in controls if each.key == self._focused), None)
        if control is None:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._use(control)
            return True
        steps = {int(Qt.Key.Key_Left): -_SIDEWAYS_STEP, int(Qt.Key.Key_Right): _SIDEWAYS_STEP}
        sideways = None
        if control.action is Action.COPY_CODE:
            sideways = self._column.page(control.message).shape(control.block).sideways
        if sideways is None or key not in steps:
            return False
        sideways.move(steps[key])
        self.viewport().update()
        return True

    def _scroll_by_key(self, event: QKeyEvent) -> bool:
        """Returns whether it was a key that scrolls."""
        bar = self.verticalScrollBar()
        page = self.viewport().height() - 2 * LINE
        if (
            event.key() == Qt.Key.Key_Space
            and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            page = -page
        ways = {
            int(Qt.Key.Key_Up): -2 * LINE,
            int(Qt.Key.Key_Down): 2 * LINE,
            int(Qt.Key.Key_PageUp): -page,
            int(Qt.Key.Key_PageDown): page,
            int(Qt.Key.Key_Space): page,
            int(Qt.Key.Key_Home): -bar.maximum(),
        }
        if event.key() == Qt.Key.Key_End:
            self.scroll_to_end()
        elif event.key() in ways:
            bar.setValue(bar.value() + ways[event.key()])
        else:
            return False
        return True

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  # Qt calls it so.
        """Tab goes through what can be clicked in sight, then leaves."""
        controls = [each for each in self.controls() if each.is_enabled]
        keys = [each.key for each in controls]
        at = -1 if next else len(keys)
        if self._focused in keys:
            at = keys.index(self._focused)
        at += 1 if next else -1
        is_inside = 0 <= at < len(keys)
        self._focused = keys[at] if is_inside else ()
        if is_inside:
            announce(self, controls[at].name)
        self.viewport().update()
        return is_inside or super().focusNextPrevChild(next)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
