"""A loaded model at work: it reads prompts, writes replies and widens its context window."""

import codecs
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sottovoce.domain.model import Sampling
from sottovoce.domain.problems import Cancelled, Damaged, Interrupted, NoRoom, Problem, Unsupported
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.engine import context, llama, wire
from sottovoce.engine.cut import StopStrings
from sottovoce.engine.limits import limited_memory
from sottovoce.engine.prompt import UNUSABLE, PromptWriter

PIECE_EVERY = 0.02
"""Seconds: more pieces than this shows no eye, and each costs the window a little."""
GPU_BATCH = 256
"""Tokens read at once on a GPU: nothing can stop it in between."""
NOT_KNOWN = ("unknown model architecture", "unknown pre-tokenizer", "unknown tokenizer")
NO_MEMORY = ("failed to allocate", "unable to allocate", "out of memory")
"""How llama.cpp words it."""
TEMPLATE_MEMORY = 1 << 28
"""Bytes that filling in a chat template may take at most."""


class Session:
    """One model for the life of the process."""

    def __init__(
        self,
        question: wire.Load,
        *,
        flag: llama.Flag,
        log: llama.Log,
        loading: Callable[[float], None],
    ) -> None:
        """Load. Raises Cancelled, Damaged, Unsupported or NoRoom."""
        gpus = llama.gpus() if question.gpu_layers != 0 else []
        self._flag = flag
        self._on_gpu = bool(gpus)
        self._threads = question.threads
        self._memory_chosen_by_layers = question.gpu_layers is not None
        available = self._free(question.available)
        _check_weights(Path(question.path).stat().st_size, available)
        self._model = _load(question, flag=flag, log=log, loading=loading, on_gpu=self._on_gpu)
        if not self._model.writes:
            raise Unsupported("This model does not write text. Choose a chat model.")
        self._shape = self._model.shape()
        size, self._limit = _window_sizes(self._shape, question.context, available)
        try:
            self._window = self._new_window(size)
        except MemoryError as error:
            raise _no_room(
                self._shape.weights + context.window_bytes(self._shape, size), available
            ) from error
        self._prompts = PromptWriter(self._model.vocabulary())
        self.loaded = wire.Loaded(
            context=self._window.size,
            context_limit=self._limit,
            gpu_layers=_offloaded(question.gpu_layers, self._shape.layers) if gpus else 0,
            threads=self._threads,
            memory=self._memory(),
            backend=gpus[0].name if gpus else llama.processor(),
        )

    def count(self, question: wire.Count) -> wire.Counts:
        """Tokens of each text."""
        return wire.Counts(tuple(self._model.count(text) for text in question.texts))

    def reply(self, question: wire.Reply) -> Iterator[wire.News]:
        """Read and write. Raises NoRoom, Unsupported or Interrupted."""
        sampling = question.sampling
        asked = time.perf_counter()
        with limited_memory(TEMPLATE_MEMORY):
            parts = self._prompts.write(question.turns, datetime.now().astimezone())
        tokens = self._model.tokens(parts)
        if not tokens:
            raise Unsupported(UNUSABLE)
        yield from self._make_room(len(tokens), sampling.max_tokens, question.available)
        cached = self._window.keep(tokens)
        begun = time.perf_counter()
        try:
            yield from self._read(tokens)
            read = time.perf_counter()
            is_read = len(self._window.tokens) == len(tokens)
            written = _Written(Finish.STOPPED)
            if is_read:
                with closing(llama.Sampler(self._model, sampling, tokens)) as sampler:
                    written = yield from self._write(sampler, sampling, question.available)
        except llama.DecodeFailed as error:
            raise Interrupted("The model could not go on computing. Try again.") from error
        reading = max(read - begun, 1e-9)
        writing = max(written.last - written.first, 1e-9)
        yield wire.Finished(
            written.finish,
            Usage(len(tokens), cached, written.tokens, self._window.size),
            Timings(
                load=0,
                first_token=written.first - asked if written.tokens else 0,
                prompt_speed=(len(tokens) - cached) / reading if is_read else 0,
                speed=(written.tokens - 1) / writing if written.tokens > 1 else 0,
            ),
        )

    def _read(self, tokens: list[int]) -> Iterator[wire.News]:
        """Put what is missing in the window, unless stopped on the way."""
        batch = GPU_BATCH if self._on_gpu else context.BATCH
        yield wire.Reading(len(self._window.tokens), len(tokens))
        while (done := len(self._window.tokens)) < len(tokens):
            if self._flag.is_set or not self._window.read(tokens[done : done + batch]):
                return
            yield wire.Reading(len(self._window.tokens), len(tokens))

    def _write(
        self, sampler: llama.Sampler, sampling: Sampling, available: int
    ) -> Generator[wire.News, None, "_Written"]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        stops = StopStrings((*sampling.stop, *self._prompts.stop))
        written = _Written(Finish.LENGTH)
        text, shown = "", 0.0
        while written.tokens != sampling.max_tokens:
            token = self._window.draw(sampler)
            if self._model.ends(token):
                written.finish = Finish.END
                break
            written.count_one()
            text += stops.pass_on(decoder.decode(self._model.piece(token)))
            if text and written.last - shown >= PIECE_EVERY:
                yield wire.Piece(text)
                text, shown = "", written.last
            if stops.found:
                written.finish = Finish.STOP_STRING
                break
            if written.tokens == sampling.max_tokens:
                break
            if len(self._window.tokens) == self._window.size:
                yield from self._grow(self._window.size + 1, available)
            if len(self._window.tokens) == self._window.size:
                written.finish = Finish.CONTEXT_FULL
                break
            if self._flag.is_set or not self._window.add(token):
                written.finish = Finish.STOPPED
                break
        if not stops.found:
            text += stops.pass_on(decoder.decode(b"", final=True)) + stops.rest()
        if text:
            yield wire.Piece(text)
        return written

    def _make_room(self, prompt: int, reply: int | None, available: int) -> Iterator[wire.News]:
        need = prompt + (context.UNLIMITED_REPLY if reply is None else reply)
        if need > self._window.size and self._window.size < self._limit:
            yield from self._grow(need, available)
        if prompt >= self._window.size:
            raise NoRoom(
                f"This conversation takes {prompt:,} tokens, and the context window holds"
                f" {self._window.size:,} here. Shorten it or start a new chat."
            )

    def _grow(self, need: int, available: int) -> Iterator[wire.News]:
        """Widen the window as far as memory allows, with what it holds. It may stay as it is."""
        old = self._window
        room = self._free(available) - old.state_size()
        size = context.grown(old.size, need, min(self._limit, context.largest(self._shape, room)))
        if size == old.size:
            return
        try:
            new = self._new_window(size)
        except MemoryError:
            return
        taken_over = new.take_over(old)
        old.close()
        self._window = new
        yield wire.Resized(new.size, self._memory())
        if not taken_over:
            yield from self._read(old.tokens)

    def _new_window(self, size: int) -> llama.Window:
        return llama.Window(
            self._model, size, threads=self._threads, flag=self._flag, on_gpu=self._on_gpu
        )

    def _memory(self) -> int:
        return self._shape.weights + context.window_bytes(self._shape, self._window.size)

    def _free(self, available: int) -> int:
        """Bytes for model and window: the GPU's; with the machine's if layers are split by hand."""
        if not self._on_gpu:
            return available
        on_gpu = sum(gpu.free for gpu in llama.gpus())
        return on_gpu + available if self._memory_chosen_by_layers else on_gpu


class _Written:
    """What a reply came to."""

    def __init__(self, finish: Finish) -> None:
        self.finish = finish
        self.tokens = 0
        self.first = self.last = 0.0

    def count_one(self) -> None:
        self.last = time.perf_counter()
        if not self.tokens:
            self.first = self.last
        self.tokens += 1


def _load(
    question: wire.Load,
    *,
    flag: llama.Flag,
    log: llama.Log,
    loading: Callable[[float], None],
    on_gpu: bool,
) -> llama.Model:
    told = -1.0

    def progress(fraction: float) -> bool:
        nonlocal told
        if fraction - told >= 0.01:
            told = fraction
            loading(fraction)
        return not flag.is_set

    layers = question.gpu_layers
    try:
        model = llama.Model(
            question.path,
            repack=question.repack,
            gpu_layers=(-1 if layers is None else layers) if on_gpu else 0,
            progress=progress,
        )
    except llama.LoadFailed as error:
        if flag.is_set:
            raise Cancelled from error
        raise _why(" ".join(log.troubles)) from error
    if flag.is_set:
        raise Cancelled
    return model


def _why(troubles: str) -> Problem:
    """The Problem behind what llama.cpp said when it could not load a model."""
    if any(words in troubles for words in NOT_KNOWN):
        return Unsupported("Sottovoce does not know this kind of model yet. Choose another.")
    if any(words in troubles for words in NO_MEMORY):
        return NoRoom(
            "Memory is too small for this model. Close other programs or choose a smaller one."
        )
    return Damaged("The model file is damaged. Download it again or choose another.")


def _window_sizes(shape: context.Shape, wanted: int | None, available: int) -> tuple[int, int]:
    """The window to start with, and how far it may grow. Raises NoRoom."""
    if wanted is None:
        limit = context.limit(shape, available)
        size = min(context.START, limit)
    else:
        limit = size = context.fixed(shape, wanted)
    if size == 0:
        raise _no_room(shape.weights + context.least_room(shape), available)
    need = shape.weights + context.window_bytes(shape, size)
    if need > available:
        raise _no_room(need, available)
    return size, limit


def _check_weights(size: int, available: int) -> None:
    if size > available:
        raise _no_room(size, available)


def _no_room(need: int, available: int) -> NoRoom:
    return NoRoom(
        f"This model needs {need / 1e9:.1f} GB of memory and {available / 1e9:.1f} GB are free."
        " Close other programs or choose a smaller model."
    )


def _offloaded(wanted: int | None, layers: int) -> int:
    return layers if wanted is None else min(wanted, layers)
