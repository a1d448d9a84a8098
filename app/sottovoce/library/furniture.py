"""What stands at the edges of pages for whoever leafs through them: running heads, page numbers."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sottovoce.domain.document import BlockKind, Page
from sottovoce.library.sentences import Stretch

_DEEPEST = 3
"""Lines at the top of a page, and at its bottom, that may be furniture."""
_LONGEST = 200
"""Characters of such a line."""
_SAME, _COUNTING = 3, 2
"""Pages, at least, that say the same, and that count."""
_SHARE = 1 / 3
"""Of all pages, at least: left and right ones differ, and so do those of chapters."""
_LINE = re.compile(r"\S.*")
_NUMBER = re.compile(r"\d{1,5}")

_Key = tuple[str, int | None]
"""What a line says; if it counts, without its number, and how far that is from the page's."""


def bodies(pages: Sequence[Page]) -> list[Stretch]:
    """What of each page's text is left without its furniture.

    The first page that says what others say again keeps it, as that may matter: whose contract it
    is, or which version.
    """
    edges = [_edges(page, len(pages)) for page in pages]
    times = Counter(key for lines in edges for key in {key for each in lines for key in each.keys})
    fewest = _SHARE * len(pages)
    recurring = {
        key
        for key, count in times.items()
        if count >= max(fewest, _SAME if key[1] is None else _COUNTING)
    }
    known: set[_Key] = set()
    found = []
    for page, lines in zip(pages, edges, strict=True):
        furniture = [
            any(key in recurring and (key in known or key[1] is not None) for key in each.keys)
            for each in lines
        ]
        known |= {key for each in lines for key in each.keys}
        found.append(_between(len(page.text), [each.place for each in lines], furniture))
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    """A line near the top or the bottom of a page."""

    place: Stretch
    keys: frozenset[_Key]
    """What makes it the same as that of another page; none if it cannot be furniture."""


def _edges(page: Page, pages: int) -> list[_Line]:
    headings = {block.start for block in page.blocks if block.kind is BlockKind.HEADING}
    places = [match.span() for match in _LINE.finditer(page.text)]
    if len(places) > 2 * _DEEPEST:
        places = [*places[:_DEEPEST], *places[-_DEEPEST:]]
    lines = []
    for start, end in places:
        words = " ".join(page.text[start:end].casefold().split())
        keys = frozenset(_keys(words, page.number))
        # Slides in a row have one title, or are steps 1, 2, 3; none says of how many.
        is_heading = start in headings and str(pages) not in _NUMBER.findall(words)
        lines.append(_Line((start, end), keys if not is_heading else frozenset()))
    return lines


def _keys(words: str, page: int) -> Iterator[_Key]:
    if len(words) > _LONGEST:
        return
    yield words, None
    for match in _NUMBER.finditer(words):
        yield f"{words[: match.start()]}#{words[match.end() :]}", int(match[0]) - page


def _between(end: int, lines: Sequence[Stretch], furniture: Sequence[bool]) -> Stretch:
    """What lies between the outermost lines that are none."""
    start = 0
    for (_, after), is_furniture in zip(lines, furniture, strict=True):
        if not is_furniture:
            break
        start = after
    for (before, _), is_furniture in reversed([*zip(lines, furniture, strict=True)]):
        if not is_furniture or before < start:
            break
        end = before
    return start, end
