"""How fast bytes come of late."""

import time
from collections import deque
from collections.abc import Callable

from sottovoce.domain.transfer import Transferred

_WINDOW = 5.0
"""Seconds that are looked back on: long enough to be calm, short enough to notice a change."""
_FIRST = 0.5
"""Seconds before anything is said: the first bytes come in a rush, or late."""


class Pace:
    """Turns counts of bytes into Transferred, with the average speed of the last seconds."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._counts: deque[tuple[float, int]] = deque()

    def at(self, done: int) -> Transferred:
        """What there is to tell now that this many bytes are done."""
        now = self._clock()
        self._counts.append((now, done))
        while len(self._counts) > 2 and now - self._counts[1][0] >= _WINDOW:
            self._counts.popleft()
        begun, before = self._counts[0]
        seconds = now - begun
        speed = (done - before) / seconds if seconds >= _FIRST else 0.0
        return Transferred(done, self._total, max(speed, 0.0))
