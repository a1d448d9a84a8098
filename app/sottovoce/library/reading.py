"""Reads documents in processes that are locked in and can do no harm.

Each has one of its own. Only small plain texts share one, which may open none of the user's files.
"""

import math
import os
import stat
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path

from sottovoce.domain.document import Page
from sottovoce.domain.problems import (
    Damaged,
    Interrupted,
    Problem,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.library.formats.news import News, Partly
from sottovoce.library.parser_wire import (
    FORKS,
    TOO_MUCH,
    Begun,
    Ended,
    Over,
    Read,
    ReadTexts,
    Skipped,
    Text,
    Told,
    Turned,
)
from sottovoce.library.suffixes import PLAIN
from sottovoce.library.unreadable import why_unreadable
from sottovoce.system.child import Channel, Child, Failed

PARSER_PROCESS = "--parser-process"

MOST_CHARACTERS = 20_000_000
"""Of one document: six times "War and Peace"."""
MOST_PAGES = 20_000
LARGEST_MESSAGE = 64_000_000
"""Bytes of a page as it is told, at most."""

_SMALL = 32_000
"""Bytes of a text that is read together with others. So little fits in a pipe: to send it never
waits for a process that hears no more."""
_TEXTS = 600
"""Seconds of processor time that one process reads texts for, a million of them perhaps."""

_NO_START = "What reads documents could not be started. Try again."
_BROKEN = "This cannot be read; it seems to be damaged. Restore it from a copy, or save it anew."
_EMPTY = "There is no text in it."
_TOO_LONG = "It is too long: what follows after page {} was left out. Split it to have all."
_BREAKS_OFF = "It could be read up to page {} only. {}"
_RAN_OUT = {-6, -24, -27}
"""What a process ends with that gets no more memory, or no more time, where there are signals."""
_TO_END = 5.0
"""Seconds for a process to end when nobody hears it any more."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the process is waited for."""

    start: float = 30
    """To start and to lock itself in."""
    silence: float = 120
    """To read one page, while others may be at work, too."""
    page: float = 20
    """To read one page, of processor time."""
    scan: float = 120
    """The same, where pages may be scanned."""
    document: float = 600
    """To read all of it, however small it is."""
    megabyte: float = 300
    """To read a megabyte more. Scanned pages are small, and take their time."""


def read(path: Path, stop: Stop, patience: Patience | None = None) -> Generator[News]:
    """Yield the news of one document, as a Reader does."""
    with closing(Reader()) as reader:
        yield from reader.read(path, stop, patience)


class Reader:
    """Reads documents, one after the other. For one thread.

    Where processes can fork, the one that forks is kept from the first document on. So is the one
    that reads small plain texts, everywhere.
    """

    def __init__(self) -> None:
        self._free: Child[Told] | None = None
        """It waits to be told what to read next."""
        self._texts: Child[Told] | None = None
        """It waits for the next text."""

    def read(self, path: Path, stop: Stop, patience: Patience | None = None) -> Generator[News]:
        """Yield what a document is, and its pages in their order, numbered from 1.

        Whatever is in the file, this takes limited time, and memory only in a process that then
        ends; while nobody asks for the next page, no time counts. What breaks off after the first
        page is told as `Partly`. Raises Missing, Refused, Damaged, Unsupported or NoRoom,
        Interrupted if no process could be started, and Cancelled.
        """
        size = _size(path)
        patience = patience or Patience()
        if size <= _SMALL and path.suffix.lower() in PLAIN:
            told = self._plain(path, stop, patience)
            if told is not None:
                yield from _limited(iter(told))
                return
        child = self._free if self._free and self._free.lives else _started()
        self._free = None
        try:
            yield from _limited(self._heard_of(child, path, size, stop, patience))
        finally:
            if self._free is None:
                _end(child)

    def close(self) -> None:
        """Leave no process behind."""
        for child in (self._free, self._texts):
            if child:
                _end(child)
        self._free = self._texts = None

    def _plain(self, path: Path, stop: Stop, patience: Patience) -> list[News] | None:
        """The news of a small text; None if nobody but a process of its own can read it.

        That is the one to say why not: it knows nothing of what was read before.
        """
        try:
            with path.open("rb") as file:
                text = Text(os.fsencode(path.name), file.read(_SMALL), patience.page)
        except OSError:
            return None
        child, self._texts = self._texts, None
        try:
            if not (child and child.lives):
                child = _started()
                child.channel.tell(ReadTexts(_TEXTS))
                _heard(child.channel, patience.start, stop)
            child.channel.tell(text)
            try:
                told = list(_news(child.channel, patience.silence, patience.document, stop))
            except Problem:
                told = None
        except (OSError, _Lost, _Silent):
            return None
        else:
            self._texts = child
            return told
        finally:
            if child and self._texts is None:
                _end(child)

    def _heard_of(
        self, child: Child[Told], path: Path, size: int, stop: Stop, patience: Patience
    ) -> Iterator[News]:
        left = patience.document + patience.megabyte * size / 1_000_000
        where = os.fsencode(path.absolute())
        order = Read(where, math.ceil(left), patience.page, patience.scan)
        document = _ordered(child, order, stop, patience.start)
        try:
            yield from _news(document, patience.silence, left, stop)
            self._exit_code(child, stop)
        except Problem:
            self._exit_code(child, stop)
            raise
        except _Lost as lost:
            document.close()  # So that the process ends, if it has not.
            ran_out = self._exit_code(child, stop) in _RAN_OUT
            raise (Unsupported(TOO_MUCH) if ran_out else Damaged(_BROKEN)) from lost
        except _Silent as silent:
            raise Unsupported(TOO_MUCH) from silent
        finally:
            document.close()

    def _exit_code(self, child: Child[Told], stop: Stop) -> int | None:
        """How the process that read the document ended. The one that forked it is free then."""
        stop.check()
        if not FORKS:
            child.kill()
            return child.exit_code
        try:
            told = _heard(child.channel, _TO_END, stop)
        except (_Lost, _Silent):
            return None
        if not isinstance(told, Over):
            return None
        self._free = child
        return told.exit_code


class _Lost(Exception):
    """The process ended before it answered."""


class _Silent(Exception):
    """The process took longer than it may."""


def _size(path: Path) -> int:
    """Bytes of the file. What is none (a device, a pipe) may never end, or never begin."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise why_unreadable(error) from error
    if not stat.S_ISREG(status.st_mode):
        raise Unsupported("This is not a file with text in it. Choose a document.")
    return status.st_size


def _limited(told: Iterator[News]) -> Iterator[News]:
    """The news, as far as a document may be long; and a word if it breaks off or has no text."""
    last = characters = 0
    has_text = False
    try:
        for news in told:
            if isinstance(news, Page):
                if characters + len(news.text) > MOST_CHARACTERS or last == MOST_PAGES:
                    yield Partly(_TOO_LONG.format(last))
                    return
                last = news.number
                characters += len(news.text)
                has_text = has_text or bool(news.text.strip())
            yield news
    except Problem as problem:
        if not has_text:
            raise
        yield Partly(_BREAKS_OFF.format(last, problem))
    if not has_text:
        yield Partly(_EMPTY)


def _started() -> Child[Told]:
    try:
        return Child[Told](PARSER_PROCESS, Told, largest=LARGEST_MESSAGE, hands_over=FORKS)
    except OSError as error:
        raise Interrupted(_NO_START) from error


def _end(child: Child[Told]) -> None:
    """End it with its fork, if it has one now."""
    if FORKS:
        child.end(_TO_END)
    else:
        child.channel.hang_up()
        child.kill()


def _ordered(child: Child[Told], order: Read, stop: Stop, seconds: float) -> Channel[Told]:
    """Have a document read. Returns what tells of it, when that is locked in."""
    document = child.channel
    try:
        child.channel.tell(order)
        if sys.platform != "win32":
            hearing, telling = Pipe(duplex=False)
            document = Channel[Told](hearing, telling, Told, largest=LARGEST_MESSAGE)
            child.channel.hand_over(telling)
            document.hang_up()
        _heard(document, seconds, stop)
    except (OSError, _Lost, _Silent) as error:
        document.close()
        stop.check()
        raise Interrupted(_NO_START) from error
    return document


def _news(channel: Channel[Told], silence: float, left: float, stop: Stop) -> Iterator[News]:
    """What is told of a document, up to its end. Raises _Lost, _Silent, Cancelled and Problems.

    `silence` and `left` are the seconds to wait for the next news, and for all of them.
    """
    has_begun, page = False, 0
    while True:
        begun = time.monotonic()
        told = _heard(channel, min(silence, left), stop)
        left -= time.monotonic() - begun
        match told:
            case Begun(about) if not has_begun:
                has_begun = True
                yield about
            case Turned(turned) if has_begun:
                page += 1
                yield _checked(turned, page)
            case Skipped(partly):
                yield partly
            case Failed():
                raise told.as_problem
            case Ended() if has_begun:
                return
            case _:
                raise _Lost  # No honest process says so.


def _heard(channel: Channel[Told], seconds: float, stop: Stop) -> Told:
    try:
        return channel.hear_within(seconds, stop)
    except TimeoutError as error:
        raise _Silent from error
    except (EOFError, OSError) as error:
        raise _Lost from error


def _checked(page: Page, number: int) -> Page:
    """The page, if it is the one that comes now, and its blocks lie in it as they should."""
    end = 0
    for block in page.blocks:
        if not end <= block.start <= block.end <= len(page.text):
            raise _Lost
        end = block.end
    if page.number != number:
        raise _Lost
    return page
