"""How a person stops what is running."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sottovoce.domain.problems import Cancelled


class Stop:
    """A wish to stop, set from any thread, seen at once by whoever listens."""

    def __init__(self) -> None:
        # Reentrant: a signal may come in the middle of this, in the same thread.
        self._lock = threading.RLock()
        self._is_set = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._is_set

    def set(self) -> None:
        """Ask to stop. Listeners are called in this thread, each once."""
        with self._lock:
            self._is_set = True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def check(self) -> None:
        """Return if work may go on; raise Cancelled otherwise."""
        if self._is_set:
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Return after so many seconds; raise Cancelled as soon as somebody asks to stop."""
        asked = threading.Event()
        with self.calling(asked.set):
            asked.wait(seconds)
        self.check()

    @contextmanager
    def calling(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` the moment stop is set inside this block, or now if it already was."""
        with self._lock:
            self._listeners.append(listener)
        if self._is_set:
            self.set()
        try:
            yield
        finally:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)
