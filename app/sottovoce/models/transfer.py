"""The bytes of a file, fetched on top of those that are there: the network process's side.

What arrives is appended to the part at once, so nothing is lost by whatever ends this process.
Whether the bytes are the right ones is found out by who ordered them.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sottovoce.domain.problems import Damaged, Interrupted, Refused, Unreachable
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.part import Part
from sottovoce.models.repository import FetchOrder
from sottovoce.system.lock import locked

_TELL_EVERY = 0.1
"""Seconds."""
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came when a file was asked for, from a byte on."""

    status: int
    headers: Mapping[str, str]
    """Found in upper or lower case."""
    body: Iterator[bytes]
    """As it arrives, in small pieces. Raises Unreachable or Interrupted when no more comes."""


Ask = Callable[[int], AbstractContextManager[Answer]]
"""Asks for the file from that byte on, at an address that is good now. Raises Unreachable or
Interrupted, which may pass, or what the hub has to say against it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on when things go wrong."""

    tries: int = 8
    """In a row without a single byte."""
    first: float = 0.5
    """Seconds to wait after the first failure; twice as long after each further one."""
    longest: float = 30.0
    longest_asked: float = 300.0
    """Seconds that the other side may ask us to wait."""
    lock: float = 5.0
    """Seconds for another process, whose parent died, to let go of the part."""


def transfer(
    order: FetchOrder, ask: Ask, stop: Stop, patience: Patience | None = None
) -> Iterator[Transferred]:
    """Fetch what is missing; at the end the part is as long as the file, and on disk.

    What was fetched stays, whatever happens. Raises Unreachable, Interrupted, Refused, Damaged or
    NoRoom, or what the hub has to say.
    """
    patience = patience or Patience()
    size = order.file.size
    with locked(order.part, patience.lock) as is_ours:
        if not is_ours:
            raise Refused("Another window or command of Sottovoce downloads this already.")
        with order.part.open("r+b", buffering=0) as file:
            part = Part(file)
            yield Transferred(part.length, size)
            failures = 0
            while part.length < size:
                before = part.length
                try:
                    yield from _append(part, size, ask, stop)
                except (Unreachable, Interrupted, _Busy) as broken:
                    failures = 1 if part.length > before else failures + 1
                    asked = broken.wait if isinstance(broken, _Busy) else 0.0
                    if failures >= patience.tries and isinstance(broken, _Busy):
                        raise Unreachable("The hub is too busy. Try again later.") from broken
                    if failures >= patience.tries:
                        raise
                    pause = min(patience.first * 2 ** (failures - 1), patience.longest)
                    _rest(max(pause, min(asked, patience.longest_asked)), stop)
            part.flush()
            yield Transferred(size, size)


class _Busy(Exception):
    """The other side has no time for us, and may have said how many seconds it needs."""

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


def _append(part: Part, size: int, ask: Ask, stop: Stop) -> Iterator[Transferred]:
    """Put to the part what comes in answer to one question, and tell of it now and then."""
    told = time.monotonic()
    with ask(part.length) as answer:
        skip = _check(answer, part.length, size)
        for piece in answer.body:
            stop.check()
            new = piece[skip:]
            skip -= len(piece) - len(new)
            if part.length + len(new) > size:
                raise _wrong_length()
            part.append(new)
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                yield Transferred(part.length, size)
    if part.length < size:
        raise Interrupted("The connection broke. What was fetched is kept; try again.")


def _check(answer: Answer, start: int, size: int) -> int:
    """How many bytes of the body are to be skipped. Raises what stands against taking any."""
    headers = answer.headers
    if answer.status == 206:
        match = _RANGE.fullmatch(headers.get("content-range", ""))
        if match is None or int(match[1]) != start or match[2] not in {"*", str(size)}:
            raise _wrong_length()
        return 0
    if answer.status == 200:
        if headers.get("content-type", "").startswith("text/html"):
            raise Refused(
                "A web page came instead of the file. This network may want you to sign in: do so"
                " in a browser, then resume the download."
            )
        if headers.get("content-length", str(size)) != str(size):
            raise _wrong_length()
        return start  # Some proxies know no ranges and send it all.
    if answer.status == 416:
        raise _wrong_length()
    if answer.status == 429 or answer.status >= 500:
        raise _Busy(_seconds(headers.get("retry-after", "")))
    raise Unreachable("The hub does not hand out the file now. Try again later.")


def _wrong_length() -> Damaged:
    return Damaged(
        "The file on the hub is not as long as it should be. Try again later, or choose another."
    )


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _rest(seconds: float, stop: Stop) -> None:
    """Wait. Raises Cancelled as soon as stop is set."""
    stopped = threading.Event()
    with stop.calling(stopped.set):
        stopped.wait(seconds)
    stop.check()
