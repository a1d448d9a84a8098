"""What the lines of a page are, told by where they stand and how they look.

For pages that know no paragraphs, only ink: printed ones and scanned ones. Lengths are in points,
counted from the upper left corner of the page.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from sottovoce.domain.document import Block, BlockKind

_LARGER = 1.12
"""How many times the size of the running text a heading has at least."""
_FEW = 0.25
"""The share of all letters that headings of one size make up at most."""
_HEADING_LINES = 3
"""That a heading has at most."""
_LONGEST_HEADING = 200
"""Characters, over all its lines."""
_LOWEST_LEVEL = 6
_LEADING, _WIDEST_LEADING = 1.3, 3
"""From line to line, in sizes of letters: where nothing is known, and where lines are far apart."""
_LEADING_LINES = 6
"""By which that can be told."""
_SIGN = 5
"""Characters of a line that is hardly one of its own."""
_MARK = re.compile(
    r"(?:[•◦▪▫‣∙·●○■□◆➢➤✓✔–—*\uf0b7\uf0a7\uf0d8-]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,5})[.)])\s+(?=\S)"
)
"""What stands before an item of a list. Symbol fonts keep bullets in the private area."""
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?\s+\S")
_SENTENCE_END = (".", "!", "?", ":", ";", "…", "।", "。", "？", "！")


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of a line with wide gaps around it."""

    start: int
    """In characters of the page's text."""
    end: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, as it looks."""

    top: float
    bottom: float
    size: float
    """Of its letters."""
    cells: tuple[Cell, ...]
    """At least one."""
    is_bold: bool = False
    is_fixed: bool = False
    """Whether all its letters are equally wide, as in programs."""

    @property
    def start(self) -> int:
        return self.cells[0].start

    @property
    def end(self) -> int:
        return self.cells[-1].end

    @property
    def left(self) -> float:
        return self.cells[0].left

    @property
    def right(self) -> float:
        return self.cells[-1].right

    @property
    def is_turned(self) -> bool:
        """Whether it runs up or down the page."""
        return self.bottom - self.top > 3 * self.size and self.end - self.start > 3


@dataclass(frozen=True, slots=True)
class Style:
    """How the text of a document looks, so that a heading can be told from it."""

    size: float = 0
    """Of the running text."""
    is_bold: bool = False
    is_fixed: bool = False
    leading: float = _LEADING
    """From line to line, in sizes of the running text."""
    headings: tuple[float, ...] = ()
    """The sizes of headings, the largest first."""
    recurring: frozenset[str] = field(default_factory=frozenset)
    """What stands on page after page, as `key` has it: never a heading."""


def key(text: str) -> str:
    """`text` without what differs from page to page, or between a heading and its entry."""
    return "".join(sign for sign in text.casefold() if sign.isalpha())


def style(pages: Sequence[tuple[str, Sequence[Line]]]) -> Style:
    """How the text of these pages looks; each with its lines."""
    leading = _leading(lines for _, lines in pages)
    letters: Counter[float] = Counter()
    in_short_runs: Counter[float] = Counter()
    bold, fixed = 0, 0
    on_pages: Counter[str] = Counter()
    for text, lines in pages:
        for line, run in zip(lines, _runs(lines, leading), strict=True):
            length, size = line.end - line.start, _rounded(line.size)
            letters[size] += length
            in_short_runs[size] += length if run <= _HEADING_LINES else 0
            bold += length * line.is_bold
            fixed += length * line.is_fixed
        on_pages.update({key(text[line.start : line.end]) for line in lines})
    if not letters:
        return Style()
    running, _ = letters.most_common(1)[0]
    total = letters.total()
    larger = (size for size in letters if size >= running * _LARGER)
    return Style(
        size=running,
        is_bold=bold > total / 2,
        is_fixed=fixed > total / 2,
        leading=leading,
        headings=tuple(
            size
            for size in sorted(larger, reverse=True)
            if letters[size] <= total * _FEW and in_short_runs[size] > letters[size] / 2
        ),
        recurring=frozenset(
            name for name, times in on_pages.items() if times >= 3 and times > len(pages) / 2
        ),
    )


def rejoined(text: str, lines: Sequence[Line]) -> tuple[str, list[Line]]:
    """The text and lines with ends of lines where lines end, and spaces where they go on.

    Raised and lowered signs break lines, and so does what stands in the next cell of a table.
    """
    signs = list(text)
    whole: list[Line] = []
    for line in lines:
        if not whole or not _stands_beside(whole[-1], line):
            if whole and "\n" not in text[whole[-1].end : line.start]:
                signs[whole[-1].end] = "\n"
            whole.append(line)
            continue
        before = whole[-1]
        for place in range(before.end, line.start):
            signs[place] = " "
        is_near = line.left - before.right < max(line.size, before.size)
        last, first = before.cells[-1], line.cells[0]
        seam = (Cell(last.start, first.end, last.left, first.right),) if is_near else (last, first)
        larger = max(before, line, key=lambda part: part.end - part.start)
        whole[-1] = replace(larger, cells=(*before.cells[:-1], *seam, *line.cells[1:]))
    return "".join(signs), whole


def tabulated(text: str, lines: Iterable[Line], parts: Iterable[Block]) -> str:
    """`text` with a tab between the cells of a table's rows, in the place of a space."""
    rows = {block.start for block in parts if block.kind is BlockKind.TABLE}
    signs = list(text)
    for line in lines:
        if line.start in rows:
            for cell in line.cells[:-1]:
                signs[cell.end] = "\t"
    return "".join(signs)


def blocks(
    text: str, lines: Sequence[Line], looks: Style, entries: Mapping[str, int] | None = None
) -> tuple[Block, ...]:
    """The parts of a page.

    `entries`: the levels of the headings that the table of contents has for this page, by `key`.
    """
    kinds = _kinds(text, lines, looks, entries or {})
    return tuple(_joined(text, lines, kinds, looks.leading))


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: BlockKind
    level: int = 0


_PLAIN = _Kind(BlockKind.PARAGRAPH)
_ITEM = _Kind(BlockKind.LIST)
_ROW = _Kind(BlockKind.TABLE)
_CODE = _Kind(BlockKind.CODE)


def _kinds(
    text: str, lines: Sequence[Line], looks: Style, entries: Mapping[str, int]
) -> list[_Kind]:
    rows = _rows(lines)
    kinds = []
    for index, (line, run) in enumerate(zip(lines, _runs(lines, looks.leading), strict=True)):
        words = text[line.start : line.end]
        before = lines[index - 1] if index else None
        is_apart = (
            before is None or before.is_bold or not _follows_closely(before, line, looks.leading)
        )
        level = entries.get(key(words), 0)
        if not level and index not in rows:
            level = _level(words, line, run, looks, is_apart=is_apart)
        if level:
            kinds.append(_Kind(BlockKind.HEADING, level))
        elif _MARK.match(words):
            kinds.append(_ITEM)
        elif index in rows:
            kinds.append(_ROW)
        elif line.is_fixed and not looks.is_fixed:
            kinds.append(_CODE)
        else:
            kinds.append(_PLAIN)
    return kinds


def _level(words: str, line: Line, run: int, looks: Style, *, is_apart: bool) -> int:
    """Of the heading that the line is, by its looks; 0 if it is none.

    `run`: how many lines of its size stand together. `is_apart`: whether there is a gap above it.
    """
    name = key(words)
    if len(name) < 2 or name in looks.recurring or run > _HEADING_LINES or line.is_turned:
        return 0
    if (size := _rounded(line.size)) in looks.headings:
        return min(looks.headings.index(size) + 1, _LOWEST_LEVEL)
    if not line.is_bold or looks.is_bold or size < looks.size * 0.95 or not is_apart:
        return 0
    begins = words[0].isdigit() or not words[0].islower()
    if not begins or len(words) > _LONGEST_HEADING / 2 or words.endswith((".", ",", ";")):
        return 0
    number = _NUMBER.match(words)
    depth = number[1].count(".") if number else 0
    return min(len(looks.headings) + 1 + depth, _LOWEST_LEVEL)


def _runs(lines: Sequence[Line], leading: float) -> list[int]:
    """For each line, how many of its looks stand together there, below one another."""
    runs: list[int] = []
    start = 0
    for index, line in enumerate(lines):
        if index + 1 < len(lines) and _alike(line, lines[index + 1], leading):
            continue
        runs += [index + 1 - start] * (index + 1 - start)
        start = index + 1
    return runs


def _alike(before: Line, line: Line, leading: float) -> bool:
    return (
        abs(before.size - line.size) < 0.5
        and before.is_bold == line.is_bold
        and _follows(before, line, leading)
    )


def _rows(lines: Sequence[Line]) -> set[int]:
    """The indexes of lines that are rows of a table: cells that stand below one another."""
    rows: set[int] = set()
    for index, (upper, lower) in enumerate(pairwise(lines)):
        if len(upper.cells) < 2 or len(lower.cells) < 2:
            continue
        near = 0 < lower.bottom - upper.bottom < 4 * max(upper.size, lower.size)
        if near and _aligned(upper, lower) >= 2:
            rows |= {index, index + 1}
    return rows


def _aligned(upper: Line, lower: Line) -> int:
    """How many cells of `lower` stand below one of `upper`, flush left, right or centred."""
    slack = 0.5 * max(upper.size, lower.size)
    return sum(
        any(
            abs(cell.left - above.left) < slack
            or abs(cell.right - above.right) < slack
            or abs(cell.left + cell.right - above.left - above.right) < 2 * slack
            for above in upper.cells
        )
        for cell in lower.cells
    )


def _joined(
    text: str, lines: Sequence[Line], kinds: Sequence[_Kind], leading: float
) -> Iterator[Block]:
    """Blocks of the lines that belong together."""
    open_block: Block | None = None
    indent = 0.0
    for index, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
        before = lines[index - 1] if index else None
        if (
            open_block
            and before
            and _goes_on(text, open_block, before, line, kind, indent, leading)
        ):
            open_block = replace(open_block, end=line.end)
            continue
        if open_block:
            yield open_block
        open_block = Block(kind.kind, line.start, line.end, kind.level)
        indent = line.left
    if open_block:
        yield open_block


def _goes_on(
    text: str,
    block: Block,
    before: Line,
    line: Line,
    kind: _Kind,
    indent: float,
    leading: float,
) -> bool:
    """Whether the line belongs to the block that the line before it belongs to."""
    match block.kind, kind.kind:
        case BlockKind.HEADING, BlockKind.HEADING:
            is_short = line.end - block.start <= _LONGEST_HEADING
            is_numbered = bool(_NUMBER.match(text[line.start : line.end]))
            is_same = block.level == kind.level and _follows_closely(before, line, leading)
            return is_same and is_short and not is_numbered
        case BlockKind.CODE, BlockKind.CODE:
            return True
        case BlockKind.LIST, BlockKind.PARAGRAPH:
            return line.left > indent - 1 and _runs_on(text, before, line, leading, is_item=True)
        case BlockKind.PARAGRAPH, BlockKind.PARAGRAPH:
            return _runs_on(text, before, line, leading, is_item=False)
        case _:
            return False


def _runs_on(text: str, before: Line, line: Line, leading: float, *, is_item: bool) -> bool:
    """Whether a sentence or paragraph goes on from one line to the next."""
    words, so_far = text[line.start : line.end], text[before.start : before.end].rstrip()
    is_sign = min(len(words), len(so_far)) <= _SIGN  # Raised or lowered, as in a formula.
    if abs(line.size - before.size) > 0.15 * before.size and not is_sign:
        return False
    ends = so_far.endswith(_SENTENCE_END)
    if not _follows(before, line, leading):
        # The next column: only a sentence that is not finished goes on there.
        return not ends and words[:1].islower()
    if is_item:
        return True
    is_indented = before.size < line.left - before.left < 6 * line.size
    is_short = before.right < line.right - 6 * line.size
    return not (ends and (is_indented or is_short))


def _follows(before: Line, line: Line, leading: float) -> bool:
    """Whether the line stands below the one before, with no more than a small gap between."""
    return _is_below(before, line, 1.4 * leading)


def _follows_closely(before: Line, line: Line, leading: float) -> bool:
    """Whether the line stands right below the one before."""
    return _is_below(before, line, 1.15 * leading)


def _is_below(before: Line, line: Line, most: float) -> bool:
    """Whether the line stands below the one before, at most so many sizes from it."""
    size = max(before.size, line.size)
    return -0.3 * size < line.bottom - before.bottom < most * size and _overlap(before, line)


def _overlap(before: Line, line: Line) -> bool:
    return line.left < before.right + before.size and before.left < line.right + line.size


def _leading(pages: Iterable[Sequence[Line]]) -> float:
    """How far it is from line to line, in sizes of their letters, where that is usual."""
    steps = [
        (line.bottom - before.bottom) / line.size
        for lines in pages
        for before, line in pairwise(lines)
        if abs(line.size - before.size) < 0.5 and _overlap(before, line)
    ]
    usual = [step for step in steps if 0.8 < step < _WIDEST_LEADING]
    return max(median(usual), _LEADING) if len(usual) >= _LEADING_LINES else _LEADING


def _stands_beside(before: Line, line: Line) -> bool:
    """Whether the line goes on at the right of the one before, at about its height."""
    shared = min(before.bottom, line.bottom) - max(before.top, line.top)
    height = min(before.bottom - before.top, line.bottom - line.top)
    is_upright = not before.is_turned and not line.is_turned
    return is_upright and shared > 0.6 * height and line.left > before.right - 0.3 * before.size


def _rounded(size: float) -> float:
    """To half a point, so that sizes can be counted."""
    return round(size * 2) / 2
