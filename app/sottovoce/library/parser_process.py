"""The process that reads one document, locked in with it, and ends."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sottovoce.domain.document import Page
from sottovoce.domain.problems import Damaged, Missing, Problem, Refused, Unsupported
from sottovoce.domain.text import encodable
from sottovoce.library.formats.choose import read
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.locked_in import lock_in
from sottovoce.library.parser_wire import (
    TOO_MUCH,
    Begun,
    Ended,
    Failed,
    Locked,
    Read,
    Skipped,
    Told,
    Turned,
)
from sottovoce.system.child import Channel, inherited


def main(arguments: Sequence[str]) -> int:
    """Answer the parent that holds the other ends of the two pipes named in `arguments`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    channel = Channel[Read](*inherited(arguments), Read)
    try:
        order = channel.hear()
        path = Path(os.fsdecode(order.path))
        channel.tell(Locked(lock_in(path, order.seconds, is_patient=True)))
        for told in _answer(path):
            channel.tell(told)
    except (EOFError, OSError):
        return 1  # The parent is gone.
    return 0


def _answer(path: Path) -> Iterator[Told]:
    try:
        for news in read(path, path.name):
            yield _told(news)
        yield Ended()
    except Problem as problem:
        yield Failed(type(problem).__name__, str(problem))
    except FileNotFoundError:
        yield Failed(Missing.__name__, "The file is no longer there.")
    except PermissionError:
        yield Failed(Refused.__name__, "This file may not be read. Change its permissions.")
    except OSError:
        yield Failed(Damaged.__name__, "The disk could not read this file. Restore it from a copy.")
    except (MemoryError, RecursionError):
        yield Failed(Unsupported.__name__, TOO_MUCH)


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
