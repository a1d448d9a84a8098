"""The engine as others see it: a process that is started, asked, watched and replaced."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from sottovoce.domain.hardware import Library
from sottovoce.domain.model import Adapter, LoadOptions, Model
from sottovoce.domain.parts import parts
from sottovoce.domain.plan import usual_threads
from sottovoce.domain.problems import Cancelled, Damaged, Interrupted
from sottovoce.domain.reply import Finish, Finished, Loading, Piece, Reading, Timings, Usage
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.domain.stop import Stop
from sottovoce.domain.text import encodable
from sottovoce.engine import wire
from sottovoce.engine.child import (
    LOOK_EVERY,
    EngineChild,
    Lost,
    Patience,
    admit_all,
    await_answer,
    check_file,
    why_lost,
)
from sottovoce.engine.engine import Devices, Loaded, Prompt
from sottovoce.system import memory
from sottovoce.system.child import Failed
from sottovoce.system.processor import processor
from sottovoce.system.sandbox import Confinement

WITHOUT_PACK = (
    "The pack for GPUs broke down, so Sottovoce computes without it. To remove it: sottovoce packs"
)
WITHOUT_GPU = "The processor computes alone, because the GPU broke down with this model."


class ProcessEngine:
    """An engine in a child process. Each model gets a fresh one, so no memory is left behind."""

    def __init__(
        self,
        *,
        log: Path | None = None,
        patience: Patience | None = None,
        available_memory: Callable[[], int] = memory.available,
        admit: Callable[[Path, Stop], None] = admit_all,
        adapters: Callable[[], Iterable[Path]] = tuple,
        needs_sandbox: bool = False,
        libraries: Callable[[], Sequence[Library]] = tuple,
    ) -> None:
        """`log` takes what the process prints; without it, that is dropped.

        `adapters` are files that may be switched to while a model is loaded, besides those it is
        loaded with. `admit` is asked before a file is opened, and raises the Problem if that is not
        to be. `needs_sandbox`: no model is opened where the system cannot lock it in fully.
        `libraries` are those of packs, which it computes with besides its own.
        """
        self._log = log
        self._patience = patience or Patience()
        self._available_memory = available_memory
        self._admit = admit
        self._switchable = adapters
        self._needs_sandbox = needs_sandbox
        self._libraries = libraries
        self._bad_libraries: Sequence[Library] = ()
        """Of packs: a process with just these was lost before it had loaded a model."""
        self._turn = threading.Lock()
        self._child: EngineChild | None = None
        self._loaded: Loaded | None = None
        self._options: LoadOptions | None = None
        """How the loaded model was asked for."""
        self._adapters: frozenset[Path] = frozenset()
        """The files of those that its process may open."""
        self._load_seconds = 0.0
        """How long loading took, until a reply has told it."""

    @property
    def loaded(self) -> Loaded | None:
        child = self._child
        return self._loaded if child is not None and child.lives else None

    def load(
        self, model: Model, options: LoadOptions, stop: Stop, adapters: Sequence[Adapter] = ()
    ) -> Iterator[Loading]:
        wanted = frozenset(adapter.path for adapter in adapters)
        with self._my_turn(stop):
            stop.check()
            there = self.loaded
            is_same = there is not None and there.path == model.path and self._options == options
            if is_same and wanted <= self._adapters:
                return
            self._give_up()
            self._adapters = wanted | {
                path for path in self._switchable() if os.access(path, os.R_OK)
            }
            check_file(model.path)
            self._admit(model.path, stop)
            yield from self._load(model, options, stop)

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        question = wire.Count(tuple(encodable(text) for text in texts))
        with self._my_turn(stop), self._losing() as child:
            return list(await_answer(child.ask(question, stop), wire.Counts).tokens)

    def reply(self, prompt: Prompt, stop: Stop) -> Iterator[Reading | Piece | Finished]:
        try:
            with self._my_turn(stop):
                yield from self._reply(prompt, stop)
        except Cancelled:
            yield self._stopped()

    def adapt(self, adapters: Sequence[Adapter], stop: Stop) -> None:
        for adapter in adapters:
            check_file(adapter.path, "adapter")
            self._admit(adapter.path, stop)
        question = wire.Adapt(
            tuple((os.fsencode(adapter.path), adapter.scale) for adapter in adapters)
        )
        with self._my_turn(stop), self._losing() as child:
            assert self._adapters.issuperset(adapter.path for adapter in adapters)
            await_answer(child.ask(question, stop), wire.Adapted)

    def devices(self, stop: Stop) -> Devices:
        with self._my_turn(stop):
            try:
                found = self._list_devices(stop)
            except Interrupted:
                if not self._do_without_packs():
                    raise
                found = self._list_devices(stop)
        return Devices(found.build, found.processor, found.gpus, found.packs)

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
                            case Failed():
                                raise news.as_problem
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
    def _losing(self) -> Iterator[EngineChild]:
        """The child that holds the model; if it is lost meanwhile, that is Interrupted."""
        if self._child is None or self.loaded is None:
            raise Interrupted("No model is in memory any more. Try again.")
        try:
            yield self._child
        except Lost as lost:
            self._give_up()
            raise Interrupted(str(lost)) from lost

    @contextmanager
    def _any_child(self) -> Iterator[EngineChild]:
        """The child that is there, or one that lives as long as it is asked."""
        if self.loaded is not None:
            with self._losing() as child:
                yield child
            return
        child = self._started([])
        try:
            yield child
        except Lost as lost:
            raise Interrupted(str(lost)) from lost
        finally:
            child.end()

    def _started(self, files: Sequence[Path]) -> EngineChild:
        try:
            return EngineChild(
                self._log,
                self._patience,
                files,
                needs_sandbox=self._needs_sandbox,
                libraries=self._good_libraries(),
            )
        except OSError as error:
            raise Interrupted("The engine could not be started. Try again.") from error

    def _good_libraries(self) -> Sequence[Library]:
        """Those of packs, until they bring a process down; when packs change, they get a chance."""
        found = self._libraries()
        return () if found == self._bad_libraries else found

    def _do_without_packs(self) -> bool:
        """Whether that is different from before."""
        if not (found := self._good_libraries()):
            return False
        self._bad_libraries = found
        return True

    def _load(self, model: Model, options: LoadOptions, stop: Stop) -> Iterator[Loading]:
        begun = time.monotonic()
        question = wire.Load(
            path=os.fsencode(model.path),
            # Measured: Q4_0 gains; K-quants load ten times and read prompts 1.7 times slower.
            repack=model.quantisation == "Q4_0",
            wishes=replace(options, threads=options.threads or usual_threads(processor().cores)),
            available=self._available_memory(),
        )
        self._child = child = self._started([*parts(model.path), *self._adapters])
        try:
            with closing(child.ask(question, stop)) as answer:
                for news in answer:
                    match news:
                        case wire.Loading(fraction):
                            yield Loading(fraction)
                        case wire.Loaded():
                            stop.check()  # It may have come too late to be heard there.
                            seconds = time.monotonic() - begun
                            self._keep(model, options, news, seconds, child.lock_in())
                            yield Loading(1)
                            return
                        case Failed():
                            raise news.as_problem
                        case wire.Cancelled():
                            raise Cancelled
        except Lost as lost:
            stop.check()
            why = why_lost(child)
            self._give_up()
            if not child.hung and self._do_without_packs():
                yield from self._load(model, options, stop)
                assert self._loaded is not None
                self._loaded = replace(self._loaded, note=WITHOUT_PACK)
                return
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
        return bool(self._list_devices(stop).gpus)

    def _list_devices(self, stop: Stop) -> wire.Devices:
        with self._any_child() as child:
            return await_answer(child.ask(wire.ListDevices(), stop), wire.Devices)

    def _keep(
        self,
        model: Model,
        options: LoadOptions,
        loaded: wire.Loaded,
        seconds: float,
        confinement: Confinement,
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
            confinement=confinement,
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
                        case Failed():
                            raise news.as_problem
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
