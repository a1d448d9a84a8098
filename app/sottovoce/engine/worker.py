"""The engine's process: it owns llama.cpp and answers questions until its parent is gone."""

import logging
import os
import queue
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from sottovoce.domain.hardware import Library
from sottovoce.domain.problems import Cancelled, Problem
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.engine import backends, llama, wire
from sottovoce.engine.encoding import Encoding, load_encoder
from sottovoce.engine.loading import load
from sottovoce.engine.locked_in import lock_in
from sottovoce.engine.measuring import measure
from sottovoce.engine.session import Session
from sottovoce.system.child import Channel, Failed, Locked, inherited
from sottovoce.system.logs import harden
from sottovoce.system.network.gate import NetworkGate

BEAT_EVERY = 2.0
"""Seconds between two signs of life while a question is being answered."""

BEFORE = "A model of the right kind is loaded before it is asked."

QUOTED = re.compile(r"'.*'|/.*")
"""Where llama.cpp names files; their names may be private."""

log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve the parent that holds the other ends of the two pipes named in `arguments`."""
    sys.excepthook = _log_crash
    threading.excepthook = _end_crashed
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    harden()
    NetworkGate().close()
    channel = Channel[wire.Order](*inherited(arguments), wire.Order)
    try:
        first = channel.hear()
        assert isinstance(first, wire.LockIn), "it keeps to its files before all else"
        files = [Path(os.fsdecode(file)) for file in first.files]
        libraries = [Library(Path(os.fsdecode(path)), sum_) for path, sum_ in first.libraries]
        # Before there is any other thread: each is locked in as the one that starts it.
        channel.tell(Locked(lock_in([*files, *(library.path for library in libraries)])))
    except (EOFError, OSError):
        os._exit(0)  # The parent is gone.
    _Worker(channel, libraries).serve()


class _Worker:
    """Answers questions one after the other, while a thread listens for the wish to stop."""

    def __init__(self, channel: Channel[wire.Order], libraries: Sequence[Library]) -> None:
        self._channel = channel
        self._libraries = libraries
        self._packs = 0
        """How many of the libraries were loaded."""
        self._questions: queue.SimpleQueue[tuple[int, wire.Question]] = queue.SimpleQueue()
        self._flag = llama.Flag()
        self._asked = 0
        """The number of the last question that was begun; the listening thread writes it."""
        self._answered = 0
        """The number of the last question that is done with."""
        self._session: Session | Encoding | None = None

    def serve(self) -> NoReturn:
        """Never returns: the process ends with its parent."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        said = llama.Log()
        self._packs = backends.load(self._libraries)
        while True:
            number, question = self._questions.get()
            try:
                for news in self._answer(question, said):
                    self._tell(news)
            except Cancelled:
                self._tell(wire.Cancelled())
            except Problem as problem:
                log.info("%s", type(problem).__name__)
                self._tell(Failed.of(problem))
            self._answered = number

    def _answer(self, question: wire.Question, said: llama.Log) -> Iterator[wire.News]:
        match question:
            case wire.Load():
                yield self._load(question, said)
            case wire.ListDevices():
                gpus = tuple(backends.gpus())
                yield wire.Devices(backends.build(), backends.processor(), gpus, self._packs)
            case wire.Measure():
                for news in measure(question.threads, question.available, self._flag):
                    match news:
                        case Measuring(fraction):
                            yield wire.Measuring(fraction)
                        case Rates():
                            yield wire.Measured(news)
                yield wire.MeasuredAll()
            case wire.LoadEncoder():
                yield self._load_encoder(question, said)
            case wire.Count():
                assert self._session is not None, BEFORE
                yield self._session.count(question)
            case wire.Reply():
                yield from self._writing.reply(question)
            case wire.Adapt():
                yield self._writing.adapt(question)
            case wire.Embed():
                yield self._encoding.embed(question)
            case wire.Rank():
                yield self._encoding.rank(question)

    @property
    def _writing(self) -> Session:
        assert isinstance(self._session, Session), BEFORE
        return self._session

    @property
    def _encoding(self) -> Encoding:
        assert isinstance(self._session, Encoding), BEFORE
        return self._session

    def _load(self, question: wire.Load, said: llama.Log) -> wire.Loaded:
        def loading(fraction: float) -> None:
            self._tell(wire.Loading(fraction))

        begun = time.perf_counter()
        with _troubles_logged(said):
            self._session, loaded = load(question, flag=self._flag, said=said, loading=loading)
        log.info(
            "loaded in %.1f s: %s, %d threads, %d GPU layers, context %d of %d, %.2f GB",
            time.perf_counter() - begun,
            loaded.backend,
            loaded.threads,
            loaded.gpu_layers,
            loaded.context,
            loaded.context_limit,
            loaded.memory / 1e9,
        )
        return loaded

    def _load_encoder(self, question: wire.LoadEncoder, said: llama.Log) -> wire.LoadedEncoder:
        def loading(fraction: float) -> None:
            self._tell(wire.Loading(fraction))

        with _troubles_logged(said):
            self._session, loaded = load_encoder(
                question, flag=self._flag, said=said, loading=loading
            )
        return loaded

    def _listen(self) -> None:
        try:
            while True:
                match self._channel.hear():
                    case wire.Begin(number):
                        self._asked = number
                        self._flag.clear()
                        self._tell(wire.Beat(number))
                    case wire.Stop(number):
                        if number == self._asked:
                            self._flag.set()
                    case wire.LockIn():
                        raise AssertionError("it is locked in already")
                    case question:
                        self._questions.put((self._asked, question))
        except (EOFError, OSError):
            os._exit(0)  # The parent is gone: nobody is left to clean up for.

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_EVERY)
            if self._asked != self._answered:
                self._tell(wire.Beat(self._asked))

    def _tell(self, news: wire.News) -> None:
        try:
            self._channel.tell(news)
        except OSError:
            os._exit(0)


@contextmanager
def _troubles_logged(said: llama.Log) -> Iterator[None]:
    try:
        yield
    finally:
        for trouble in said.troubles:
            log.info("%s", QUOTED.sub("...", trouble))


def _log_crash(
    kind: type[BaseException], _: BaseException | None, trace: TracebackType | None
) -> None:
    """Log where it happened. The message and the values stay out: they may quote the user."""
    places = " < ".join(f"{at.name}:{at.lineno}" for at in reversed(traceback.extract_tb(trace)))
    log.error("%s in %s", kind.__name__, places)


def _end_crashed(crash: threading.ExceptHookArgs) -> None:
    """End the process with the thread: it would be deaf to stops and to the end of its parent."""
    _log_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)
    os._exit(1)
