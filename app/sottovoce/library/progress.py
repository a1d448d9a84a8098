"""How far the reading of documents is, and how long the rest will take."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sottovoce.library.formats.news import About
from sottovoce.library.formats.news import News as Told
from sottovoce.library.news import Working
from sottovoce.store.documents import Backlog

_COUNT_EVERY = 1.0
"""Seconds between two counts of what is left."""
_SHARE_OF_COUNTING = 0.02
"""Of all time; with very many documents, counting takes a while."""


@dataclass(slots=True)
class Sheet:
    """A document that is being read. Its own thread writes here."""

    path: Path
    page: int = 0
    pages: int | None = None
    seconds: float = 0.0

    def reading(self, told: Iterator[Told]) -> Iterator[tuple[Told, float]]:
        """Pass on what is told, each with the seconds that it took to read."""
        while True:
            begun = time.monotonic()
            each = next(told, None)
            seconds = time.monotonic() - begun
            self.seconds += seconds
            match each:
                case None:
                    return
                case About():
                    self.pages = each.pages
                case _:
                    self.page += 1
            yield each, seconds


@dataclass(slots=True)
class _Done:
    """What has been done since the work began."""

    read: int = 0
    """Documents."""
    cut: int = 0
    """Passages that these were cut into."""
    embedded: int = 0
    """Passages whose vectors are kept."""


@dataclass(slots=True)
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
    """Counts what is done. Any thread may tell it; one asks for the news."""

    def __init__(self, backlog: Callable[[], Backlog], readers: int = 1) -> None:
        """`readers` is how many documents are read at once."""
        self._backlog = backlog
        self._readers = readers
        self._left = Backlog(0, 0, 0)
        self._done = _Done()
        self._done_when_counted = _Done()
        self._count_again = 0.0
        self._lock = threading.Lock()
        self._sheets: list[Sheet] = []
        self._reading = _Effort()
        """In bytes."""
        self._embedding = _Effort()
        """In passages."""
        self._pages = 0
        self.trouble = ""
        """What cannot be done, in a sentence."""

    @contextmanager
    def sheet(self, path: Path, size: int) -> Iterator[Sheet]:
        """Tell of a document that is being read in this block."""
        sheet = Sheet(path)
        with self._lock:
            self._sheets.append(sheet)
        try:
            yield sheet
        finally:
            with self._lock:
                self._sheets.remove(sheet)
                self._pages += sheet.page
                self._reading.amount += size
                self._reading.seconds += sheet.seconds / self._readers

    def note_read(self, documents: int, passages: int) -> None:
        """Note that documents were read, and cut into so many passages. The store has them now."""
        with self._lock:
            self._done.read += documents
            self._done.cut += passages

    def note_embedded(self, passages: int, seconds: float) -> None:
        """Note that passages got their vectors, and how long that took."""
        with self._lock:
            self._embedding.amount += passages
            self._embedding.seconds += seconds

    def note_kept(self, passages: int) -> None:
        """Note that the store has the vectors of passages now."""
        with self._lock:
            self._done.embedded += passages

    def finish(self) -> None:
        """Have the next news count anew what is left."""
        self._count_again = 0.0

    def news(self, *, is_paused: bool = False) -> Working:
        """Tell how far it all is."""
        self._count()
        with self._lock:
            sheet = self._sheets[0] if self._sheets else None
            reading = self._reading.seconds
            left = self._left_now()
            return Working(
                path=sheet.path if sheet else None,
                page=sheet.page if sheet else 0,
                pages=sheet.pages if sheet else None,
                read=self._done.read,
                waiting=left.documents,
                embedded=self._done.embedded,
                without_vectors=left.passages,
                seconds_left=self._seconds_left(left),
                pages_per_second=self._pages / reading if reading else 0,
                is_paused=is_paused,
                trouble=self.trouble,
            )

    def _count(self) -> None:
        begun = time.monotonic()
        if begun < self._count_again:
            return
        with self._lock:
            self._done_when_counted = replace(self._done)
        self._left = self._backlog()
        now = time.monotonic()
        self._count_again = now + max(_COUNT_EVERY, (now - begun) / _SHARE_OF_COUNTING)

    def _left_now(self) -> Backlog:
        """What was left when it was counted, without what has been done since."""
        done, before = self._done, self._done_when_counted
        read, cut = done.read - before.read, done.cut - before.cut
        embedded = done.embedded - before.embedded
        return Backlog(
            max(0, self._left.documents - read),
            self._left.size,
            max(0, self._left.passages + cut - embedded),
        )

    def _seconds_left(self, left: Backlog) -> float | None:
        """Documents are read while others are embedded: the slower of both decides."""
        reading = self._reading.for_rest(left.size)
        passages_per_byte = self._done.cut / self._reading.amount if self._reading.amount else 0
        embedding = self._embedding.for_rest(left.passages + left.size * passages_per_byte)
        return None if reading is None or embedding is None else max(reading, embedding)
