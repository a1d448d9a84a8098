"""Finds words in the messages, as they read on screen."""

import re

from sottovoce.ui.chat.transcript.column import Column
from sottovoce.ui.chat.transcript.selection import Place, Stretch


def pattern(text: str) -> re.Pattern[str]:
    """Matches the text in any case."""
    return re.compile(re.escape(text), re.IGNORECASE)


def find_next(column: Column, text: str, start: Place) -> Stretch | None:
    """The first place at or below `start` where the text stands, beginning again at the top."""
    return _find(column, text, start, step=1)


def find_previous(column: Column, text: str, start: Place) -> Stretch | None:
    """The last place above `start` where the text stands, going on from the bottom."""
    return _find(column, text, start, step=-1)


def _find(column: Column, text: str, start: Place, step: int) -> Stretch | None:
    count = len(column.messages)
    for i in range(count + 1):
        found = _found_in(column, (start.message + i * step) % count, text)
        if i == 0 and step > 0:
            found = [stretch for stretch in found if stretch[0] >= start]
        elif i == 0:
            found = [stretch for stretch in found if stretch[1] <= start]
        if found:
            return found[0 if step > 0 else -1]
    return None


def _found_in(column: Column, place: int, text: str) -> list[Stretch]:
    """Where a message shows the text. Most are ruled out by a look at what was written."""
    written = column.messages[place].text.casefold()
    if not all(word in written for word in text.casefold().split()):
        return []
    return [
        (Place(place, index, found.start()), Place(place, index, found.end()))
        for index, block in enumerate(column.blocks(place))
        for found in pattern(text).finditer(block.text)
    ]
