"""The library process: it reads, embeds and searches documents for a window, and ends with it."""

import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

from sottovoce.domain.problems import Cancelled, Problem
from sottovoce.domain.stop import Stop
from sottovoce.library import library_wire as wire
from sottovoce.library.library import Library
from sottovoce.system.child import Channel, inherited
from sottovoce.system.logs import describe, harden, print_log
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.sandbox import keep_offline

_AT_ONCE = 16
"""Questions that are at work at the same time; more wait."""
_LAST_SECONDS = 4.0
"""After which the process ends though something is still at work: a disk may never answer."""

log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve the parent that holds the other ends of the two pipes named in `arguments`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    print_log()
    harden()
    NetworkGate().close()
    channel = Channel[wire.Order](*inherited(arguments), wire.Order)
    try:
        _serve(channel)
    except (EOFError, OSError):
        pass  # The parent is gone: nobody wants to hear the rest.
    except Exception as error:  # noqa: BLE001  A bug: logged here, without a word of the user's.
        log.error(describe(error))
        os._exit(1)
    os._exit(0)


def _serve(channel: Channel[wire.Order]) -> None:
    opening = channel.hear()
    assert isinstance(opening, wire.Open), "the first thing told is what to open"
    profile = wire.read_profile(opening)
    # Before there is any other thread: each is locked in as the one that starts it.
    confinement = keep_offline(profile.folder)
    # Late: numpy starts threads as soon as it is imported.
    from sottovoce.library.opening import open_library

    try:
        library = open_library(profile, opening.key)
    except Problem as problem:
        channel.tell(wire.Failed(0, type(problem).__name__, str(problem)))
        return
    channel.tell(wire.Opened(confinement))
    questions = _Questions(channel, library)
    try:
        questions.hear()
    finally:
        questions.close()
        library.close()


class _Questions:
    """Those at work, each in a thread of its own: one may take hours, others a moment."""

    def __init__(self, channel: Channel[wire.Order], library: Library) -> None:
        self._channel = channel
        self._library = library
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="question")
        self._stops: dict[int, Stop] = {}

    def hear(self) -> None:
        """Begin and stop questions as they come. Raises EOFError or OSError at the end."""
        while True:
            match self._channel.hear():
                case wire.Ask() as ask:
                    self._stops[ask.number] = Stop()
                    self._threads.submit(self._answer, ask)
                case wire.Stop(number):
                    if stop := self._stops.get(number):
                        stop.set()

    def close(self) -> None:
        """Stop all, and return when they have stopped; end the process if they do not."""
        last = threading.Timer(_LAST_SECONDS, os._exit, (0,))
        last.daemon = True
        last.start()
        for stop in self._stops.copy().values():
            stop.set()
        self._threads.shutdown(cancel_futures=True)

    def _answer(self, ask: wire.Ask) -> None:
        try:
            self._channel.tell(self._answered(ask, self._stops[ask.number]))
        except OSError:
            pass  # The parent is gone; the thread that hears ends the process.
        except Exception as error:  # noqa: BLE001  A bug: logged here, and the process starts anew.
            log.error(describe(error))
            os._exit(1)
        finally:
            del self._stops[ask.number]

    def _answered(self, ask: wire.Ask, stop: Stop) -> wire.Reply:
        try:
            value = wire.answer(self._library, ask.question, stop)
            if not isinstance(value, Iterator):
                return wire.Returned(ask.number, wire.written(value))
            for news in value:
                self._channel.tell(wire.written_news(ask.number, news))
        except Cancelled:
            return wire.Cancelled(ask.number)
        except Problem as problem:
            return wire.Failed(ask.number, type(problem).__name__, str(problem))
        return wire.Returned(ask.number, wire.written(None))
