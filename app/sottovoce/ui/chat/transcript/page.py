"""One message, laid out for one width. The height of blocks that were never seen is a guess."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.document import Citation
from sottovoce.domain.reply import Finish
from sottovoce.ui.chat.transcript.code import CodeBox, code_height
from sottovoce.ui.chat.transcript.heights import Heights
from sottovoce.ui.chat.transcript.markdown import (
    BULLET,
    DONE,
    UNDONE,
    Block,
    Code,
    Container,
    Joint,
    Paragraph,
    Table,
)
from sottovoce.ui.chat.transcript.rule import RuleLine
from sottovoce.ui.chat.transcript.shape import Mark, Shape
from sottovoce.ui.chat.transcript.strip import STRIP, Strip, draw_chip
from sottovoce.ui.chat.transcript.style import LINE, Style
from sottovoce.ui.chat.transcript.table import TableBox
from sottovoce.ui.chat.transcript.verdict import verdict
from sottovoce.ui.chat.transcript.words import Words
from sottovoce.ui.theme.icons import icon_pixmap

NAME = 26
"""Pixels for the name of the model above its reply."""
BUBBLE_PADDING = 10
BUBBLE_SIDE = 16
BUBBLE_SHARE = 0.82
"""The most of the column that the user's words take."""
REMARK = 30
"""For the line that says why a reply ended early."""
FOOT = 34
"""For the buttons under a message."""
BETWEEN = 10
_INDENTS = {Container.LIST: 26, Container.QUOTE: 18}
_DEEPEST = 8
_ICON = 14
_ICON_ROOM = 22
_ABOVE_VERDICT = 8
_GAPS = {Joint.APART: 12, Joint.CLOSE: 5, Joint.SAME: 0}

_EMPTY = Block(Paragraph(()))
"""Holds the place of a reply's first words."""

Marks = Callable[[int, Shape], Sequence[Mark]]
"""What is marked in a block: its index and shape are given."""


def remark(message: Message) -> str:
    """Why a reply is shorter than it might be; empty if it isn't."""
    if message.role is not Role.ASSISTANT or message.state is State.WRITING:
        return ""
    if message.state is State.STOPPED:
        return "Stopped."
    if message.state is State.INTERRUPTED:
        return f"Interrupted{': what was written is kept' if message.text else ''}."
    match message.finish:
        case Finish.LENGTH:
            return "The reply reached its length limit."
        case Finish.CONTEXT_FULL:
            return "The context window is full."
        case _:
            return ""


def estimated_height(message: Message, width: int, style: Style) -> int:
    """About how high a message is, from its length alone."""
    letters = max(1, int(width / style.letter_width))
    lines = len(message.text) // letters + message.text.count("\n") + 1
    return lines * LINE + FOOT + BETWEEN + 24 + (STRIP if message.sources else 0)


class Page:
    """A message's blocks one above the other, with what stands above and below them."""

    def __init__(
        self,
        message: Message,
        blocks: Sequence[Block],
        width: int,
        style: Style,
        names: Mapping[int, str],
    ) -> None:
        """`names` are those of documents by their numbers, as far as they are known."""
        self.width = width
        self._names = names
        self.blocks: list[Block] = []
        self._style = style
        self._shapes: list[Shape | None] = []
        self._heights = Heights()
        self.strip: Strip | None = None
        """What the reply was written from; None if no documents were asked."""
        self.citations: dict[int, Citation] = {}
        """By their numbers."""
        self._bubble = width * BUBBLE_SHARE
        self.tell(message)
        self.update(blocks, 0)

    @property
    def is_users(self) -> bool:
        return self.message.role is Role.USER

    @property
    def _head(self) -> int:
        if self.is_users:
            return BUBBLE_PADDING
        return NAME + (STRIP if self.strip else 0)

    @property
    def bottom(self) -> int:
        """Where the blocks end, and their bubble."""
        return self._head + self._heights.total + (BUBBLE_PADDING if self.is_users else 0)

    @property
    def height(self) -> int:
        return self._end + (REMARK if remark(self.message) else 0) + FOOT + BETWEEN

    @property
    def _end(self) -> int:
        """Where all ends that is said in the message or about it."""
        return self.bottom + self._verdict_height

    @property
    def remark(self) -> QRectF:
        """Where it is said why the reply ended early."""
        return QRectF(0, self._end + 4, self.width, REMARK - 4)

    @property
    def foot(self) -> QRectF:
        """Where the buttons under the message are."""
        return QRectF(0, self.height - FOOT - BETWEEN, self.width, FOOT)

    def tell(self, message: Message) -> None:
        """Be about the message in this state: all but its blocks."""
        self.message = message
        self._verdict, self._is_grave = verdict(message)
        self._verdict_height = 0
        if self._verdict:
            room = QRectF(0, 0, self.width - _ICON_ROOM, 1_000)
            metrics = QFontMetricsF(self._style.small)
            words = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, self._verdict)
            self._verdict_height = _ABOVE_VERDICT + ceil(words.height())
        self.strip, self.citations = None, {}
        if message.sources is not None:
            self.strip = Strip(message.sources, self.width, self._style, NAME, self._names)
            self.citations = {each.number: each for each in message.sources.citations}

    def annotate(self, blocks: Sequence[Block]) -> None:
        """Show blocks that say what those in their places said, with other marks in them."""
        for index, block in enumerate(blocks):
            if block != self.blocks[index]:
                self.blocks[index] = block
                if self._shapes[index] is not None:
                    self._lay_out(index, None)

    def update(self, blocks: Sequence[Block], kept: int) -> None:
        """Show these blocks, the first `kept` of which are as they were."""
        replaced = self._shapes[kept] if kept < len(self._shapes) else None
        was_seen = replaced is not None
        self.blocks = list(blocks) or [_EMPTY]
        del self._shapes[kept:]
        self._heights.truncate(kept)
        for index in range(kept, len(self.blocks)):
            self._shapes.append(None)
            self._heights.append(self._gap(index) + self._estimate(index))
        if self.is_users:
            self._fit_bubble()
        if was_seen and kept < len(self.blocks):
            self._lay_out(kept, replaced)

    def settle(self, top: int, bottom: int) -> int:
        """Lay out what lies between, for the first time if need be.

        Returns by how much things at `top` have moved down.
        """
        moved = 0
        index = self.at(top)
        y = self._head + self._heights.before(index)
        while index < len(self.blocks) and y < bottom:
            change = 0
            if self._shapes[index] is None:
                before = self._heights[index]
                self._lay_out(index, None)
                change = self._heights[index] - before
            if y < top:
                moved += change
                top += change
                bottom += change
            y += self._heights[index]
            index += 1
        return moved

    def at(self, y: float) -> int:
        """The index of the block at this height; the first or last if it is above or below all."""
        return self._heights.at(int(y) - self._head)

    def shape(self, index: int) -> Shape:
        """The block, laid out."""
        shape = self._shapes[index]
        return self._lay_out(index, None) if shape is None else shape

    def origin(self, index: int) -> QPointF:
        """The upper left corner of a block."""
        y = self._head + self._heights.before(index) + self._gap(index)
        return QPointF(self._left(index), y)

    @property
    def bubble(self) -> QRectF:
        """What lies behind the user's words."""
        return QRectF(self.width - self._bubble, 0, self._bubble, self.bottom)

    def _fit_bubble(self) -> None:
        """As wide as the longest line, where the text is short enough to see that at once."""
        self._bubble = self.width * BUBBLE_SHARE
        if sum(len(block.text) for block in self.blocks) > 2_000:
            return
        room = self._bubble - 2 * BUBBLE_SIDE
        widest = max(
            Words(block.content.spans, room, self._style).natural_width
            for block in self.blocks
            if isinstance(block.content, Paragraph)
        )
        self._bubble = ceil(widest) + 1 + 2 * BUBBLE_SIDE

    def _lay_out(self, index: int, old: Shape | None) -> Shape:
        content = self.blocks[index].content
        width = self._room(index)
        shape: Shape
        match content:
            case Paragraph(spans, level):
                shape = Words(spans, width, self._style, level)
            case Code():
                shape = CodeBox(
                    content, width, self._style, old if isinstance(old, CodeBox) else None
                )
            case Table():
                shape = TableBox(
                    content, width, self._style, old if isinstance(old, TableBox) else None
                )
            case _:
                shape = RuleLine(width, self._style)
        self._shapes[index] = shape
        self._heights[index] = self._gap(index) + shape.height
        return shape

    def _indent(self, index: int) -> int:
        return sum(_INDENTS[container] for container in self.blocks[index].within[:_DEEPEST])

    def _room(self, index: int) -> float:
        if self.is_users:
            return self._bubble - 2 * BUBBLE_SIDE
        return max(120.0, self.width - self._indent(index))

    def _left(self, index: int) -> float:
        if self.is_users:
            return self.width - self._bubble + BUBBLE_SIDE
        shape = self._shapes[index]
        if isinstance(shape, Words) and shape.is_right_to_left:
            return 0
        return self._indent(index)

    def _gap(self, index: int) -> int:
        """The space above a block."""
        if index == 0 or self.is_users:
            return 0
        block = self.blocks[index]
        gap = _GAPS[block.joint]
        if isinstance(block.content, Paragraph) and block.content.level:
            return 22 if block.content.level < 3 else 16
        if isinstance(block.content, (Code, Table)) or isinstance(
            self.blocks[index - 1].content, (Code, Table)
        ):
            return max(gap, 14)
        return gap

    def _estimate(self, index: int) -> int:
        content = self.blocks[index].content
        match content:
            case Paragraph():
                letters = max(1, int(self._room(index) / self._style.letter_width))
                lines = content.text.count("\n") + 1 + len(content.text) // letters
                return lines * self._style.line_height(content.level)
            case Code(text):
                return code_height(text)
            case Table():
                return (len(content.rows) + 1) * (LINE + 10) + 2
            case _:
                return 17

    def visible(self, top: float, bottom: float) -> Iterator[int]:
        """The blocks between two heights."""
        index = self.at(top)
        while index < len(self.blocks) and self._head + self._heights.before(index) < bottom:
            yield index
            index += 1

    def draw(self, painter: QPainter, marks: Marks, top: float, bottom: float) -> None:
        """Draw what lies between; all of it must have been settled."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.is_users:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._style.bubble)
            painter.drawRoundedRect(self.bubble, 16, 16)
        elif self.message.model:
            painter.setFont(self._style.label)
            painter.setPen(self._style.muted)
            painter.drawText(QPointF(0, 14), self.message.model)
        for chip in self.strip.chips if self.strip else ():
            draw_chip(painter, chip, chip.rect, self._style, is_pointed=False)
        for index in self.visible(top, bottom):
            shape = self.shape(index)
            self._draw_containers(painter, index, shape)
            origin = self.origin(index)
            clip = QRectF(-10_000, top - origin.y(), 20_000, bottom - top)
            painter.save()
            painter.translate(origin)
            shape.draw(painter, marks(index, shape), clip)
            painter.restore()
        if self._verdict:
            self._draw_verdict(painter)
        if text := remark(self.message):
            painter.setFont(self._style.small)
            painter.setPen(self._style.muted)
            painter.drawText(self.remark, Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_verdict(self, painter: QPainter) -> None:
        tokens = self._style.tokens
        colour = tokens.warning if self._is_grave else tokens.muted
        top = self.bottom + _ABOVE_VERDICT
        ratio = painter.device().devicePixelRatioF()
        picture = icon_pixmap("circle-alert", colour, _ICON, ratio)
        painter.drawPixmap(QPointF(0, top), picture)
        painter.setFont(self._style.small)
        painter.setPen(QColor(colour))
        words = QRectF(_ICON_ROOM, top, self.width - _ICON_ROOM, self._verdict_height)
        painter.drawText(words, Qt.TextFlag.TextWordWrap, self._verdict)

    def _draw_containers(self, painter: QPainter, index: int, shape: Shape) -> None:
        """The bars of quotes and the marker of an item."""
        block = self.blocks[index]
        top = self.origin(index).y()
        before = self.blocks[index - 1].within if index else ()
        is_mirrored = isinstance(shape, Words) and shape.is_right_to_left
        x = 0
        for depth, container in enumerate(block.within[:_DEEPEST]):
            if container is Container.QUOTE:
                goes_on = before[: depth + 1] == block.within[: depth + 1]
                above = self._gap(index) if goes_on else 0
                left = self.width - x - 3 if is_mirrored else x
                bar = QRectF(left, top - above, 3, above + shape.height)
                painter.fillRect(bar, self._style.line)
            x += _INDENTS[container]
        if block.marker:
            edge = self._room(index) + 8 if is_mirrored else self._indent(index) - 8
            self._draw_marker(painter, block.marker, QPointF(edge, top), is_mirrored=is_mirrored)

    def _draw_marker(
        self, painter: QPainter, marker: str, edge: QPointF, *, is_mirrored: bool
    ) -> None:
        """Draw it beside the first line of an item, up to `edge`, which is as high as the line."""
        middle = edge.y() + LINE / 2 + 0.5
        outwards = 1 if is_mirrored else -1
        if marker == BULLET:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._style.muted)
            painter.drawEllipse(QPointF(edge.x() + outwards * 3, middle), 2.75, 2.75)
            return
        if marker in (DONE, UNDONE):
            centre = QPointF(edge.x() + outwards * 7, middle)
            self._draw_task(painter, centre, is_done=marker == DONE)
            return
        side = Qt.AlignmentFlag.AlignLeft if is_mirrored else Qt.AlignmentFlag.AlignRight
        left = edge.x() if is_mirrored else edge.x() - 80
        painter.setFont(self._style.body)
        painter.setPen(self._style.muted)
        painter.drawText(
            QRectF(left, edge.y(), 80, LINE), side | Qt.AlignmentFlag.AlignVCenter, marker
        )

    def _draw_task(self, painter: QPainter, centre: QPointF, *, is_done: bool) -> None:
        painter.setPen(QPen(self._style.accent if is_done else self._style.muted, 1.4))
        painter.setBrush(self._style.accent if is_done else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(centre.x() - 7, centre.y() - 7, 14, 14), 3.5, 3.5)
        if is_done:
            painter.setPen(QPen(self._style.on_accent, 1.8))
            tick = ((-3.5, 0.2), (-1.0, 2.8), (3.6, -2.6))
            painter.drawPolyline([centre + QPointF(x, y) for x, y in tick])
