"""The engine's process as its parent holds it: started, asked, watched and ended."""

import os
import signal
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from sottovoce.domain.hardware import Library
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
)
from sottovoce.domain.stop import Stop
from sottovoce.engine import wire
from sottovoce.system.child import Child, Failed, Locked
from sottovoce.system.sandbox import Confinement, demand

LOOK_EVERY = 0.05
"""Seconds between two looks at the clock while waiting."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the engine's process is given before it counts as hung."""

    start: float = 60
    """To start and hear its first question."""
    silence: float = 15
    """Between two signs of life."""
    preparing: float = 20
    """To fill in a chat template and find the tokens. Templates may be made never to end."""
    stopping: float = 5
    """To confirm that it stopped."""
    ending: float = 2
    """To end when nobody needs it any more."""


class Lost(Exception):
    """The process ended, or hung and had to be ended. The text is a sentence for the user."""


class EngineChild:
    """The engine's process, from its start to its end."""

    def __init__(
        self,
        log: Path | None,
        patience: Patience,
        files: Sequence[Path],
        *,
        needs_sandbox: bool,
        libraries: Sequence[Library] = (),
    ) -> None:
        """It is locked in with `files` before it looks into any. Raises OSError.

        `libraries` of packs it loads besides its own, where they are what was signed.
        `needs_sandbox`: where it cannot be locked in fully, it is asked nothing.
        """
        # OpenBLAS, which numpy brings, starts threads as soon as it is imported: before the lock.
        environment = {"GGML_NO_BACKTRACE": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = Child[wire.News](
            "--engine-process", wire.News, log=log, environment=environment
        )
        self._channel = self._process.channel
        self._patience = patience
        self._files = tuple(os.fsencode(file) for file in files if file.exists())
        self._libraries = tuple((os.fsencode(each.path), each.sha256) for each in libraries)
        self._needs_sandbox = needs_sandbox
        self._confinement: Confinement | None = None
        self._number = 0
        self.hung = False
        """Whether it was ended because it no longer answered."""

    @property
    def lives(self) -> bool:
        return self._process.lives

    @property
    def exit_code(self) -> int | None:
        """As subprocess tells it; None while it lives."""
        return self._process.exit_code

    def lock_in(self) -> Confinement:
        """How far it is locked in. Raises Lost, and Refused where that is not enough."""
        if self._confinement is None:
            self._tell(wire.LockIn(self._files, self._libraries))
            self._confinement = self._await_lock()
            if self._needs_sandbox:
                demand(self._confinement)
        return self._confinement

    def ask(self, question: wire.Question, stop: Stop) -> Generator[wire.News]:
        """All news about a question but beats, up to the answer. Raises as lock_in does.

        Whoever closes this before the answer gives up the question, and the process is free again.
        """
        self.lock_in()
        self._number += 1
        number = self._number
        answered = False
        try:
            self._tell(wire.Begin(number))
            self._await_beat(number)
            self._tell(question)
            with stop.calling(partial(self._stop, number)):
                for news in self._news(stop, renders=isinstance(question, wire.Reply)):
                    answered = isinstance(news, wire.Answer)
                    yield news
                    if answered:
                        return
        finally:
            if not answered and self.lives:
                self._abandon(number)

    def end(self) -> None:
        """End politely, then by force. It leaves no process behind."""
        self._process.end(self._patience.ending)

    def _await_lock(self) -> Confinement:
        if not self._channel.heard_within(self._patience.start):
            self._hang()
        first = self._hear()
        assert isinstance(first, Locked), "it keeps to its files before all else"
        return first.confinement

    def _await_beat(self, number: int) -> None:
        """Wait until it hears: what is sent to a process that doesn't could block for ever."""
        until = time.monotonic() + self._patience.silence
        while time.monotonic() < until:
            if self._channel.heard_within(LOOK_EVERY) and self._hear() == wire.Beat(number):
                return
        self._hang()

    def _news(self, stop: Stop, *, renders: bool) -> Iterator[wire.News]:
        """What is heard until the caller has enough. `renders`: a template is filled in first."""
        heard = begun = time.monotonic()
        stopped: float | None = None
        prepared = not renders
        while True:
            news = self._hear() if self._channel.heard_within(LOOK_EVERY) else None
            now = time.monotonic()
            if news is not None:
                heard = now
            if stop.is_set and stopped is None:
                stopped = now
            if news is not None and not isinstance(news, wire.Beat):
                prepared = True
                yield news
                heard = time.monotonic()  # The caller may have taken its time.
            elif (
                now - heard > self._patience.silence
                or (not prepared and now - begun > self._patience.preparing)
                or (stopped is not None and now - stopped > self._patience.stopping)
            ):
                self._hang()

    def _hear(self) -> wire.News:
        try:
            return self._channel.hear()
        except (EOFError, OSError) as error:
            raise self._lost() from error

    def _tell(self, order: wire.Order) -> None:
        try:
            self._channel.tell(order)
        except OSError as error:
            raise self._lost() from error

    def _stop(self, number: int) -> None:
        with suppress(OSError):  # Gone already: so it has stopped.
            self._channel.tell(wire.Stop(number))

    def _abandon(self, number: int) -> None:
        stop = Stop()
        stop.set()
        self._stop(number)
        with suppress(Lost):
            for news in self._news(stop, renders=False):
                if isinstance(news, wire.Answer):
                    return

    def _lost(self) -> Lost:
        self.end()
        return Lost("The engine ended unexpectedly. What it had written is kept; try again.")

    def _hang(self) -> NoReturn:
        self.hung = True
        self._process.kill(self._patience.ending)
        raise Lost("The engine no longer answered and was ended. Try again.")


def check_file(path: Path, what: str = "model") -> None:
    """Raise Missing or Damaged if this cannot be a GGUF file, before a process meets it."""
    if not path.is_file():
        raise Missing(f"The {what} file is not where it was. Locate it or choose another {what}.")
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
    except OSError as error:
        raise Missing(f"The {what} file cannot be opened. Check its permissions.") from error
    if not is_gguf:
        raise Damaged(f"This is no GGUF {what} file. Download it again or choose another.")


def admit_all(path: Path, stop: Stop) -> None:
    """Let every model file be loaded."""


def why_lost(child: EngineChild) -> Problem:
    """The Problem when the process ended while it loaded a model."""
    if child.hung:
        return Interrupted("The engine no longer answered while loading the model. Try again.")
    killed = sys.platform != "win32" and child.exit_code == -signal.SIGKILL
    if killed:
        return NoRoom(
            "The system ended the engine while it loaded the model, most likely for want of memory."
            " Close other programs or choose a smaller model."
        )
    if child.exit_code == 1:  # Python's own: the fault is ours, and the file may be good.
        return Interrupted("The engine could not be started. Try again.")
    return Damaged("The model file broke the engine down. Download it again or choose another.")


Answer = TypeVar(
    "Answer",
    wire.Adapted,
    wire.Counts,
    wire.Devices,
    wire.LoadedEncoder,
    wire.Scores,
    wire.Vectors,
)


def await_answer(news: Iterable[wire.News], kind: type[Answer]) -> Answer:
    """What a question is answered with. Raises the Problem that stood in the way, or Cancelled."""
    for item in news:
        match item:
            case kind():
                return item
            case Failed():
                raise item.as_problem
            case wire.Cancelled():
                raise Cancelled
    raise AssertionError("the last news about a question is its answer")
