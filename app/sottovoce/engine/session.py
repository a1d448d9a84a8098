"""A loaded model at work: it reads prompts, writes replies and widens its context window."""

import codecs
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from sottovoce.domain.footprint import window_bytes
from sottovoce.domain.model import Sampling
from sottovoce.domain.plan import Plan, grown, widest
from sottovoce.domain.problems import Cancelled, Damaged, Interrupted, NoRoom, Unsupported
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.engine import adapters, backends, llama, wire
from sottovoce.engine.cut import StopStrings
from sottovoce.engine.header import ModelHeader
from sottovoce.engine.limits import check_memory, limited_memory
from sottovoce.engine.prompt import UNUSABLE, PromptWriter

PIECE_EVERY = 0.02
"""Seconds: more pieces than this shows no eye, and each costs the window a little."""
UNLIMITED_REPLY = 1024
"""Tokens kept free for a reply whose length nobody limited; it may still write on and grow."""
MEMORY_USED_UP = "Memory is used up. What was written is kept; close other programs and try again."
TEMPLATE_MEMORY = 1 << 28
"""Bytes that filling in a chat template may take at most."""


class Session:
    """A model with the context window that it reads and writes in."""

    def __init__(
        self,
        model: llama.Model,
        file: ModelHeader,
        window: llama.Window,
        plan: Plan,
        *,
        flag: llama.Flag,
        prompts: PromptWriter,
    ) -> None:
        """`flag` stops whatever is computed."""
        self._model = model
        self._file = file
        self._window = window
        self._plan = plan
        self._flag = flag
        self._prompts = prompts
        self._adapters: dict[bytes, llama.Adapter] = {}
        """Those that were ever used, by their paths: they are switched without being read again."""
        self._in_use: dict[bytes, float] = {}
        """Their scales."""

    @property
    def context(self) -> int:
        """Tokens that the window holds."""
        return self._window.size

    @property
    def memory(self) -> int:
        """Bytes that model, window and this process take."""
        need = self._plan.need
        layout = replace(self._plan.layout, context=self._window.size)
        return need.process + need.weights.total + window_bytes(self._file.shape, layout).total

    def adapt(self, question: wire.Adapt) -> wire.Adapted:
        """Use these adapters and no others. Raises Damaged, Unsupported or NoRoom."""
        wanted = {path: scale for path, scale in question.adapters if scale != 0}
        if wanted == self._in_use:
            return wire.Adapted()
        for path in wanted:
            if path not in self._adapters:
                self._adapters[path] = self._read_adapter(path)
        self._in_use = wanted
        self._set_adapters(self._window)
        self._window.forget()
        return wire.Adapted()

    def _read_adapter(self, path: bytes) -> llama.Adapter:
        adapters.check(path, self._file)
        try:
            return llama.Adapter(self._model, path)
        except llama.LoadFailed as error:
            raise Damaged(adapters.DAMAGED) from error

    def _set_adapters(self, window: llama.Window) -> None:
        window.adapt([(self._adapters[path], scale) for path, scale in self._in_use.items()])

    def count(self, question: wire.Count) -> wire.Counts:
        """Tokens of each text. Raises Cancelled."""
        tokens = []
        for text in question.texts:
            if self._flag.is_set:
                raise Cancelled
            tokens.append(self._model.count(text))
        return wire.Counts(tuple(tokens))

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
            if error.is_want_of_memory:
                raise NoRoom(MEMORY_USED_UP) from error
            raise Interrupted("The model could not go on computing. Try again.") from error
        except MemoryError as error:
            raise NoRoom(MEMORY_USED_UP) from error
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
        yield wire.Reading(len(self._window.tokens), len(tokens))
        while (done := len(self._window.tokens)) < len(tokens):
            if self._flag.is_set or not self._window.read(tokens[done:]):
                return
            yield wire.Reading(len(self._window.tokens), len(tokens))

    def _write(
        self, sampler: llama.Sampler, sampling: Sampling, available: int
    ) -> Generator[wire.News, None, "_Written"]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        stops = StopStrings((*sampling.stop, *self._prompts.stop))
        written = _Written(Finish.LENGTH)
        text, told, shown = "", 0, 0.0
        while written.tokens != sampling.max_tokens:
            token = self._window.draw(sampler)
            if self._model.ends(token):
                written.finish = Finish.END
                break
            written.count_one()
            text += stops.pass_on(decoder.decode(self._model.piece(token)))
            if text and written.last - shown >= PIECE_EVERY:
                yield wire.Piece(text, written.tokens - told)
                text, told, shown = "", written.tokens, written.last
            if stops.found:
                written.finish = Finish.STOP_STRING
                break
            if written.tokens == sampling.max_tokens:
                break
            if end := (yield from self._follow(token, available)):
                written.finish = end
                break
        if not stops.found:
            text += stops.pass_on(decoder.decode(b"", final=True)) + stops.rest()
        if text:
            yield wire.Piece(text, written.tokens - told)
        return written

    def _follow(self, token: int, available: int) -> Generator[wire.News, None, Finish | None]:
        """Put a token in the window, or say why nothing can follow it."""
        if len(self._window.tokens) == self._window.size:
            yield from self._grow(self._window.size + 1, available)
        if len(self._window.tokens) == self._window.size:
            return Finish.CONTEXT_FULL
        if self._flag.is_set or not self._window.add(token):
            return Finish.STOPPED
        return None

    def _make_room(self, prompt: int, reply: int | None, available: int) -> Iterator[wire.News]:
        need = prompt + (UNLIMITED_REPLY if reply is None else reply)
        if need > self._window.size and self._window.size < self._plan.context_limit:
            yield from self._grow(need, available)
        if prompt >= self._window.size:
            raise NoRoom(
                f"This conversation takes {prompt:,} tokens, and the context window holds"
                f" {self._window.size:,} here. Shorten it or start a new chat."
            )

    def _grow(self, need: int, available: int) -> Iterator[wire.News]:
        """Widen the window as far as memory allows, with what it holds. It may stay as it is."""
        old = self._window
        machine = backends.machine(available - old.state_size())
        room = widest(self._file.shape, machine, self._plan.layout)
        size = grown(old.size, need, min(self._plan.context_limit, room))
        if size == old.size:
            return
        layout = replace(self._plan.layout, context=size)
        try:
            check_memory(window_bytes(self._file.shape, layout).machine)
            new = llama.Window(self._model, layout, threads=self._plan.threads, flag=self._flag)
        except MemoryError:
            return
        self._set_adapters(new)
        taken_over = new.take_over(old)
        old.close()
        self._window = new
        yield wire.Resized(new.size, self.memory)
        if not taken_over:
            yield from self._read(old.tokens)


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
