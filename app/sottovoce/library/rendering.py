"""Pages as pictures, with the places of what is cited on them."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.document import Page, Span
from sottovoce.domain.problems import Damaged, Interrupted, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.library.boxes import Box
from sottovoce.library.page_wire import LARGEST, News, Open, Show, Shown
from sottovoce.library.unreadable import why_unreadable
from sottovoce.system.child import Child, Failed, Locked
from sottovoce.system.sandbox import demand

PAGE_PROCESS = "--page-process"

_NO_START = "What draws pages could not be started. Try again."
_BROKEN = "This page cannot be shown. Open the file with another program to see it."
_TOO_LONG = "To draw this page takes too long. Open the file with another program to see it."


@dataclass(frozen=True, slots=True)
class Rendering:
    """A page as it is shown."""

    width: int
    height: int
    image: bytes
    """Red, green and blue of each pixel, row by row without gaps."""
    boxes: tuple[tuple[Box, ...], ...]
    """Where each of the spans stands, one box for each line; none if the file has changed there."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the process is given."""

    start: float = 30
    """To start and to lock itself in."""
    page: float = 20
    """To draw a page."""
    work: int = 600
    """Of processor time, after which a new process takes over."""


class PageRenderer:
    """Draws the pages of a PDF file or a picture, in a process locked in with it.

    Any thread may call; each call waits for the one before. The process starts with the first page.
    """

    def __init__(
        self, path: Path, patience: Patience | None = None, *, needs_sandbox: bool = False
    ) -> None:
        """`needs_sandbox`: nothing is drawn where the process cannot be locked in fully."""
        self._needs_sandbox = needs_sandbox
        self._path = path.absolute()
        self._patience = patience or Patience()
        self._child: Child[News] | None = None
        self._drawn_from: tuple[int, ...] = ()
        self._one_at_a_time = threading.Lock()

    def page(
        self, number: int, width: int, spans: Sequence[Span] = (), page: Page | None = None
    ) -> Rendering:
        """The page of that number, from 1, about so many pixels wide, and where the spans stand.

        `page` is the page as it was read: the spans count its characters. Raises Missing, Refused,
        Damaged, Unsupported, and Interrupted if no process could be started.
        """
        order = Show(number, width, tuple(spans), page)
        with self._one_at_a_time:
            is_fresh = self._child is None
            try:
                return self._shown(order)
            except _Lost as lost:
                if is_fresh:
                    raise Damaged(_BROKEN) from lost
            try:
                return self._shown(order)  # The process may only have used up its time.
            except _Lost as lost:
                raise Damaged(_BROKEN) from lost

    def close(self) -> None:
        """End the process."""
        with self._one_at_a_time:
            self._end()

    def _shown(self, order: Show) -> Rendering:
        state = _state(self._path)
        if state != self._drawn_from:
            self._end()  # It has the old file open, and is locked in with that.
            self._drawn_from = state
        try:
            child = self._child = self._child or self._started()
            try:
                child.channel.tell(order)
            except OSError as error:
                raise _Lost from error
            news = _heard(child, self._patience.page)
        except _Silent as silent:
            self._end()
            raise Unsupported(_TOO_LONG) from silent
        except _Lost:
            self._end()
            raise
        match news:
            case Shown(width, height, image, boxes) if len(image) == 3 * width * height > 0:
                return Rendering(width, height, image, boxes)
            case Failed():
                raise news.as_problem
            case _:  # No honest process says so; and who draws the picture trusts its size.
                self._end()
                raise _Lost

    def _started(self) -> Child[News]:
        try:
            child = Child[News](PAGE_PROCESS, News, largest=LARGEST)
        except OSError as error:
            raise Interrupted(_NO_START) from error
        try:
            child.channel.tell(Open(os.fsencode(self._path), self._patience.work))
            locked = _heard(child, self._patience.start)
            if self._needs_sandbox and isinstance(locked, Locked):
                demand(locked.confinement)
        except (OSError, _Lost, _Silent) as error:
            child.kill()
            raise Interrupted(_NO_START) from error
        except Refused:
            child.kill()
            raise
        return child

    def _end(self) -> None:
        if self._child:
            self._child.channel.hang_up()
            self._child.kill()
            self._child = None


class _Lost(Exception):
    """The process ended before it answered."""


class _Silent(Exception):
    """The process took longer than it may."""


def _state(path: Path) -> tuple[int, ...]:
    """What differs when a file is written anew, or another takes its place."""
    try:
        status = path.stat()
    except OSError as error:
        raise why_unreadable(error) from error
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _heard(child: Child[News], seconds: float) -> News:
    try:
        return child.channel.hear_within(seconds, Stop())
    except TimeoutError as error:
        raise _Silent from error
    except (EOFError, OSError) as error:
        raise _Lost from error
