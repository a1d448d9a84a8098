"""What the lines of a page are, told by where they stand and how they look.

For pages that know no paragraphs, only ink: printed ones and scanned ones. Lengths are in points,
counted from the upper left corner of the page.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sottovoce.domain.document import Block, BlockKind

_LARGER = 1.12
"""How many times the size of the running text a heading has at least."""
_FEW = 0.25
"""The share of all letters that headings of one size make up at most."""
_LONGEST_HEADING = 200
"""Characters, over all its lines."""
_LOWEST_LEVEL = 6
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


@dataclass(frozen=True, slots=True)
class Style:
    """How the text of a document looks, so that a heading can be told from it."""

    size: float = 0
    """Of the running text."""
    is_bold: bool = False
    is_fixed: bool = False
    headings: tuple[float, ...] = ()
    """The sizes of headings, the largest first."""
    recurring: frozenset[str] = field(default_factory=frozenset)
    """What stands on page after page, as `key` has it: never a heading."""


def key(text: str) -> str:
    """`text` without what differs from page to page, or between a heading and its entry."""
    return "".join(sign for sign in text.casefold() if sign.isalpha())


def style(pages: Iterable[tuple[str, Sequence[Line]]]) -> Style:
    """How the text of these pages looks; each with its lines."""
    letters: Counter[float] = Counter()
    bold, fixed = 0, 0
    on_pages: Counter[str] = Counter()
    count = 0
    for text, lines in pages:
        count += 1
        for line in lines:
            length = line.end - line.start
            letters[_rounded(line.size)] += length
            bold += length * line.is_bold
            fixed += length * line.is_fixed
        on_pages.update({key(text[line.start : line.end]) for line in lines})
    if not letters:
        return Style()
    size, _ = letters.most_common(1)[0]
    total = letters.total()
    return Style(
        size=size,
        is_bold=bold > total / 2,
        is_fixed=fixed > total / 2,
        headings=tuple(
            sorted(
                (
                    larger
                    for larger, length in letters.items()
                    if larger >= size * _LARGER and length <= total * _FEW
                ),
                reverse=True,
            )
        ),
        recurring=frozenset(
            text for text, times in on_pages.items() if times >= 3 and times > count / 2
        ),
    )


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
    return tuple(_joined(text, lines, kinds))


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
    for index, line in enumerate(lines):
        words = text[line.start : line.end]
        before = lines[index - 1] if index else None
        if level := _level(words, line, before, looks, entries, in_table=index in rows):
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


def _level(
    words: str,
    line: Line,
    before: Line | None,
    looks: Style,
    entries: Mapping[str, int],
    *,
    in_table: bool,
) -> int:
    """Of the heading that the line is, or 0."""
    name = key(words)
    if len(name) < 2 or len(words) > _LONGEST_HEADING or name in looks.recurring:
        return 0
    if level := entries.get(name):
        return level
    if in_table:
        return 0
    if looks.size and line.size >= looks.size * _LARGER:
        larger = sum(size > _rounded(line.size) for size in looks.headings)
        return min(larger + 1, _LOWEST_LEVEL) if _rounded(line.size) in looks.headings else 0
    if not line.is_bold or looks.is_bold or line.size < looks.size * 0.95:
        return 0
    stands_apart = before is None or not _follows(before, line, tight=True) or before.is_bold
    if not stands_apart or len(words) > 100 or words.endswith((".", ",", ";")):
        return 0
    if not (words[0].isdigit() or words[0].isupper() or not words[0].isascii()):
        return 0
    number = _NUMBER.match(words)
    depth = number[1].count(".") if number else 0
    return min(len(looks.headings) + 1 + depth, _LOWEST_LEVEL)


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


def _joined(text: str, lines: Sequence[Line], kinds: Sequence[_Kind]) -> Iterator[Block]:
    """Blocks of the lines that belong together."""
    open_block: Block | None = None
    indent = 0.0
    for index, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
        before = lines[index - 1] if index else None
        if open_block and before and _goes_on(text, open_block, before, line, kind, indent):
            open_block = replace(open_block, end=line.end)
            continue
        if open_block:
            yield open_block
        open_block = Block(kind.kind, line.start, line.end, kind.level)
        indent = line.left
    if open_block:
        yield open_block


def _goes_on(text: str, block: Block, before: Line, line: Line, kind: _Kind, indent: float) -> bool:
    """Whether the line belongs to the block that the line before it belongs to."""
    match block.kind, kind.kind:
        case BlockKind.HEADING, BlockKind.HEADING:
            alike = abs(line.size - before.size) < 0.5 and block.level == kind.level
            short = line.end - block.start <= _LONGEST_HEADING
            unnumbered = not _NUMBER.match(text[line.start : line.end])
            return alike and short and unnumbered and _follows(before, line, tight=True)
        case BlockKind.CODE, BlockKind.CODE:
            return True
        case BlockKind.LIST, BlockKind.PARAGRAPH:
            return line.left > indent - 1 and _runs_on(text, before, line, is_item=True)
        case BlockKind.PARAGRAPH, BlockKind.PARAGRAPH:
            return _runs_on(text, before, line, is_item=False)
        case _:
            return False


def _runs_on(text: str, before: Line, line: Line, *, is_item: bool) -> bool:
    """Whether a sentence or paragraph goes on from one line to the next."""
    words, so_far = text[line.start : line.end], text[before.start : before.end].rstrip()
    if abs(line.size - before.size) > 0.15 * before.size:
        return False
    ends = so_far.endswith(_SENTENCE_END)
    if not _follows(before, line, tight=False):
        # The next column: only a sentence that is not finished goes on there.
        return not ends and words[:1].islower()
    if is_item:
        return True
    is_indented = before.size < line.left - before.left < 6 * line.size
    is_short = before.right < line.right - 6 * line.size
    return not (ends and (is_indented or is_short))


def _follows(before: Line, line: Line, *, tight: bool) -> bool:
    """Whether the line stands right below the one before."""
    size = max(before.size, line.size)
    gap = line.bottom - before.bottom
    return -0.3 * size < gap < (1.7 if tight else 2.1) * size and line.left < before.right + size


def _rounded(size: float) -> float:
    """To half a point, so that sizes can be counted."""
    return round(size * 2) / 2
