"""Where a reply ends at a stop string, so that no part of one is ever shown."""

from collections.abc import Sequence


class StopStrings:
    """Lets text through but for what may yet become a stop string."""

    def __init__(self, strings: Sequence[str]) -> None:
        self._strings = tuple(string for string in strings if string)
        self._held = ""
        self.found = False
        """Whether one was met: nothing comes after it."""

    def pass_on(self, text: str) -> str:
        """What of the held and the new text can be shown now."""
        if not self._strings:
            return text
        text = self._held + text
        places = [place for string in self._strings if (place := text.find(string)) >= 0]
        if places:
            self.found, self._held = True, ""
            return text[: min(places)]
        held = max(_beginning_at_end(text, string) for string in self._strings)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def rest(self) -> str:
        """What was held and turned out to be no stop string, when nothing more comes."""
        held, self._held = self._held, ""
        return held


def _beginning_at_end(text: str, string: str) -> int:
    """How many characters at the end of `text` are the beginning of `string`."""
    longest = min(len(string) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(string[:n])), 0)
