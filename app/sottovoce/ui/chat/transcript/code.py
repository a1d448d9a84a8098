"""A block of code, laid out: a header with its language and a button, then unbroken lines."""

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QTextLayout, QTextOption

from sottovoce.ui.chat.transcript.characters import Counting, shown
from sottovoce.ui.chat.transcript.highlight import Inked, highlight
from sottovoce.ui.chat.transcript.markdown import Code
from sottovoce.ui.chat.transcript.shape import Link, Mark, Sideways, draw_thumb
from sottovoce.ui.chat.transcript.style import CODE_LINE, Style
from sottovoce.ui.chat.transcript.words import x_of

HEADER = 34
PADDING = 14
_ABOVE, _BELOW = 9, 12
_BAR = 6
"""More room for the scroll bar of what is too wide."""
_ENDLESS = 1_000_000.0
"""Pixels: a line of code is as wide as it is, but Qt measures it only when given a width."""
_TAB = 4
"""Characters from one tab stop to the next."""
_LONGEST_LINE = 2_000
"""Characters; longer ones go on in the next line, for shaping them costs too much."""


def code_height(text: str) -> int:
    """How high a block of this code is, in pixels, without laying it out."""
    long_lines = len(text) // _LONGEST_LINE
    lines = text.count("\n") + 1
    if long_lines:
        lines = len(_line_starts(text))
    return HEADER + _ABOVE + lines * CODE_LINE + _BELOW


class CodeBox:
    """Code in its frame. Only lines that are seen are shaped."""

    def __init__(
        self, code: Code, width: float, style: Style, old: "CodeBox | None" = None
    ) -> None:
        self.code = code
        self.text = code.text
        self.width = width
        self._style = style
        self._starts = _line_starts(code.text)
        self.height = HEADER + _ABOVE + len(self._starts) * CODE_LINE + _BELOW
        self.sideways: Sideways | None = Sideways(width - 2 * PADDING, self._longest())
        if self.sideways.most:
            self.height += _BAR
        self._inks: list[Inked] | None = [] if code.is_open else None
        self._ink_starts: list[int] = []
        self._laid: dict[int, QTextLayout] = {}
        if old is not None and old.width == width:
            self._take_over(old)

    def _take_over(self, old: "CodeBox") -> None:
        """Keep what is the same as in the shorter code before."""
        assert self.sideways is not None
        assert old.sideways is not None
        self.sideways.move(old.sideways.at)
        if self.code.is_open and self.text.startswith(old.text):
            last = len(old._starts) - 1
            self._laid = {i: laid for i, laid in old._laid.items() if i < last}

    def _longest(self) -> float:
        """The width of the longest line. Type of one width spares measuring nearly all of them."""
        if self.text.isascii():
            lines = self.text.expandtabs(_TAB).split("\n")
            return min(max(map(len, lines)), _LONGEST_LINE) * self._style.code_letter_width + 2
        metrics = QFontMetricsF(self._style.code_type)
        lines = sorted((self._line(i) for i in range(len(self._starts))), key=len)[-20:]
        return max(metrics.horizontalAdvance(shown(line.expandtabs(_TAB))) for line in lines) + 2

    def _line(self, index: int) -> str:
        start = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].removesuffix("\n")

    @property
    def copy_rect(self) -> QRectF:
        """Of the button that copies all."""
        return QRectF(self.width - 86, 4, 80, HEADER - 8)

    @property
    def thumb(self) -> QRectF:
        return QRectF() if self.sideways is None else self.sideways.thumb(PADDING, self.height)

    def draw(self, painter: QPainter, marks: Sequence[Mark], clip: QRectF) -> None:
        assert self.sideways is not None
        frame = QRectF(0, 0, self.width, self.height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._style.code)
        painter.drawRoundedRect(frame, 10, 10)
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width, HEADER), Qt.ClipOperation.IntersectClip)
        painter.setBrush(self._style.code_header)
        painter.drawRoundedRect(frame, 10, 10)
        painter.restore()
        painter.setFont(self._style.small)
        painter.setPen(self._style.muted)
        language = QFontMetricsF(self._style.small).elidedText(
            shown(self.code.language or "text"), Qt.TextElideMode.ElideRight, self.width - 120
        )
        painter.drawText(
            QRectF(PADDING, 0, self.width, HEADER), Qt.AlignmentFlag.AlignVCenter, language
        )

        painter.save()
        painter.setClipRect(
            QRectF(4, HEADER, self.width - 8, self.height), Qt.ClipOperation.IntersectClip
        )
        for mark in marks:
            for rect in self.rects(mark.start, mark.end):
                painter.fillRect(rect, mark.colour)
        painter.setPen(self._style.text)
        first = max(0, int(clip.top() - HEADER - _ABOVE) // CODE_LINE)
        last = min(len(self._starts) - 1, int(clip.bottom() - HEADER - _ABOVE) // CODE_LINE)
        for index in range(first, last + 1):
            self._layout(index).draw(painter, QPointF(PADDING - self.sideways.at, self._top(index)))
        painter.restore()
        draw_thumb(painter, self.thumb, self._style.line)

    def _top(self, index: int) -> float:
        return HEADER + _ABOVE + index * CODE_LINE

    def _layout(self, index: int) -> QTextLayout:
        if index not in self._laid:
            self._laid[index] = self._shaped(index)
        return self._laid[index]

    def _shaped(self, index: int) -> QTextLayout:
        line = self._line(index)
        laid = QTextLayout(shown(line), self._style.code_type)
        laid.setCacheEnabled(True)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setTabStopDistance(_TAB * self._style.code_letter_width)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        laid.setTextOption(option)
        laid.setFormats(self._formats(self._starts[index], line))
        laid.beginLayout()
        made = laid.createLine()
        made.setLineWidth(_ENDLESS)
        made.setPosition(QPointF(0, (CODE_LINE - made.height()) / 2))
        laid.endLayout()
        return laid

    def _formats(self, start: int, line: str) -> list[QTextLayout.FormatRange]:
        if self._inks is None:
            self._inks = highlight(self.text, self.code.language)
            self._ink_starts = [inked.start for inked in self._inks]
        counting = Counting(shown(line))
        formats = []
        at = max(0, bisect_right(self._ink_starts, start) - 1)
        while at < len(self._inks) and self._inks[at].start < start + len(line):
            inked = self._inks[at]
            at += 1
            if inked.end <= start:
                continue
            part = QTextLayout.FormatRange()
            part.start = counting.to_qt(max(0, inked.start - start))
            part.length = counting.to_qt(min(len(line), inked.end - start)) - part.start
            part.format = self._style.ink(inked.ink)
            formats.append(part)
        return formats

    def hit(self, point: QPointF) -> int:
        assert self.sideways is not None
        index = int(point.y() - HEADER - _ABOVE) // CODE_LINE
        if index < 0:
            return 0
        if index >= len(self._starts):
            return len(self.text)
        x = point.x() - PADDING + self.sideways.at
        at = self._layout(index).lineAt(0).xToCursor(x)
        return self._starts[index] + Counting(shown(self._line(index))).from_qt(at)

    def rects(self, start: int, end: int) -> list[QRectF]:
        if start >= end:
            return []
        found = []
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        for index in range(first, last + 1):
            line = self._line(index)
            begin = max(0, start - self._starts[index])
            until = min(len(line), end - self._starts[index])
            left, right = self._x(index, begin), self._x(index, until)
            # The end of a line is seen to be selected too.
            wider = 4.0 if end > self._starts[index] + len(line) else 0.0
            found.append(QRectF(left, self._top(index), right - left + wider, CODE_LINE))
        return found

    def _x(self, index: int, position: int) -> float:
        assert self.sideways is not None
        line = self._line(index)
        if line.isascii() and "\t" not in line:
            x = position * self._style.code_letter_width
        else:
            at = Counting(shown(line)).to_qt(position)
            x = x_of(self._layout(index).lineAt(0), at)
        return PADDING - self.sideways.at + x

    def links(self) -> list[Link]:
        return []


def _line_starts(text: str) -> list[int]:
    starts: list[int] = []
    at = 0
    for line in text.split("\n"):
        starts.extend(range(at, at + max(1, len(line)), _LONGEST_LINE))
        at += len(line) + 1
    return starts
