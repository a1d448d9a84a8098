"""How characters are shown, counted and directed."""

import unicodedata

from sottovoce.domain.hidden import revealed


def shown(text: str) -> str:
    """The text as Qt draws it, character for character: signs for what is hidden or harmful."""
    return revealed(text).replace("\n", "\N{LINE SEPARATOR}")


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction belongs to a script written from right to left."""
    if text.isascii():
        return False
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return False
            case "R" | "AL":
                return True
    return False


def mixes_directions(text: str) -> bool:
    """Whether any letter is written from right to left: it may stand elsewhere than it comes."""
    return not text.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


class Counting:
    """Translates between positions in a text that is shown and in the UTF-16 Qt makes of it."""

    def __init__(self, text: str) -> None:
        self._text = "" if text.isascii() or max(text) <= "\uffff" else text

    def to_qt(self, position: int) -> int:
        if not self._text:
            return position
        return len(self._text[:position].encode("utf-16-le", "surrogatepass")) // 2

    def from_qt(self, position: int) -> int:
        if not self._text:
            return position
        units = self._text.encode("utf-16-le", "surrogatepass")[: 2 * position]
        return len(units.decode("utf-16-le", "ignore"))
