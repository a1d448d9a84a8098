"""What is selected in a transcript."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from PySide6.QtCore import QTextBoundaryFinder

from sottovoce.ui.chat.transcript.characters import Counting


class Place(NamedTuple):
    """A position in a transcript."""

    message: int
    """The how-manieth of the transcript."""
    block: int
    offset: int
    """In the block's text."""


class Unit(Enum):
    """What a selection grows by; the value is the number of clicks."""

    CHARACTER = 1
    WORD = 2
    PARAGRAPH = 3


END = 1 << 60
"""Beyond the last block, the last character."""

Stretch = tuple[Place, Place]
"""From and to; both the same for a mere position."""


@dataclass(frozen=True, slots=True)
class Selection:
    """From where it was begun to where it was taken."""

    origin: Stretch
    head: Stretch
    unit: Unit = Unit.CHARACTER

    @property
    def first(self) -> Place:
        return min(self.origin[0], self.head[0])

    @property
    def last(self) -> Place:
        return max(self.origin[1], self.head[1])

    @property
    def is_empty(self) -> bool:
        return self.first == self.last

    def part(self, message: int, block: int, length: int) -> tuple[int, int]:
        """Which characters of a block are selected, from and to; equal if none are."""
        here = (message, block)
        if not self.first[:2] <= here <= self.last[:2]:
            return 0, 0
        start = self.first.offset if here == self.first[:2] else 0
        end = self.last.offset if here == self.last[:2] else length
        return min(start, length), min(end, length)

    def spans(self, message: int, block: int) -> bool:
        """Whether it begins above a block and ends below."""
        return self.first[:2] < (message, block) < self.last[:2]


def around(place: Place, text: str, unit: Unit) -> Stretch:
    """What a click selects at this place in a block of this text."""
    start = end = place.offset
    if unit is Unit.WORD:
        start, end = _word(text, place.offset)
    elif unit is Unit.PARAGRAPH:
        start = text.rfind("\n", 0, place.offset) + 1
        end = text.find("\n", place.offset)
        end = len(text) if end < 0 else end
    return place._replace(offset=start), place._replace(offset=end)


def _word(text: str, offset: int) -> tuple[int, int]:
    """From and to where the word at a position reaches, in any script."""
    if not text:
        return 0, 0
    counting = Counting(text)
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Word, text)
    finder.setPosition(counting.to_qt(min(offset, len(text) - 1)))
    if not finder.isAtBoundary():
        finder.toPreviousBoundary()
    start = max(0, finder.position())
    finder.toNextBoundary()
    return counting.from_qt(start), counting.from_qt(finder.position())
