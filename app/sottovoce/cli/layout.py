"""Text in lines of so many columns."""

import re
import textwrap
import unicodedata
from collections.abc import Sequence

_LONGEST_LINE = 100
"""Columns; longer lines of running text are hard to read."""
_NARROW = 72
"""Columns below which there is no room for a wide margin."""


def rows(facts: Sequence[tuple[str, str]], columns: int) -> str:
    """Facts, each with a sentence beside it; beneath it where a line is too short for one."""
    widest = max((columns_of(fact) + 1 + columns_of(says) for fact, says in facts), default=0)
    if widest <= columns:
        return "".join(f"{fact} {says}\n" for fact, says in facts)
    return "".join(f"{fact.rstrip()}\n{beneath(says, 4, columns)}" for fact, says in facts)


def beneath(text: str, margin: int, columns: int, *, name: str = "") -> str:
    """A text `margin` columns from the left, in as many lines as it takes.

    `name` stands before the first of them.
    """
    space = " " * (margin if columns >= _NARROW else 4)
    start = f"{padded(name, margin - 1)} " if name else space
    lines = textwrap.wrap(
        text,
        max(columns - 1, margin + 16),
        initial_indent=start,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines or [start.rstrip()]) + "\n"


def folded(text: str, columns: int) -> str:
    """Paragraphs and lists, such as terms, in lines that are good to read."""
    width = min(columns - 1, _LONGEST_LINE)
    paragraphs = re.split(r"\n(?=\n|- )|(?<=\n)\n", text)
    return "\n".join(
        textwrap.fill(
            " ".join(paragraph.split()),
            width,
            subsequent_indent="  " if paragraph.startswith("- ") else "",
        )
        for paragraph in paragraphs
    )


def padded(text: str, columns: int) -> str:
    """The text with spaces behind it, as wide as `columns`."""
    return text + " " * (columns - columns_of(text))


def cut(text: str, columns: int) -> str:
    """As much of the text as goes into `columns`."""
    if columns_of(text) <= columns:
        return text
    while text and columns_of(text) >= columns:
        text = text[:-1]
    return f"{text}…"


def columns_of(text: str) -> int:
    """How wide a text is on a screen: letters of some scripts take two columns, accents none."""
    return sum(map(_columns_of_letter, text))


def _columns_of_letter(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
