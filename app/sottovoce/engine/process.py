"""The engine as others see it: a process that is started, asked, watched and replaced."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from sottovoce.domain.model import Adapter, LoadOptions, Model
from sottovoce.domain.plan import usual_threads
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Unsupported,
)
from sottovoce.domain.reply import Finish, Finished, Loading, Piece, Reading, Timings, Usage
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.domain.stop import Stop
from sottovoce.domain.text import encodable
from sottovoce.engine import wire
from sottovoce.engine.engine import Devices, Loaded, Prompt
from sottovoce.system import memory
from sottovoce.system.child import Child
from sottovoce.system.processor import processor

PROBLEMS = {kind.__name__: kind for kind in (Damaged, Interrupted, NoRoom, Unsupported)}
"""What the engine's process may raise here."""
LOOK_EVERY = 0.05
"""Seconds between two looks at the clock while waiting."""
WITHOUT_GPU = "The processor computes alone, because the GPU broke down with this model."


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


class ProcessEngine:
    """An engine in a child process. Each model gets a fresh one, so no memory is left behind."""

    def __init__(
        self,
        *,
        log: Path | None = None,
        patience: Patience | None = None,
        available_memory: Callable[[], int] = memory.available,
    ) -> None:
        """`log` takes what the process prints; without it, that is dropped."""
        self._log = log
        self._patience = patience or Patience()
        self._available_memory = available_memory
        self._turn = threading.Lock()
        self._child: _Child | None = None
        self._loaded: Loaded | None = None
        self._options: LoadOptions | None = None
        """How the loaded model was asked for."""
        self._load_seconds = 0.0
        """How long loading took, until a reply has told it."""

    @property
    def loaded(self) -> Loaded | None:
        child = self._child
        return self._loaded if child is not None and child.lives else None

    def load(self, model: Model, options: LoadOptions, stop: Stop) -> Iterator[Loading]:
        with self._my_turn(stop):
            stop.check()
            there = self.loaded
            if there is not None and there.path == model.path and self._options == options:
                return
            self._give_up()
            _check_file(model.path)
            yield from self._load(model, options, stop)

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        question = wire.Count(tuple(encodable(text) for text in texts))
        with self._my_turn(stop), self._losing() as child:
            return list(_answer(child.ask(question, stop), wire.Counts).tokens)

    def reply(self, prompt: Prompt, stop: Stop) -> Iterator[Reading | Piece | Finished]:
        try:
            with self._my_turn(stop):
                yield from self._reply(prompt, stop)
        except Cancelled:
            yield self._stopped()

    def adapt(self, adapters: Sequence[Adapter], stop: Stop) -> None:
        for adapter in adapters:
            _check_file(adapter.path, "adapter")
        question = wire.Adapt(
            tuple((os.fsencode(adapter.path), adapter.scale) for adapter in adapters)
        )
        with self._my_turn(stop), self._losing() as child:
            _answer(child.ask(question, stop), wire.Adapted)

    def devices(self, stop: Stop) -> Devices:
        with self._my_turn(stop), self._any_child() as child:
            found = _answer(child.ask(wire.ListDevices(), stop), wire.Devices)
        return Devices(found.build, found.processor, found.gpus)

    def measure(self, stop: Stop) -> Iterator[Measuring | Rates]:
        with self._my_turn(stop):
            stop.check()
            self._give_up()
            question = wire.Measure(usual_threads(processor().cores), self._available_memory())
            rates: Rates | None = None
            try:
                with self._any_child() as child, closing(child.ask(question, stop)) as answer:
                    for news in answer:
                        match news:
                            case wire.Measuring(fraction):
                                yield Measuring(fraction)
                            case wire.Measured(so_far):
                                rates = so_far
                            case wire.Failed():
                                raise _problem(news)
                            case wire.Cancelled():
                                raise Cancelled
            except Interrupted:
                # A GPU whose driver breaks down costs its own figures, not those before it.
                stop.check()
                if rates is None:
                    raise
            assert rates is not None, "all devices were measured"
            yield rates

    def unload(self) -> None:
        with self._my_turn(Stop()):
            self._give_up()

    def close(self) -> None:
        self._give_up()

    @contextmanager
    def _my_turn(self, stop: Stop) -> Iterator[None]:
        """Wait until nobody else asks. Raises Cancelled when stopped while waiting."""
        while not self._turn.acquire(timeout=LOOK_EVERY):
            stop.check()
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _losing(self) -> Iterator["_Child"]:
        """The child that holds the model; if it is lost meanwhile, that is Interrupted."""
        if self._child is None or self.loaded is None:
            raise Interrupted("No model is in memory any more. Try again.")
        try:
            yield self._child
        except _Lost as lost:
            self._give_up()
            raise Interrupted(str(lost)) from lost

    @contextmanager
    def _any_child(self) -> Iterator["_Child"]:
        """The child that is there, or one that lives as long as it is asked."""
        if self.loaded is not None:
            with self._losing() as child:
                yield child
            return
        child = self._started()
        try:
            yield child
        except _Lost as lost:
            raise Interrupted(str(lost)) from lost
        finally:
            child.end()

    def _started(self) -> "_Child":
        try:
            return _Child(self._log, self._patience)
        except OSError as error:
            raise Interrupted("The engine could not be started. Try again.") from error

    def _load(self, model: Model, options: LoadOptions, stop: Stop) -> Iterator[Loading]:
        begun = time.monotonic()
        question = wire.Load(
            path=os.fsencode(model.path),
            # Measured: Q4_0 gains; K-quants load ten times and read prompts 1.7 times slower.
            repack=model.quantisation == "Q4_0",
            wishes=replace(options, threads=options.threads or usual_threads(processor().cores)),
            available=self._available_memory(),
        )
        self._child = child = self._started()
        try:
            with closing(child.ask(question, stop)) as answer:
                for news in answer:
                    match news:
                        case wire.Loading(fraction):
                            yield Loading(fraction)
                        case wire.Loaded():
                            seconds = time.monotonic() - begun
                            self._keep(model, options, news, seconds)
                            yield Loading(1)
                            return
                        case wire.Failed():
                            raise _problem(news)
                        case wire.Cancelled():
                            raise Cancelled
        except _Lost as lost:
            stop.check()
            why = _why_lost(child)
            self._give_up()
            if not isinstance(why, Damaged) or options.gpu_layers == 0 or not self._has_gpu(stop):
                raise why from lost
            # Some drivers end the process where they should say that memory is used up.
            yield from self._load(model, replace(options, gpu_layers=0), stop)
            assert self._loaded is not None
            self._options, self._loaded = options, replace(self._loaded, note=WITHOUT_GPU)
        finally:
            if self._loaded is None:
                self._give_up()

    def _has_gpu(self, stop: Stop) -> bool:
        with self._any_child() as child:
            return bool(_answer(child.ask(wire.ListDevices(), stop), wire.Devices).gpus)

    def _keep(
        self, model: Model, options: LoadOptions, loaded: wire.Loaded, seconds: float
    ) -> None:
        self._options = options
        self._load_seconds = seconds
        self._loaded = Loaded(
            path=model.path,
            name=model.name,
            context=loaded.context,
            context_limit=loaded.context_limit,
            gpu_layers=loaded.gpu_layers,
            threads=loaded.threads,
            memory=loaded.memory,
            backend=loaded.backend,
            seconds=seconds,
            kv_type=loaded.kv_type,
            flash_attention=loaded.flash_attention,
            batch=loaded.batch,
            note=loaded.note,
        )

    def _reply(self, prompt: Prompt, stop: Stop) -> Iterator[Reading | Piece | Finished]:
        turns = tuple(replace(turn, text=encodable(turn.text)) for turn in prompt.turns)
        stops = tuple(encodable(text) for text in prompt.sampling.stop)
        sampling = replace(prompt.sampling, stop=stops)
        question = wire.Reply(turns, sampling, self._available_memory())
        try:
            with self._losing() as child, closing(child.ask(question, stop)) as answer:
                for news in answer:
                    match news:
                        case wire.Reading(done, total):
                            yield Reading(done, total)
                        case wire.Piece(text, tokens) if not stop.is_set:
                            yield Piece(text, tokens)
                        case wire.Resized(size, needed):
                            assert self._loaded is not None
                            self._loaded = replace(self._loaded, context=size, memory=needed)
                        case wire.Finished():
                            yield self._finished(news, stop)
                        case wire.Failed():
                            raise _problem(news)
        except Interrupted:
            if not stop.is_set:
                raise
            yield self._stopped()

    def _finished(self, news: wire.Finished, stop: Stop) -> Finished:
        # Pieces may have been held back since the stop, so it is no other end any more.
        finish = Finish.STOPPED if stop.is_set else news.finish
        seconds, self._load_seconds = self._load_seconds, 0.0
        return Finished(finish, news.usage, replace(news.timings, load=seconds))

    def _stopped(self) -> Finished:
        """The end of a reply that was not begun, or whose engine had to be ended."""
        context = self._loaded.context if self._loaded else 0
        return Finished(Finish.STOPPED, Usage(0, 0, 0, context), Timings(0, 0, 0, 0))

    def _give_up(self) -> None:
        child, self._child, self._loaded = self._child, None, None
        if child is not None:
            child.end()


class _Lost(Exception):
    """The process ended, or hung and had to be ended. The text is a sentence for the user."""


class _Child:
    """The engine's process, from its start to its end."""

    def __init__(self, log: Path | None, patience: Patience) -> None:
        environment = {"GGML_NO_BACKTRACE": "1"}
        self._process = Child[wire.News](
            "--engine-process", wire.News, log=log, environment=environment
        )
        self._channel = self._process.channel
        self._patience = patience
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

    def ask(self, question: wire.Question, stop: Stop) -> Generator[wire.News]:
        """All news about a question but beats, up to the answer. Raises _Lost.

        Whoever closes this before the answer gives up the question, and the process is free again.
        """
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

    def _await_beat(self, number: int) -> None:
        """Wait until it hears: what is sent to a process that doesn't could block for ever."""
        patience = self._patience.start if number == 1 else self._patience.silence
        until = time.monotonic() + patience
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
        with suppress(_Lost):
            for news in self._news(stop, renders=False):
                if isinstance(news, wire.Answer):
                    return

    def _lost(self) -> _Lost:
        self.end()
        return _Lost("The engine ended unexpectedly. What it had written is kept; try again.")

    def _hang(self) -> None:
        self.hung = True
        self._process.kill(self._patience.ending)
        raise _Lost("The engine no longer answered and was ended. Try again.")


def _check_file(path: Path, what: str = "model") -> None:
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


def _why_lost(child: _Child) -> Problem:
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


Answer = TypeVar("Answer", wire.Counts, wire.Adapted, wire.Devices)


def _answer(news: Iterable[wire.News], kind: type[Answer]) -> Answer:
    """What a question is answered with. Raises the Problem that stood in the way, or Cancelled."""
    for item in news:
        match item:
            case kind():
                return item
            case wire.Failed():
                raise _problem(item)
            case wire.Cancelled():
                raise Cancelled
    raise AssertionError("the last news about a question is its answer")


def _problem(failed: wire.Failed) -> Problem:
    return PROBLEMS[failed.problem](failed.sentence)
