"""Looks into GGUF files that nobody has looked into, in a process that can do no harm."""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sottovoce.domain.problems import Interrupted, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.models.inspect_wire import (
    TOO_MUCH,
    Examine,
    Examined,
    News,
    unpacked,
)
from sottovoce.models.inspection import Inspection
from sottovoce.system.child import Child, Failed, Locked
from sottovoce.system.sandbox import demand

INSPECT_PROCESS = "--inspect-process"

_NO_START = "What looks into files could not be started. Try again."


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the process is given."""

    start: float = 30
    """To start and to lock itself in."""
    work: float = 2
    """To look into the file."""


def inspect(
    path: Path, stop: Stop, patience: Patience | None = None, *, needs_sandbox: bool = False
) -> Inspection:
    """What the file says about itself, and what is wrong with it.

    Whatever is in it, this takes a few seconds at most and memory only in a process that then ends.
    `needs_sandbox`: nothing is heard from one that the system cannot lock in fully. Raises Missing,
    Refused, Damaged or Unsupported, Interrupted if no process could be started, and Cancelled.
    """
    patience = patience or Patience()
    try:
        child = Child[News](INSPECT_PROCESS, News)
    except OSError as error:
        raise Interrupted(_NO_START) from error
    try:
        return _asked(child, path.absolute(), stop, patience, needs_sandbox=needs_sandbox)
    finally:
        child.channel.hang_up()
        child.kill()


class _Lost(Exception):
    """The process ended before it answered, or took longer than it may."""


def _asked(
    child: Child[News], path: Path, stop: Stop, patience: Patience, *, needs_sandbox: bool
) -> Inspection:
    try:
        child.channel.tell(Examine(os.fsencode(path)))
        news = _heard(child, patience.start, stop)
    except (OSError, _Lost) as error:
        raise Interrupted(_NO_START) from error
    try:
        if isinstance(news, Locked):
            if needs_sandbox:
                demand(news.confinement)
            return _found(_heard(child, patience.work, stop))
        if isinstance(news, Failed):  # There is nothing that it could look into.
            raise news.as_problem
        raise _Lost
    except _Lost as lost:
        raise Unsupported(TOO_MUCH) from lost


def _heard(child: Child[News], seconds: float, stop: Stop) -> News:
    try:
        return child.channel.hear_within(seconds, stop)
    except (EOFError, OSError) as error:
        raise _Lost from error


def _found(news: News) -> Inspection:
    match news:
        case Examined(inspection):
            try:
                return unpacked(inspection)
            except msgspec.MsgspecError as error:
                raise _Lost from error
        case Failed():
            raise news.as_problem
        case Locked():
            raise _Lost
