"""Reads source code, and files that programs read: as it is written, part by part."""

import re
from collections.abc import Iterator

from sottovoce.domain.document import Block, BlockKind, Format, Page
from sottovoce.library.formats.compose import cut
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.text import written

_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_GOES_ON = (" ", "\t", ")", "]", "}")
"""How a line begins that belongs to what came before, though empty lines lie between."""


def read(source: Source) -> Iterator[News]:
    """The text as it is; functions, classes and the like are blocks."""
    yield About(Format.CODE, "", None)
    text, too_long = written(source)
    yield from too_long
    for number, part in enumerate(cut(text), start=1):
        yield Page(number, part, tuple(_blocks(part)))


def _blocks(text: str) -> Iterator[Block]:
    start = 0
    for gap in _EMPTY_LINES.finditer(text):
        if text.startswith(_GOES_ON, gap.end()):
            continue
        if text[start : gap.start()].strip():
            yield Block(BlockKind.CODE, start, gap.start())
        start = gap.end()
    if text[start:].strip():
        yield Block(BlockKind.CODE, start, len(text.rstrip()))
