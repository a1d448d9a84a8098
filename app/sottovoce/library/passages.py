"""Documents cut into passages: stretches that are found, read and cited as a whole."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sottovoce.domain.document import Block, BlockKind, Page, Span
from sottovoce.library.furniture import bodies
from sottovoce.library.sentences import Stretch, sentences

WANTED = 192
"""Tokens of a passage: longer ones blur in their vector, shorter ones lack what they refer to."""
LONGEST = 288
"""Tokens of a paragraph that is kept whole. With title and headings, models read it to its end."""
_LONGEST_PREFIX = 240
"""Characters of title and headings in front of a passage."""

_DENSE = re.compile("[\u1100-\u11ff\u3005-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_SIGNS = re.compile(r"[!-@\[-`{-~]")
_SPACE = re.compile(r"\s")
_EMPTY_LINE = re.compile(r"\n\s*\n")
_HYPHENATED = re.compile("(?<=[^\\W\\d_])[-\u2010]\\s*\n\\s*([^\\W\\d_])")
_BROKEN = re.compile(rf"(?<={_DENSE.pattern})\s*\n\s*(?={_DENSE.pattern})")


def passages(pages: Sequence[Page]) -> list[tuple[Span, tuple[str, ...]]]:
    """The places of the passages in reading order, each with the headings above it.

    A passage lies on one page and under one heading, which it begins with, and ends with a
    sentence. No word of a page is in two passages; empty space and furniture are in none, nor
    headings at the end of a page: the passages below have them.
    """
    above: list[Block] = []
    headings: list[str] = []
    found: list[tuple[Span, tuple[str, ...]]] = []
    is_bare = False
    for page, body in zip(pages, bodies(pages), strict=True):
        for section in _sections(page, body):
            for block in section:
                if block.kind is BlockKind.HEADING:
                    while above and above[-1].level >= block.level:
                        above.pop()
                        headings.pop()
                    above.append(block)
                    headings.append(" ".join(page.text[block.start : block.end].split()))
            places = [Span(page.number, *place) for place in _cut(page.text, section)]
            if is_bare and places and tuple(headings[: len(found[-1][1])]) == found[-1][1]:
                found.pop()
            if places:
                is_bare = section[-1].kind is BlockKind.HEADING
            found += [(place, tuple(headings)) for place in places]
    return found


def embedded_text(title: str, headings: Sequence[str], text: str) -> str:
    """What a passage is found by, its words and its vector alike: it, and what it stands under.

    Lines are joined and hyphens at their ends undone, as this is for no one to read.
    """
    whole = _BROKEN.sub("", _HYPHENATED.sub(_joined, text.replace("\u00ad", "")))
    whole = " ".join(whole.split())
    start = whole.casefold()
    above = [each for each in dict.fromkeys([title, *headings]) if each.strip()]
    prefix = ". ".join(each for each in above if not start.startswith(each.casefold()))
    return f"{prefix[:_LONGEST_PREFIX]}. {whole}" if prefix else whole


def _joined(match: re.Match[str]) -> str:
    """A word without the hyphen that broke it; "Anglo-American" keeps its own."""
    return match[1] if match[1].islower() else f"-{match[1]}"


def _sections(page: Page, body: Stretch) -> Iterator[list[Block]]:
    """The blocks of a page's body, parted where a heading follows something else."""
    section: list[Block] = []
    for whole in page.blocks or _paragraphs(page.text):
        block = replace(whole, start=max(whole.start, body[0]), end=min(whole.end, body[1]))
        if block.start >= block.end:
            continue
        is_heading = block.kind is BlockKind.HEADING
        if section and is_heading and section[-1].kind is not BlockKind.HEADING:
            yield section
            section = []
        section.append(block)
    if section:
        yield section


def _paragraphs(text: str) -> Iterator[Block]:
    """What empty lines part, where nothing else is known about a page."""
    start = 0
    for gap in _EMPTY_LINE.finditer(text):
        yield Block(BlockKind.PARAGRAPH, start, gap.start())
        start = gap.end()
    yield Block(BlockKind.PARAGRAPH, start, len(text))


def _cut(text: str, section: Sequence[Block]) -> Iterator[Stretch]:
    """A section in parts that are as equal in length as its paragraphs and sentences allow."""
    units = [
        (start, end, _tokens(text[start:end]), block.kind is not BlockKind.HEADING)
        for block in section
        for start, end in _units(text, block)
    ]
    if not units:
        return
    left = sum(size for _, _, size, _ in units)
    begin, stop = units[0][:2]
    size, has_body = 0.0, False
    for start, end, more, is_body in units:
        even = (size + left) / max(1, round((size + left) / WANTED))
        is_full = has_body and size + more / 2 > even
        if size and (is_full or size + more > LONGEST):
            yield begin, stop
            begin, size, has_body = start, 0.0, False
        stop = end
        size += more
        left -= more
        has_body |= is_body
    yield begin, stop


def _units(text: str, block: Block) -> Iterator[Stretch]:
    """What is not parted: a block, the sentences of a long one, the pieces of a long sentence."""
    inner = text[block.start : block.end]
    if not inner.strip():
        return
    start = block.start + len(inner) - len(inner.lstrip())
    end = block.start + len(inner.rstrip())
    if _tokens(inner) <= LONGEST:
        yield start, end
        return
    for first, last in sentences(text[start:end]):
        yield from _pieces(text, start + first, start + last)


def _pieces(text: str, start: int, end: int) -> Iterator[Stretch]:
    """A sentence, parted between words where it is too long."""
    while (size := _tokens(text[start:end])) > LONGEST:
        limit = start + max(1, int((end - start) * WANTED / size))
        spaces = [match.end() for match in _SPACE.finditer(text, start + 1, limit)]
        cut = spaces[-1] if spaces else limit
        yield start, cut
        start = cut
    yield start, end


def _tokens(text: str) -> float:
    """About how many tokens a text has, for a tokenizer of many languages.

    Counted with that of multilingual-e5-small in six languages, source code and tables; it is
    right within a third.
    """
    dense = len(_DENSE.findall(text))
    signs = len(_SIGNS.findall(text))
    letters = len(text) - dense - signs - len(_SPACE.findall(text))
    return 0.65 * dense + 0.45 * signs + 0.26 * letters
