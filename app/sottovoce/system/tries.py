"""How many wrong passphrases were typed in a row, and the pause that makes of the next."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from sottovoce.domain.problems import Problem
from sottovoce.system.files import write_private

_FREE = 3
"""So many may be wrong before there is a pause: people mistype."""
_LONGEST = 30.0
"""Seconds: whoever waits for it has lost half a minute, never the chats."""


class _Wrong(msgspec.Struct, frozen=True):
    count: int
    at: float
    """When the last was typed, in seconds since 1970."""


class Tries:
    """A small file, so that closing the window does not end a pause.

    It is a courtesy to whoever left a window open. Those who have the files need not obey it: what
    slows them down is how long each guess takes to compute.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    @property
    def pause(self) -> float:
        """Seconds until the next may be tried."""
        wrong = self._read()
        if wrong.count < _FREE:
            return 0.0
        # Doubled no further than it can matter: the count comes from a file.
        pause = min(2.0 ** min(wrong.count - _FREE, 10), _LONGEST)
        passed = self._clock() - wrong.at
        # A clock that was set back must not make it longer.
        return max(0.0, min(pause - passed, pause)) if passed >= 0 else 0.0

    def note_wrong(self) -> None:
        """One more was wrong."""
        wrong = _Wrong(self._read().count + 1, self._clock())
        with suppress(Problem):  # Where nothing may be written there is no pause.
            write_private(self._path, msgspec.json.encode(wrong))

    def clear(self) -> None:
        """One was right."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> _Wrong:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Wrong)
        except (OSError, msgspec.DecodeError):
            return _Wrong(0, 0.0)
