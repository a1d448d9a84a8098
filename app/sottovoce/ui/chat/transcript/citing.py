"""The marks of citations and doubts, put where a reply's checked statements stand on screen."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sottovoce.domain.document import Sources, Support
from sottovoce.ui.chat.transcript.markdown import (
    Block,
    Code,
    Paragraph,
    Span,
    Spans,
    Table,
    cut_spans,
)

JOINER = "\N{WORD JOINER}"
"""In front of a mark, so that no line begins with one."""
_FAR = 2_000
"""Characters of markup that may lie between two runs of words, such as an address."""
_NEAR = 80
_WORD = re.compile(r"\S+")


class _Run(NamedTuple):
    """Words that stand in the written text just as they do in a block."""

    written: int
    """Where they begin in the written text."""
    block: int
    shown: int
    """Where they begin in the block's text."""
    length: int


class _Note(NamedTuple):
    """Something to show at a part of a block's text."""

    start: int
    end: int
    doubt: Support | None = None
    citations: tuple[int, ...] = ()
    """Whose marks stand at the end."""


def cited(blocks: Sequence[Block], text: str, sources: Sources) -> list[Block]:
    """The blocks of a written text, with the marks of what was found out about its statements."""
    known = {citation.number for citation in sources.citations}
    runs = list(_runs(blocks, text))
    starts = [run.written for run in runs]
    notes: dict[int, list[_Note]] = {}
    for statement in sources.statements:
        numbers = tuple(number for number in statement.citations if number in known)
        doubt = None if statement.support is Support.SUPPORTED else statement.support
        if doubt is None and not numbers:
            continue
        end = statement.start + len(text[statement.start : statement.end].rstrip())
        last = bisect_left(starts, end) - 1
        first = max(0, bisect_right(starts, statement.start) - 1)
        for at in range(first, last + 1):
            run = runs[at]
            begin = max(0, min(run.length, statement.start - run.written))
            until = min(run.length, end - run.written)
            marks = numbers if at == last else ()
            if begin < until and (doubt or marks):
                note = _Note(run.shown + begin, run.shown + until, doubt, marks)
                notes.setdefault(run.block, []).append(note)
    return [
        _noted(block, notes[index]) if index in notes else block
        for index, block in enumerate(blocks)
    ]


def doubt_at(block: Block, offset: int) -> Support | None:
    """How the words at a position in a block's text fail to be borne out; None if they don't."""
    for start, spans in _cells(block):
        for span in cut_spans(spans, offset - start, offset - start + 1):
            return span.doubt
    return None


def _runs(blocks: Sequence[Block], text: str) -> Iterator[_Run]:
    """Where the words of the blocks stand in the text they were made from.

    Markdown-it does not tell where in a line it found what, so each run of words in one style is
    looked for behind the one before.
    """
    written = 0
    for index, block in enumerate(blocks):
        for start, spans in _cells(block):
            shown = start
            for span in spans:
                found = text.find(span.text, written, written + len(span.text) + _FAR)
                if found >= 0:
                    yield _Run(found, index, shown, len(span.text))
                    written = found + len(span.text)
                else:  # An escape or an entity is written otherwise than it is shown.
                    for word in _WORD.finditer(span.text):
                        found = text.find(word[0], written, written + len(word[0]) + _NEAR)
                        if found >= 0:
                            yield _Run(found, index, shown + word.start(), len(word[0]))
                            written = found + len(word[0])
                shown += len(span.text)


def _cells(block: Block) -> Iterator[tuple[int, Spans]]:
    """The words of a block in pieces that are styled by themselves, and where each begins."""
    match block.content:
        case Paragraph(spans):
            yield 0, spans
        case Table(head, rows):
            at = 0
            for row in (head, *rows):
                for cell in row:
                    yield at, cell
                    at += sum(len(span.text) for span in cell) + 1
        case Code(text):
            at = 0
            for line in text.splitlines(keepends=True):
                yield at, (Span(line.rstrip("\n")),)
                at += len(line)


def _noted(block: Block, notes: Sequence[_Note]) -> Block:
    cells = iter([_noted_spans(spans, start, notes) for start, spans in _cells(block)])
    match block.content:
        case Paragraph():
            return replace(block, content=replace(block.content, spans=next(cells)))
        case Table(head, rows):
            head, *rows_ = (tuple(next(cells) for _ in row) for row in (head, *rows))
            return replace(block, content=replace(block.content, head=head, rows=tuple(rows_)))
        case _:
            return block  # Code stays exactly as it is.


def _noted_spans(spans: Spans, start: int, notes: Sequence[_Note]) -> Spans:
    """The spans, of which the first begins at `start`, with what is noted about them."""
    end = start + sum(len(span.text) for span in spans)
    made: list[Span] = []
    at = start
    for note in notes:
        if note.end <= start or note.start >= end:
            continue
        made += cut_spans(spans, at - start, note.start - start)
        inside = cut_spans(spans, max(at, note.start) - start, note.end - start)
        made += [span._replace(doubt=note.doubt) for span in inside] if note.doubt else inside
        made += [Span(f"{JOINER}[{number}]", citation=number) for number in note.citations]
        at = max(at, note.end)
    made += cut_spans(spans, at - start, end - start)
    return tuple(span for span in made if span.text)
