"""Lays out what was read as pages: text, and where in it the headings, lists and tables stand."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sottovoce.domain.document import Block, BlockKind, Page
from sottovoce.domain.problems import Problem

LONGEST_PAGE = 100_000
"""Characters after which a page ends. What counts no pages is cut into such parts."""

_CONTROLS = dict.fromkeys((*range(32), 127, 173, 65279)) | {9: "\t", 10: "\n"}
"""What no one reads: dropped, with soft hyphens and marks of byte order."""
_TIGHT = {BlockKind.LIST, BlockKind.TABLE}
"""Kinds that follow one another without an empty line."""
_NO_TITLE = re.compile(
    r"((untitled|unknown|title|new|word|powerpoint|document|presentation|pr[äé]sentation|slide|book)"
    r"[- \d]*)*"
    r"|microsoft (word|powerpoint|excel)\b.*"
    r"|.*\.(docx?|pptx?|xlsx?|odt|rtf|html?|tmp|indd|qxp)",
    re.IGNORECASE,
)
"""What programs put in where nobody gave a title."""
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document that becomes a block."""

    kind: BlockKind
    text: str
    level: int = 0
    """Of a heading, from 1, the highest."""


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows stands on the next page."""


def heading(text: str, level: int) -> Part:
    """A heading. Its words stand in one line."""
    return Part(BlockKind.HEADING, " ".join(text.split()), min(max(level, 1), 9))


def paragraph(text: str) -> Part:
    """Words that belong together."""
    return Part(BlockKind.PARAGRAPH, text)


def apart(text: str) -> Iterator[Part]:
    """The paragraphs of a text in which empty lines set them apart."""
    return (paragraph(each.strip("\n")) for each in _BLANK_LINES.split(text))


def item(text: str, mark: str = "•", depth: int = 0) -> Part:
    """An item of a list, `depth` lists deep, behind its bullet or number."""
    return Part(
        BlockKind.LIST, f"{'  ' * min(depth, 9)}{mark} {text.strip()}" if text.strip() else ""
    )


def row(cells: Iterable[str]) -> Part:
    """A row of a table. What is written in a cell stands in one line."""
    texts = [" ".join(cell.split()) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return Part(BlockKind.TABLE, " | ".join(texts) if any(texts) else "")


def compose(parts: Iterable[Part | NewPage], first: int = 1, label: str = "") -> Iterator[Page]:
    """Yield pages numbered from `first`, at least one. Parts without text leave no trace.

    If the parts end in a Problem, the page at hand comes before it.
    """
    page = _Sheet()
    number = first
    try:
        for part in parts:
            if isinstance(part, NewPage):
                yield page.finished(number, label)
                page, number = _Sheet(), number + 1
                continue
            for text in _portions(cleaned(part.text).rstrip()):
                if page.length and page.length + len(text) > LONGEST_PAGE:
                    yield page.finished(number, label)
                    page, number = _Sheet(), number + 1
                page.add(part.kind, text, part.level)
    except Problem:
        if page.length:
            yield page.finished(number, label)
        raise
    yield page.finished(number, label)


def cleaned(text: str) -> str:
    """The text without what no one reads, and with line ends of one kind."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)


def cut(text: str) -> Iterator[str]:
    """A text in parts that are no longer than a page, cut where it hurts least."""
    start = 0
    while len(text) - start > LONGEST_PAGE:
        end = start + LONGEST_PAGE
        # From the last third on: an empty line, a line's end, the end of a word.
        for gap in ("\n\n", "\n", " "):
            if (found := text.rfind(gap, end - LONGEST_PAGE // 3, end)) >= 0:
                end = found + len(gap)
                break
        yield text[start:end]
        start = end
    if start < len(text) or not text:
        yield text[start:]


def sane_title(title: str | None) -> str:
    """The title, if a person gave it; empty otherwise."""
    words = " ".join(cleaned(title or "").split())[:200]
    return "" if _NO_TITLE.fullmatch(words) else words


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Where the paragraphs stand that are set apart by empty lines."""
    start = len(text) - len(text.lstrip())
    for gap in _BLANK_LINES.finditer(text, start):
        yield start, gap.start()
        start = gap.end()
    if start < len(text.rstrip()):
        yield start, len(text.rstrip())


class _Sheet:
    """A page that is being written."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []
        self._blocks: list[Block] = []

    def add(self, kind: BlockKind, text: str, level: int) -> None:
        if self._blocks:
            is_tight = kind in _TIGHT and self._blocks[-1].kind is kind
            self._write("\n" if is_tight else "\n\n")
        start = self.length
        self._write(text)
        self._blocks.append(Block(kind, start, self.length, level))

    def finished(self, number: int, label: str) -> Page:
        return Page(number, "".join(self._pieces), tuple(self._blocks), label)

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self.length += len(text)


def _portions(text: str) -> Iterator[str]:
    if not text.strip():
        return iter(())
    return cut(text)
