"""A table, laid out. A row that needs only one line is not laid out before it is seen."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from sottovoce.ui.chat.transcript.characters import shown
from sottovoce.ui.chat.transcript.markdown import Row, Span, Spans, Table
from sottovoce.ui.chat.transcript.shape import Link, Mark, Sideways, draw_thumb
from sottovoce.ui.chat.transcript.style import LINE, Style
from sottovoce.ui.chat.transcript.words import Words

_ACROSS, _ABOVE = 13, 5
"""Padding of a cell."""
_STEP = 32
"""Columns grow in steps of so many pixels, so that a table under way is seldom laid out afresh."""
_WIDEST = 420
_NARROWEST = 96


class TableBox:
    """A table in its frame."""

    def __init__(
        self, table: Table, width: float, style: Style, old: "TableBox | None" = None
    ) -> None:
        self.table = table
        self.text = table.text
        self.width = width
        self._style = style
        self._rows: list[Row] = [tuple(_bold(cell) for cell in table.head), *table.rows]
        kept = old._same_rows(self._rows) if old is not None and old.width == width else 0
        self._natural: list[list[float]] = [] if old is None else old._natural[:kept]
        self._natural.extend([_natural(cell, style) for cell in row] for row in self._rows[kept:])
        self._columns = self._column_widths()
        if old is None or old._columns != self._columns:
            kept = 0
        self._laid: dict[tuple[int, int], Words] = {}
        self._heights: list[int] = []
        if old is not None:
            self._laid = {key: cell for key, cell in old._laid.items() if key[0] < kept}
            self._heights = old._heights[:kept]
        self._heights.extend(self._row_height(i) for i in range(kept, len(self._rows)))
        self._lefts = [0.0, *accumulate(self._columns)]
        self._tops = [0, *accumulate(self._heights)]
        self.height = self._tops[-1] + 2
        self.sideways: Sideways | None = Sideways(width, self._lefts[-1] + 1)
        if self.sideways.most:
            self.height += 12
        if old is not None and old.sideways is not None:
            self.sideways.move(old.sideways.at)
        self._cells = _cell_starts(self._rows)

    def _same_rows(self, rows: list[Row]) -> int:
        most = min(len(rows), len(self._rows))
        return next((i for i in range(most) if rows[i] != self._rows[i]), most)

    def _column_widths(self) -> list[float]:
        """The table as wide as the page where that does, wider only where words would be broken."""
        wanted = [
            min(
                _WIDEST,
                ceil((max(row[i] for row in self._natural) + 2 * _ACROSS + 4) / _STEP) * _STEP,
            )
            for i in range(len(self.table.head))
        ]
        total = sum(wanted)
        if total <= self.width:
            return [width * (self.width - 1) / total for width in wanted]
        narrow = [min(width, _NARROWEST) for width in wanted]
        if sum(narrow) >= self.width:
            return [float(min(width, 2 * _NARROWEST)) for width in wanted]
        share = (self.width - 1 - sum(narrow)) / (total - sum(narrow))
        return [low + (width - low) * share for low, width in zip(narrow, wanted, strict=True)]

    def _row_height(self, row: int) -> int:
        inner = [width - 2 * _ACROSS for width in self._columns]
        fits = all(
            natural + 3 <= room for natural, room in zip(self._natural[row], inner, strict=True)
        )
        if fits:
            return LINE + 2 * _ABOVE
        return max(self._cell(row, i).height for i in range(len(inner))) + 2 * _ABOVE

    def _cell(self, row: int, column: int) -> Words:
        key = (row, column)
        if key not in self._laid:
            spans = self._rows[row][column]
            width = self._columns[column] - 2 * _ACROSS
            align = self.table.aligns[column]
            self._laid[key] = Words(spans, width, self._style, align=align)
        return self._laid[key]

    def _origin(self, row: int, column: int) -> QPointF:
        assert self.sideways is not None
        left = self._lefts[column] - self.sideways.at + _ACROSS
        return QPointF(left, self._tops[row] + _ABOVE)

    @property
    def thumb(self) -> QRectF:
        return QRectF() if self.sideways is None else self.sideways.thumb(0, self.height)

    def draw(self, painter: QPainter, marks: Sequence[Mark], clip: QRectF) -> None:
        assert self.sideways is not None
        first = max(0, bisect_right(self._tops, clip.top()) - 1)
        last = min(len(self._rows), bisect_right(self._tops, clip.bottom()))
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width, self.height), Qt.ClipOperation.IntersectClip)
        left, right = -self.sideways.at, self._lefts[-1] - self.sideways.at
        if first == 0:
            painter.fillRect(QRectF(left, 0, right - left, self._tops[1]), self._style.code_header)
        for row in range(first, last):
            for column in range(len(self._columns)):
                self._draw_cell(painter, row, column, marks)
        self._draw_lines(painter, first, last)
        painter.restore()
        draw_thumb(painter, self.thumb, self._style.line)

    def _draw_cell(self, painter: QPainter, row: int, column: int, marks: Sequence[Mark]) -> None:
        cell = self._cell(row, column)
        origin = self._origin(row, column)
        start = self._cells[row * len(self._columns) + column]
        inside = [
            Mark(max(0, mark.start - start), min(len(cell.text), mark.end - start), mark.colour)
            for mark in marks
            if mark.start < start + len(cell.text) and mark.end > start
        ]
        painter.translate(origin)
        cell.draw(painter, inside, QRectF(0, 0, cell.natural_width + 4_000, cell.height))
        painter.translate(-origin)

    def _draw_lines(self, painter: QPainter, first: int, last: int) -> None:
        assert self.sideways is not None
        painter.setPen(QPen(self._style.line, 1))
        left, right = 0.5 - self.sideways.at, self._lefts[-1] - self.sideways.at + 0.5
        for row in range(first, last + 1):
            y = self._tops[row] + 0.5
            painter.drawLine(QPointF(left, y), QPointF(right, y))
        top, bottom = self._tops[first] + 0.5, self._tops[last] + 0.5
        for edge in self._lefts:
            x = int(edge - self.sideways.at) + 0.5
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def hit(self, point: QPointF) -> int:
        assert self.sideways is not None
        x = point.x() + self.sideways.at
        row = max(0, min(len(self._rows) - 1, bisect_right(self._tops, point.y()) - 1))
        column = max(0, min(len(self._columns) - 1, bisect_right(self._lefts, x) - 1))
        inside = self._cell(row, column).hit(point - self._origin(row, column))
        return self._cells[row * len(self._columns) + column] + inside

    def rects(self, start: int, end: int) -> list[QRectF]:
        found: list[QRectF] = []
        first = max(0, bisect_right(self._cells, start) - 1)
        for index in range(first, len(self._rows) * len(self._columns)):
            if self._cells[index] >= end:
                break
            row, column = divmod(index, len(self._columns))
            cell, origin = self._cell(row, column), self._origin(row, column)
            begin = self._cells[index]
            part = cell.rects(max(0, start - begin), min(len(cell.text), end - begin))
            found.extend(rect.translated(origin) for rect in part)
        return found

    def links(self) -> list[Link]:
        return [
            link._replace(rects=[rect.translated(self._origin(row, column)) for rect in link.rects])
            for (row, column), cell in sorted(self._laid.items())
            for link in cell.links()
        ]


def _bold(cell: Spans) -> Spans:
    return tuple(
        Span(s.text, bold=True, italic=s.italic, struck=s.struck, code=s.code, link=s.link)
        for s in cell
    )


def _natural(cell: Spans, style: Style) -> float:
    """How wide a cell's words are in one line."""
    return sum(
        QFontMetricsF(style.format(span).font()).horizontalAdvance(shown(span.text))
        + (6 if span.code else 0)
        for span in cell
    )


def _cell_starts(rows: list[Row]) -> list[int]:
    """Where in the table's text each cell begins."""
    starts = []
    at = 0
    for row in rows:
        for cell in row:
            starts.append(at)
            at += sum(len(span.text) for span in cell) + 1
    return starts
