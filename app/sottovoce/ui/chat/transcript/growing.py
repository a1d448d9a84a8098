"""Markdown that arrives bit by bit: only the part that can still change is parsed again."""

import re
from dataclasses import replace

from sottovoce.ui.chat.transcript.markdown import (
    Block,
    Code,
    Resume,
    Row,
    Spans,
    Table,
    normalised,
    parse_from,
)

# A definition such as "[name]: address" gives meaning to words far above it.
_DEFINITION = re.compile(r"^[ \t>*+\-\d.)]*\[[^\]]+\]:", re.MULTILINE)
_FENCE = re.compile(r"(`{3,}|~{3,})[^`\n]*\n")
_ROWS_WORTH_HOLDING = 8


class Growing:
    """A Markdown text under way. `blocks` are at any moment those of the whole text so far."""

    def __init__(self, text: str = "") -> None:
        self.text = ""
        self.blocks: list[Block] = []
        self._closed: list[Block] = []
        self._start = 0
        """Where the text begins that isn't in `_closed` or `_rows`."""
        self._resume: Resume | None = None
        self._table_head = ""
        """The first two lines of a long table whose end is still to come."""
        self._rows: tuple[Row, ...] = ()
        self._known: dict[str, Spans] = {}
        self._has_definitions = False
        self._carriage_return = ""
        self.grow(text)

    def grow(self, text: str) -> int:
        """Add text. Returns how many of the first blocks are as they were."""
        text = self._carriage_return + text
        self._carriage_return = "\r" if text.endswith("\r") else ""
        text = normalised(text.removesuffix("\r"))
        line = self.text[self.text.rfind("\n") + 1 :] + text
        self.text += text
        if self._grow_code(line):
            return len(self.blocks) - 1

        before = self.blocks
        kept = len(self._closed)
        self._notice_definitions()
        if self._has_definitions:
            kept = 0
        elif "\n" in text:
            self._close()
        tail, _ = parse_from(self._tail, self._resume, self._known)
        self.blocks = self._closed + self._with_rows(tail)
        most = min(len(before), len(self.blocks))
        while kept < most and before[kept] == self.blocks[kept]:
            kept += 1
        return kept

    @property
    def _tail(self) -> str:
        return self._table_head + self.text[self._start :]

    def _grow_code(self, line: str) -> bool:
        """The quick way for lines of code: nothing but a fence could make them anything else."""
        if len(self.blocks) != len(self._closed) + 1:
            return False
        last = self.blocks[-1]
        if not isinstance(last.content, Code) or not last.content.is_open:
            return False
        fence = _FENCE.match(self.text, self._start)
        if last.within or fence is None or fence[1][0] in line:
            return False
        lines = self.text[fence.end() :]
        newest = lines[lines.rfind("\n") + 1 :]
        if newest.isspace():  # markdown-it doesn't count blanks at the very end as a line.
            lines = lines.removesuffix(newest)
        code = replace(last.content, text=lines.removesuffix("\n"))
        self.blocks = [*self.blocks[:-1], replace(last, content=code)]
        return True

    def _notice_definitions(self) -> None:
        if self._has_definitions or not _DEFINITION.search(self.text, self._start):
            return
        self._has_definitions = True
        self._closed, self._start, self._resume = [], 0, None
        self._table_head, self._rows = "", ()

    def _close(self) -> None:
        """Put aside what no further line can change. Only whole lines count: they are final."""
        whole = self._tail[: self._tail.rfind("\n") + 1]
        blocks, cut = parse_from(whole, self._resume, self._known)
        blocks = self._with_rows(blocks)
        lines = whole.splitlines(keepends=True)
        if cut.blocks:
            self._closed = self._closed + blocks[: cut.blocks]
            self._start += sum(map(len, lines[: cut.line])) - len(self._table_head)
            self._resume = cut.resume
            self._table_head, self._rows = "", ()
            lines = lines[cut.line :]
        last = blocks[-1] if blocks else None
        if last is None or last.within or not isinstance(last.content, Table):
            return
        fresh = len(last.content.rows) - len(self._rows)
        if fresh < _ROWS_WORTH_HOLDING:
            return
        empty = next(number for number, line in enumerate(lines) if line.strip())
        head = "".join(lines[empty : empty + 2])
        self._start += sum(map(len, lines[: empty + 2 + fresh])) - len(self._table_head)
        self._table_head, self._rows = head, last.content.rows

    def _with_rows(self, blocks: list[Block]) -> list[Block]:
        """The blocks of the tail, its first table whole again."""
        if not self._rows or not isinstance(blocks[0].content, Table):
            return blocks
        table = replace(blocks[0].content, rows=self._rows + blocks[0].content.rows)
        return [replace(blocks[0], content=table), *blocks[1:]]
