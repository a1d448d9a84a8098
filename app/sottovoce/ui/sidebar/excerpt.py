"""The line of a passage in which something that was searched for stands."""

import re
from itertools import product

_BEFORE, _LONGEST = 12, 160
"""Characters."""


def excerpt_around(text: str, wanted: str) -> tuple[str, int, int]:
    """A line of `text`, and where the words in it begin that were searched for, and their length.

    All of them together if they stand so, else the longest of them; where none stands there, the
    passage was found by what it means: its beginning, and a length of 0.
    """
    line = " ".join(text.split())
    words = sorted(set(wanted.split()), key=len, reverse=True)
    # Where a word begins, if it does there: in some scripts nothing stands between words.
    for edge, each in product((r"\b", ""), (" ".join(wanted.split()), *words)):
        if found := re.search(f"{edge}{re.escape(each)}", line, re.IGNORECASE):
            first = max(0, found.start() - _BEFORE)
            # At the beginning of a word, where there is one.
            first = line.find(" ", first, found.start()) + 1 or first
            cut = "…" if first else ""
            start = found.start() - first + len(cut)
            return f"{cut}{line[first : first + _LONGEST]}", start, len(found[0])
    return line[:_LONGEST], 0, 0
