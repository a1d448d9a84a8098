"""Who may ask when: one at a time, and whom somebody waits for before the rest."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sottovoce.domain.stop import Stop

LOOK_EVERY = 0.05
"""Seconds between two looks at a wish to stop while waiting."""


class Turns:
    """Lets in one caller at a time. Who is in a hurry comes first, and sends away who is not."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._hurried = 0
        """How many in a hurry are waiting or in."""
        self._patient: Stop | None = None
        """How to send away who is in."""

    @contextmanager
    def hurried(self, stop: Stop) -> Iterator[None]:
        """Go before all who are not in a hurry. Raises Cancelled when stopped while waiting."""
        with self._changed:
            self._hurried += 1
            patient = self._patient
        try:
            if patient is not None:
                patient.set()
            self._wait(stop, lambda: not self._is_taken)
            try:
                yield
            finally:
                self._leave()
        finally:
            with self._changed:
                self._hurried -= 1
                self._changed.notify_all()

    @contextmanager
    def patient(self, stop: Stop) -> Iterator[Stop]:
        """Wait until nobody else is there, and be given what is set when somebody in a hurry comes.

        It is set with `stop`, too. Raises Cancelled when stopped while waiting.
        """
        given_up = Stop()
        self._wait(stop, lambda: not self._is_taken and not self._hurried, given_up)
        try:
            with stop.calling(given_up.set):
                yield given_up
        finally:
            self._leave()

    def _wait(self, stop: Stop, may: Callable[[], bool], patient: Stop | None = None) -> None:
        with self._changed:
            while not may():
                stop.check()
                self._changed.wait(LOOK_EVERY)
            self._is_taken, self._patient = True, patient

    def _leave(self) -> None:
        with self._changed:
            self._is_taken, self._patient = False, None
            self._changed.notify_all()
