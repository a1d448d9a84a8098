"""What goes to the clipboard: text that reads as on screen, and HTML for programs that take it."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QMimeData, QStringListModel

from sottovoce.ui.chat.transcript.citing import JOINER
from sottovoce.ui.chat.transcript.column import Column
from sottovoce.ui.chat.transcript.markdown import (
    Block,
    Code,
    Container,
    Paragraph,
    Row,
    Spans,
    Table,
    cut_spans,
    typed,
)
from sottovoce.ui.chat.transcript.selection import Selection

_MOST_RENDERED = 300
"""Beyond this number, messages are copied as written: reading each takes about a millisecond."""


class Part(NamedTuple):
    """Characters `start` to `end` of a block."""

    block: Block
    start: int
    end: int


def selected(column: Column, selection: Selection) -> Iterator[list[Part]]:
    """What is selected, message by message."""
    first, last = selection.first.message, selection.last.message
    for place in range(first, min(last + 1, len(column.messages))):
        is_within = first < place < last
        if is_within and last - first > _MOST_RENDERED:
            blocks: Sequence[Block] = typed(column.messages[place].text)
        else:
            blocks = column.blocks(place)
        parts = []
        for index, block in enumerate(blocks):
            start, end = selection.part(place, index, len(block.text))
            if start < end or (not block.text and selection.spans(place, index)):
                parts.append(Part(block, start, end))
        if parts:
            yield parts


def whole(blocks: Sequence[Block]) -> list[Part]:
    """All of a message."""
    return [Part(block, 0, len(block.text)) for block in blocks]


def for_clipboard(text: str, messages: Sequence[Sequence[Part]]) -> QMimeData:
    """The text, and the parts of each message as HTML."""
    data = _made_by_qt()
    data.setText(text)
    data.setHtml("\n".join(html(parts) for parts in messages))
    return data


def _made_by_qt() -> QMimeData:
    """Empty data that may outlive Python.

    WORKAROUND: https://bugreports.qt.io/browse/PYSIDE-2254 and its kin. The clipboard lets go of
    its data when the process exits; what Python has made is then destroyed without an interpreter,
    and the process crashes. What Qt has made is only wrapped.
    """
    model = QStringListModel([""])
    data = model.mimeData([model.index(0)])
    for format_ in data.formats():
        data.removeFormat(format_)
    return data


def plain_text(parts: Sequence[Part]) -> str:
    """Parts of one message as they read, without Markdown."""
    pieces = []
    for i, (block, start, end) in enumerate(parts):
        pieces += [block.joint if i else "", block.text[start:end].replace(JOINER, " ")]
    return "".join(pieces)


def html(parts: Sequence[Part]) -> str:
    """Parts of one message as HTML in which nothing is loaded from anywhere."""
    return "\n".join(_block_html(*part) for part in parts)


def _block_html(block: Block, start: int, end: int) -> str:
    match block.content:
        case Paragraph(spans, level):
            tag = f"h{level}" if level else "p"
            indent = block.within.count(Container.LIST) * 24
            style = f' style="margin-left:{indent}px"' if indent else ""
            marker = f"{escape(block.marker)} " if block.marker else ""
            inner = f"<{tag}{style}>{marker}{_spans_html(cut_spans(spans, start, end))}</{tag}>"
        case Code(text):
            inner = f"<pre><code>{escape(text[start:end])}</code></pre>"
        case Table():
            inner = _table_html(block.content, start, end)
        case _:
            inner = "<hr>"
    quotes = block.within.count(Container.QUOTE)
    return "<blockquote>" * quotes + inner + "</blockquote>" * quotes


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
    cells = "".join(f"<{tag}>{_spans_html(cell)}</{tag}>" for cell in row)
    return f"<tr>{cells}</tr>"


def _spans_html(spans: Spans) -> str:
    out = []
    for span in spans:
        text = escape(span.text.removeprefix(JOINER)).replace("\n", "<br>")
        tags = {
            "sup": bool(span.citation),
            "code": span.code,
            "s": span.struck,
            "em": span.italic,
            "strong": span.bold,
        }
        for tag, is_on in tags.items():
            if is_on:
                text = f"<{tag}>{text}</{tag}>"
        if span.link:
            text = f'<a href="{escape(span.link)}">{text}</a>'
        out.append(text)
    return "".join(out)
