"""The process that reads one document, locked in with it, and ends; or many small plain texts.

To start Python and to import takes longer than to read a small file. So, where processes can fork,
this one stays as it is when it has imported all readers, never looks into a document, and forks for
each: the fork locks itself in.

To fork and to lock in takes longer yet than to read a note. So one that is told to read plain texts
locks itself in without any file, and is told what stands in each. It could lie about the next after
one that took it over; but what reads plain text is Python's own, and no parser in C is near.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import NoReturn

from sottovoce.domain.document import Format, Page
from sottovoce.domain.problems import Problem, Unsupported
from sottovoce.domain.text import encodable
from sottovoce.library.formats.choose import import_readers, is_plain, read
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import UNKNOWN
from sottovoce.library.locked_in import lock_in
from sottovoce.library.parser_wire import (
    TOO_MUCH,
    Begun,
    Ended,
    Order,
    Over,
    Read,
    ReadTexts,
    Skipped,
    Text,
    Told,
    Turned,
)
from sottovoce.library.unreadable import why_unreadable
from sottovoce.system.child import Channel, Failed, Locked, inherited
from sottovoce.system.logs import harden
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.priority import lower_priority
from sottovoce.system.processes import end_with

_MAY_BE_SCANNED = frozenset({Format.PDF, Format.IMAGE, Format.EMAIL})


def main(arguments: Sequence[str]) -> int:
    """Answer the parent that holds the other ends of the two pipes named in `arguments`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    harden()
    NetworkGate().close()
    channel = Channel[Order](*inherited(arguments), Order)
    try:
        while True:
            match channel.hear():
                case ReadTexts(seconds):
                    _read_texts(seconds, channel)
                case Read() as order:
                    _have_read(order, channel)
    except (EOFError, OSError):
        return 1  # The parent is gone.


if sys.platform == "win32":

    def _have_read(order: Read, channel: Channel[Order]) -> None:
        """Read a document in this process, which the parent then ends."""
        _read(order, channel)

else:

    def _have_read(order: Read, channel: Channel[Order]) -> None:
        """Have a fork read a document. It ends before this returns."""
        telling = channel.take()
        lives, living = Pipe(duplex=False)
        ours = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                end_with(ours)
                channel.close()
                _read(order, Channel[Order](lives, telling, Order))
                os._exit(0)
            finally:
                os._exit(1)
        telling.close()
        living.close()
        import_readers()  # While the first is read: who reads one document need not wait for it.
        with lives:
            if lives not in wait([lives, channel.fileno()]):
                os.kill(child, signal.SIGKILL)  # Nothing is ordered meanwhile: the parent is gone.
        _, status = os.waitpid(child, 0)
        channel.tell(Over(os.waitstatus_to_exitcode(status)))


def _read_texts(seconds: int, channel: Channel[Order]) -> NoReturn:
    """Read plain texts in this process, locked in. Raises EOFError or OSError at the end."""
    lower_priority()
    channel.tell(Locked(lock_in(None, seconds)))
    while True:
        text = channel.hear()
        assert isinstance(text, Text), "nothing else is read here"
        _allow(text.seconds)
        name = os.fsdecode(text.name)
        if is_plain(text.data, name):
            for told in _answer(text.data, name):
                channel.tell(told)
        else:
            channel.tell(Failed.of(Unsupported(UNKNOWN)))


def _read(order: Read, channel: Channel[Order]) -> None:
    """Read a document in this process, locked in with it. Raises OSError if nobody hears."""
    path = Path(os.fsdecode(order.path))
    lower_priority()
    channel.tell(Locked(lock_in(path, order.seconds)))
    seconds = order.page_seconds
    _allow(seconds)
    for told in _answer(path, path.name):
        if isinstance(told, Begun) and told.about.format in _MAY_BE_SCANNED:
            seconds = order.scan_seconds
        channel.tell(told)
        _allow(seconds)


def _allow(seconds: float) -> None:
    """Have this process killed after so many seconds of processor time, counted from now."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _answer(source: Source, name: str) -> Iterator[Told]:
    try:
        for news in read(source, name):
            yield _told(news)
        yield Ended()
    except Problem as problem:
        yield Failed.of(problem)
    except OSError as error:
        yield Failed.of(why_unreadable(error))
    except (MemoryError, RecursionError):
        yield Failed.of(Unsupported(TOO_MUCH))


def _told(news: News) -> Told:
    # Halves of characters cannot be sent. What stands for them is as long: places stay right.
    match news:
        case About():
            return Begun(replace(news, title=encodable(news.title)))
        case Page():
            text, label = encodable(news.text), encodable(news.label)
            return Turned(replace(news, text=text, label=label))
        case Partly():
            return Skipped(Partly(encodable(news.sentence)))
