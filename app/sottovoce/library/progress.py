"""How far the reading of documents is, and how long the rest will take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sottovoce.library.formats.news import News as Told
from sottovoce.library.news import Working
from sottovoce.store.documents import Backlog

_COUNT_EVERY = 1.0
"""Seconds between two counts of what is left."""
_SHARE_OF_COUNTING = 0.02
"""Of all time; with very many documents, counting takes a while."""


@dataclass
class _Effort:
    """What some work has cost so far."""

    seconds: float = 0.0
    amount: float = 0.0

    def for_rest(self, amount: float) -> float | None:
        """Seconds that so much more will take; None while that cannot be said."""
        if amount <= 0:
            return 0.0
        return self.seconds / self.amount * amount if self.amount else None


class Progress:
    """Counts what is done; one thread at a time."""

    def __init__(self, backlog: Callable[[], Backlog]) -> None:
        self._backlog = backlog
        self._left = Backlog(0, 0, 0)
        self._count_again = 0.0
        self._reading = _Effort()
        """In bytes."""
        self._embedding = _Effort()
        """In passages."""
        self._pages = 0
        self._passages = 0
        self._read = 0
        self._path: Path | None = None
        self._page = 0
        self._of: int | None = None
        self.trouble = ""

    def begin(self, path: Path) -> None:
        """Note which file is at work."""
        self._path, self._page, self._of = path, 0, None

    def end(self) -> None:
        """Note that nothing is left to do."""
        self._path, self._page, self._of = None, 0, None
        self._count_again = 0.0

    def expect(self, pages: int | None) -> None:
        """Note how many pages the file has."""
        self._of = pages

    def turn(self) -> None:
        """Note that a page of it was read."""
        self._page += 1
        self._pages += 1

    def note_cut(self, passages: int) -> None:
        """Note that a document was cut into so many passages."""
        self._passages += passages

    def note_read(self, size: int) -> None:
        """Note that a document was read, of so many bytes."""
        self._read += 1
        self._reading.amount += size

    def note_embedded(self, passages: int) -> None:
        """Note that passages got their vectors."""
        self._embedding.amount += passages

    def reading(self, told: Iterator[Told]) -> Iterator[tuple[Told, float]]:
        """Pass on what is told, each with the seconds that it took to read."""
        while True:
            begun = time.monotonic()
            each = next(told, None)
            seconds = time.monotonic() - begun
            self._reading.seconds += seconds
            if each is None:
                return
            yield each, seconds

    @contextmanager
    def embedding(self) -> Iterator[None]:
        """Count the time of this block as spent on embedding."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._embedding.seconds += time.monotonic() - begun

    def news(self, *, is_paused: bool = False) -> Working:
        """Tell how far it all is."""
        self._count()
        return Working(
            path=self._path,
            page=self._page,
            pages=self._of,
            read=self._read,
            waiting=self._left.documents,
            embedded=int(self._embedding.amount),
            without_vectors=self._left.passages,
            seconds_left=self._seconds_left(),
            pages_per_second=self._pages / self._reading.seconds if self._reading.seconds else 0,
            is_paused=is_paused,
            trouble=self.trouble,
        )

    def _count(self) -> None:
        begun = time.monotonic()
        if begun < self._count_again:
            return
        self._left = self._backlog()
        now = time.monotonic()
        self._count_again = now + max(_COUNT_EVERY, (now - begun) / _SHARE_OF_COUNTING)

    def _seconds_left(self) -> float | None:
        reading = self._reading.for_rest(self._left.size)
        passages_per_byte = self._passages / self._reading.amount if self._reading.amount else 0
        embedding = self._embedding.for_rest(
            self._left.passages + self._left.size * passages_per_byte
        )
        return None if reading is None or embedding is None else reading + embedding
