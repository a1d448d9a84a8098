"""What is selected, and how it reads as plain text and as HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QTextBoundaryFinder

from sottovoce.ui.chat.transcript.characters import Counting
from sottovoce.ui.chat.transcript.markdown import (
    Block,
    Code,
    Container,
    Paragraph,
    Row,
    Spans,
    Table,
    cut_spans,
)


class Place(NamedTuple):
    """A position in a transcript."""

    message: int
    """The how-manieth of the transcript."""
    block: int
    offset: int
    """In the block's text."""


class Unit(Enum):
    """What a selection grows by."""

    CHARACTER = 1
    WORD = 2
    PARAGRAPH = 3


END = 1 << 60
"""Beyond the last block, the last character."""


@dataclass(frozen=True, slots=True)
class Selection:
    """From where it was begun to where it was taken."""

    origin: tuple[Place, Place]
    """What was selected at first; both places are the same for a mere position."""
    head: tuple[Place, Place]
    unit: Unit = Unit.CHARACTER

    @property
    def first(self) -> Place:
        return min(self.origin[0], self.head[0])

    @property
    def last(self) -> Place:
        return max(self.origin[1], self.head[1])

    @property
    def is_empty(self) -> bool:
        return self.first == self.last

    def part(self, message: int, block: int, length: int) -> tuple[int, int]:
        """Which characters of a block are selected, from and to; equal if none are."""
        here = (message, block)
        if not self.first[:2] <= here <= self.last[:2]:
            return 0, 0
        start = self.first.offset if here == self.first[:2] else 0
        end = self.last.offset if here == self.last[:2] else length
        return min(start, length), min(end, length)


def word_at(text: str, offset: int) -> tuple[int, int]:
    """From and to where the word at a position reaches, in any script."""
    if not text:
        return 0, 0
    counting = Counting(text)
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Word, text)
    finder.setPosition(counting.to_qt(min(offset, len(text) - 1)))
    if not finder.isAtBoundary():
        finder.toPreviousBoundary()
    start = max(0, finder.position())
    finder.toNextBoundary()
    return counting.from_qt(start), counting.from_qt(finder.position())


class Part(NamedTuple):
    """Characters `start` to `end` of a block."""

    block: Block
    start: int
    end: int


def plain_text(parts: Iterable[Part]) -> str:
    """Parts of one message as they read, without Markdown."""
    text = ""
    for i, (block, start, end) in enumerate(parts):
        text += f"{block.joint if i else ''}{block.text[start:end]}"
    return text


def html(parts: Sequence[Part]) -> str:
    """Parts of one message for programs that take rich text."""
    out = []
    for block, start, end in parts:
        inner = _content_html(block, start, end)
        if Container.LIST in block.within and isinstance(block.content, Paragraph):
            depth = block.within.count(Container.LIST)
            marker = f"{escape(block.marker)} " if block.marker else ""
            inner = f'<p style="margin-left:{depth * 24}px">{marker}{inner}</p>'
        elif isinstance(block.content, Paragraph):
            tag = f"h{block.content.level}" if block.content.level else "p"
            inner = f"<{tag}>{inner}</{tag}>"
        for container in block.within:
            if container is Container.QUOTE:
                inner = f"<blockquote>{inner}</blockquote>"
        out.append(inner)
    return "\n".join(out)


def _content_html(block: Block, start: int, end: int) -> str:
    match block.content:
        case Paragraph(spans):
            return _spans_html(cut_spans(spans, start, end))
        case Code(text):
            return f"<pre><code>{escape(text[start:end])}</code></pre>"
        case Table():
            return _table_html(block.content, start, end)
        case _:
            return "<hr>"


def _table_html(table: Table, start: int, end: int) -> str:
    """The rows of which anything is selected."""
    rows = []
    at = 0
    for i, row in enumerate((table.head, *table.rows)):
        length = sum(len(span.text) for cell in row for span in cell) + len(row)
        if at < end and start < at + length:
            rows.append(_row_html(row, "td" if i else "th"))
        at += length
    return f'<table border="1" cellspacing="0" cellpadding="6">{"".join(rows)}</table>'


def _row_html(row: Row, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_spans_html(cell)}</{tag}>" for cell in row) + "</tr>"


def _spans_html(spans: Spans) -> str:
    out = []
    for span in spans:
        text = escape(span.text).replace("\n", "<br>")
        for is_on, tag in (
            (span.code, "code"),
            (span.struck, "s"),
            (span.italic, "em"),
            (span.bold, "strong"),
        ):
            if is_on:
                text = f"<{tag}>{text}</{tag}>"
        if span.link:
            text = f'<a href="{escape(span.link)}">{text}</a>'
        out.append(text)
    return "".join(out)
