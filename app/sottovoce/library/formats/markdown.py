"""Reads Markdown and its like as it is written, and tells what in it are headings and lists."""

import re
from collections.abc import Iterator
from dataclasses import replace

from sottovoce.domain.document import Block, BlockKind, Format, Page
from sottovoce.library.formats.compose import cut, sane_title
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.text import written

_FENCED = re.compile(
    r"^ {0,3}(```+|~~~+)[^\n]*\n(.*?)(?:^ {0,3}\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_STARRED = re.compile(r"(\*{1,6})[ \t]+(\S.*)")
"""A heading of Org."""
_UNDERLINE = re.compile(r" {0,3}(=+|-+|([~^\"'*+#.])\2{2,})[ \t]*$")
"""Of Markdown, and of reStructuredText."""
_LEVELS = {"=": 1, "-": 2, "~": 3, "^": 4}
_ITEM = re.compile(r"[ \t]*([-*+•]|\d{1,9}[.)])[ \t]+\S")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"[ \t|:+=_*-]*$")
_FRONT = re.compile(r"---\n(.*?)\n(---|\.\.\.)(\n|$)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)


def read(source: Source) -> Iterator[News]:
    """The text as it is. Marks such as those before a heading stand between the blocks."""
    return _read(source, _HEADING)


def read_org(source: Source) -> Iterator[News]:
    """The same for Org, where stars make headings."""
    return _read(source, _STARRED)


def _read(source: Source, headings: re.Pattern[str]) -> Iterator[News]:
    text, too_long = written(source)
    front = _FRONT.match(text)
    title = _TITLE.search(front[1]) if front else None
    yield About(Format.MARKDOWN, sane_title(title[1]) if title else "", None)
    yield from too_long
    for number, part in enumerate(cut(text), start=1):
        skipped = front.end() if front and number == 1 else 0
        yield Page(number, part, tuple(_blocks(part, skipped, headings)))


def _blocks(text: str, start: int, headings: re.Pattern[str]) -> Iterator[Block]:
    for fenced in _FENCED.finditer(text, start):
        yield from _prose(text, start, fenced.start(), headings)
        code = fenced[2].rstrip()
        if code.strip():
            left = fenced.start(2) + len(code) - len(code.lstrip("\n"))
            yield Block(BlockKind.CODE, left, fenced.start(2) + len(code))
        start = fenced.end()
    yield from _prose(text, start, len(text), headings)


def _prose(text: str, start: int, end: int, headings: re.Pattern[str]) -> Iterator[Block]:
    """What stands between pieces of code."""
    open_: Block | None = None
    for line, place in _lines(text, start, end):
        left, right = place + len(line) - len(line.lstrip()), place + len(line.rstrip())
        found = headings.match(line)
        underline = _UNDERLINE.match(line)
        is_item, is_row = _ITEM.match(line), _ROW.match(line)
        if open_ and underline and open_.kind is BlockKind.PARAGRAPH:
            level = _LEVELS.get(underline[1][0], 3)
            yield replace(open_, kind=BlockKind.HEADING, level=level)
            open_ = None
            continue
        if open_ and (left >= right or found or is_item or is_row):
            yield open_
            open_ = None
        if found:
            left = place + found.start(2)
            right = left + len(_without_closing_marks(found[2]))
            yield Block(BlockKind.HEADING, left, right, len(found[1]))
        elif open_:
            open_ = replace(open_, end=right)
        elif is_row and not _RULE.match(line):
            yield Block(BlockKind.TABLE, left, right)
        elif not _RULE.match(line):
            open_ = Block(BlockKind.LIST if is_item else BlockKind.PARAGRAPH, left, right)
    if open_:
        yield open_


def _without_closing_marks(words: str) -> str:
    words = words.rstrip()
    bare = words.rstrip("#")
    return bare.rstrip() if bare.endswith((" ", "\t")) else words


def _lines(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield text[start:stop], start
        start = stop + 1
