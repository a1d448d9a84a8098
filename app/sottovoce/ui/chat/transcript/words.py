"""A paragraph, laid out."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QTextLayout, QTextLine, QTextOption

from sottovoce.ui.chat.transcript.characters import (
    Counting,
    is_right_to_left,
    mixes_directions,
    shown,
)
from sottovoce.ui.chat.transcript.citing import JOINER
from sottovoce.ui.chat.transcript.markdown import Align, Span, Spans
from sottovoce.ui.chat.transcript.shape import Link, Mark, Sideways
from sottovoce.ui.chat.transcript.style import Style

_PLAIN = Span("")[1:]
"""How words are that need no format of their own."""


class Words:
    """Running words, broken into lines. Whatever they say, QTextLayout loads nothing for it."""

    sideways: Sideways | None = None
    thumb = QRectF()

    def __init__(
        self, spans: Spans, width: float, style: Style, level: int = 0, align: Align = Align.START
    ) -> None:
        self.spans = spans
        self.text = "".join(span.text for span in spans)
        self.is_right_to_left = is_right_to_left(self.text)
        self._mixes_directions = mixes_directions(self.text)
        self._is_cited = any(span.citation for span in spans)
        self._links: list[Link] | None = None
        text = shown(self.text)
        self._counting = Counting(text)
        self._style = style
        self._layout = QTextLayout(text, style.font(level))
        self._layout.setCacheEnabled(True)
        self._layout.setTextOption(self._option(align))
        self._layout.setFormats(self._formats(level))
        self._lines: list[tuple[QTextLine, int, int]] = []
        """Each with its top and height."""
        self.natural_width = 0.0
        self.height = self._break(width, style.line_height(level))

    def _option(self, align: Align) -> QTextOption:
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTabStopDistance(4 * self._style.letter_width)
        to_the_right = self.is_right_to_left is (align is Align.START)
        if self.is_right_to_left:
            option.setTextDirection(Qt.LayoutDirection.RightToLeft)
        side = Qt.AlignmentFlag.AlignRight if to_the_right else Qt.AlignmentFlag.AlignLeft
        if align is Align.CENTRE:
            side = Qt.AlignmentFlag.AlignHCenter
        option.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute)
        return option

    def _formats(self, level: int) -> list[QTextLayout.FormatRange]:
        formats = []
        at = 0
        for span in self.spans:
            end = at + len(span.text)
            if span[1:] != _PLAIN:
                part = QTextLayout.FormatRange()
                part.start = self._counting.to_qt(at)
                part.length = self._counting.to_qt(end) - part.start
                part.format = self._style.format(span, level)
                formats.append(part)
            at = end
        return formats

    def _break(self, width: float, line_height: int) -> int:
        """Break into lines. Returns the height of all."""
        top = 0
        self._layout.beginLayout()
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(width)
            # Scripts that need more room than Inter get it.
            height = max(line_height, round(line.height()) + 1)
            line.setPosition(QPointF(0, top + (height - line.height()) / 2))
            self.natural_width = max(self.natural_width, line.naturalTextWidth())
            self._lines.append((line, top, height))
            top += height
        self._layout.endLayout()
        return max(top, line_height)

    def draw(self, painter: QPainter, marks: Sequence[Mark], clip: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._style.inline_code)
        at = 0
        first, last = self._between(clip.top(), clip.bottom())
        for span in self.spans:
            if span.code and first < at + len(span.text) and at < last:
                for rect in self.rects(at, at + len(span.text)):
                    middle = rect.center().y()
                    painter.drawRoundedRect(
                        QRectF(rect.left() - 2, middle - 9, rect.width() + 4, 19), 4, 4
                    )
            at += len(span.text)
        for mark in marks:
            for rect in self.rects(mark.start, mark.end):
                painter.fillRect(rect, mark.colour)
        painter.setPen(self._style.text)
        self._layout.draw(painter, QPointF(0, 0), [], clip)
        for link in self.links() if self._is_cited else ():
            if link.citation:
                draw_citation(painter, link.citation, link.rects[0], self._style)

    def hit(self, point: QPointF) -> int:
        for line, top, height in self._lines:
            if point.y() < top + height or line is self._lines[-1][0]:
                return self._counting.from_qt(line.xToCursor(point.x()))
        return 0

    def _between(self, top: float, bottom: float) -> tuple[int, int]:
        """From and to where the text reaches that stands between two heights."""
        seen = [line for line, y, height in self._lines if y + height > top and y < bottom]
        if not seen:
            return 0, 0
        last = seen[-1].textStart() + seen[-1].textLength()
        return self._counting.from_qt(seen[0].textStart()), self._counting.from_qt(last)

    def rects(self, start: int, end: int) -> list[QRectF]:
        first, last = self._counting.to_qt(start), self._counting.to_qt(end)
        if first >= last or not self._lines:
            return []
        found = []
        begin = self._layout.lineForTextPosition(first).lineNumber()
        for line, top, height in self._lines[begin:]:
            start, end = line.textStart(), line.textStart() + line.textLength()
            if start >= last:
                break
            for left, right in self._extents(line, max(first, start), min(last, end)):
                found.append(QRectF(left, top, right - left, height))
        return found

    def _extents(self, line: QTextLine, start: int, end: int) -> list[tuple[float, float]]:
        """From where to where a part of a line reaches, on screen."""
        if not self._mixes_directions:
            return [(x_of(line, start), x_of(line, end))]
        runs = [run.boundingRect() for run in line.glyphRuns(start, end - start)]
        return [(run.left(), run.right()) for run in runs]

    def links(self) -> list[Link]:
        if self._links is None:  # Asked for with each frame.
            self._links = list(self._found_links())
        return self._links

    def _found_links(self) -> Iterator[Link]:
        at = 0
        for span in self.spans:
            end = at + len(span.text)
            if span.link:
                yield Link(span.link, self.rects(at, end))
            elif span.citation:
                [rect] = self.rects(at + len(JOINER), end)
                yield Link("", [_plate(rect)], span.citation)
            at = end


def _plate(rect: QRectF) -> QRectF:
    """The mark of a citation: round, a little above the middle of the line."""
    return QRectF(rect.left() + 1, rect.center().y() - 10, rect.width() - 1, 15)


def draw_citation(
    painter: QPainter, number: int, plate: QRectF, style: Style, *, is_pointed: bool = False
) -> None:
    """Draw the mark of a citation, under the pointer or not."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.accent if is_pointed else style.inline_code)
    painter.drawRoundedRect(plate, 5, 5)
    painter.setFont(style.citation)
    painter.setPen(style.on_accent if is_pointed else style.accent)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, str(number))


def x_of(line: QTextLine, position: int) -> float:
    """Where in a line the character at a position begins, in pixels."""
    x = line.cursorToX(position)
    assert isinstance(x, tuple)  # Of the place and the position, whatever the stubs say.
    return float(x[0])
