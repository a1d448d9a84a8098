"""Reads Markdown and its like as it is written, and tells what in it are headings and lists."""

import re
from collections.abc import Iterator
from dataclasses import replace

from sottovoce.domain.document import Block, BlockKind, Format, Page
from sottovoce.library.formats.compose import cut, sane_title
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.text import written

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_STARRED = re.compile(r"(\*{1,6})[ \t]+(\S.*?)[ \t]*$")
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
    fence = ""
    open_: Block | None = None
    for line, begin in _lines(text, start):
        end = begin + len(line.rstrip())
        begin += len(line) - len(line.lstrip())
        is_blank = begin >= end
        if fence:
            if line.strip().startswith(fence):
                fence = ""
                if open_:
                    yield open_
                open_ = None
            elif open_ or not is_blank:
                # What stands in front of code is part of it.
                left = begin - (len(line) - len(line.lstrip()))
                open_ = replace(open_, end=end) if open_ else Block(BlockKind.CODE, left, end)
            continue
        underline = _UNDERLINE.match(line)
        if underline and open_ and open_.kind is BlockKind.PARAGRAPH:
            level = _LEVELS.get(underline[1][0], 3)
            yield replace(open_, kind=BlockKind.HEADING, level=level)
            open_ = None
            continue
        found = headings.match(line)
        starts = _ITEM.match(line) or _ROW.match(line) or _FENCE.match(line) or found
        if open_ and (is_blank or starts):
            yield open_
            open_ = None
        if found:
            place = begin - (len(line) - len(line.lstrip()))
            heading = Block(BlockKind.HEADING, place + found.start(2), place + found.end(2))
            yield replace(heading, level=len(found[1]))
        elif opening := _FENCE.match(line):
            fence = opening[1]
        elif open_:
            open_ = replace(open_, end=end)
        elif _RULE.match(line):
            continue
        elif _ROW.match(line):
            yield Block(BlockKind.TABLE, begin, end)
        else:
            kind = BlockKind.LIST if _ITEM.match(line) else BlockKind.PARAGRAPH
            open_ = Block(kind, begin, end)
    if open_ and open_.start < open_.end:
        yield open_


def _lines(text: str, start: int) -> Iterator[tuple[str, int]]:
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end], start
        start = end + 1
