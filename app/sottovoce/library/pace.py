"""How fast documents are read: as fast as can be, more slowly beside a reply, or not at all."""

import threading
from collections.abc import Iterator

from sottovoce.domain.stop import Stop

_REST = 9.0
"""Seconds of rest for every second of work while a reply is being written."""
_LONGEST_REST = 2.0
_LOOK_EVERY = 0.5
"""Seconds between two signs of a work that is paused."""


class Pace:
    """Any thread sets it; the one that works keeps to it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_paused = False
        self._gives_way = False

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    @property
    def gives_way(self) -> bool:
        return self._gives_way

    def pause(self, *, is_paused: bool) -> None:
        with self._changed:
            self._is_paused = is_paused
            self._changed.notify_all()

    def give_way(self, *, to_reply: bool) -> None:
        with self._changed:
            self._gives_way = to_reply
            self._changed.notify_all()

    def rest(self, worked: float, stop: Stop) -> Iterator[None]:
        """Rest as long as is due after so many seconds of work; yield now and then while paused.

        Raises Cancelled.
        """
        stop.check()
        with stop.calling(self._wake):
            if self._gives_way:
                self._wait_while_giving_way(min(worked * _REST, _LONGEST_REST), stop)
            while self._is_paused:
                yield
                with self._changed:
                    self._changed.wait_for(lambda: stop.is_set or not self._is_paused, _LOOK_EVERY)
                stop.check()

    def _wait_while_giving_way(self, seconds: float, stop: Stop) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: stop.is_set or self._is_paused or not self._gives_way, seconds
            )
        stop.check()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
