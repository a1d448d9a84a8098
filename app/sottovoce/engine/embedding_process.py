"""Models for documents as others see them: they embed and rank in the engine's process."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sottovoce.domain.model import Model
from sottovoce.domain.parts import parts
from sottovoce.domain.plan import usual_threads
from sottovoce.domain.problems import Cancelled, Interrupted
from sottovoce.domain.stop import Stop
from sottovoce.domain.text import encodable
from sottovoce.engine import wire
from sottovoce.engine.child import (
    EngineChild,
    Lost,
    Patience,
    admit_all,
    await_answer,
    check_file,
    why_lost,
)
from sottovoce.engine.embedder import EmbeddingModel, Purpose
from sottovoce.engine.identity import identity
from sottovoce.engine.prefixes import Prefixes, prefixes
from sottovoce.engine.turns import Turns
from sottovoce.system import memory
from sottovoce.system.processor import processor

GONE = "The model for documents is not in memory any more. Try again."
CHARACTERS = 3
"""In a token, about."""
MOST_THREADS = 4
"""Of those that embed passages, each by itself, or rank them. More leave a laptop no rest."""

Answer = TypeVar("Answer", wire.Vectors, wire.Scores, wire.Counts)


class ProcessEmbedder:
    """An embedder in a child process, which ends with the model.

    Passages are embedded in the background with low priority. One that a query comes upon begins
    anew after it: no query waits for a passage. Whoever needs two models takes two embedders.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        patience: Patience | None = None,
        available_memory: Callable[[], int] = memory.available,
        admit: Callable[[Path, Stop], None] = admit_all,
        needs_sandbox: bool = False,
    ) -> None:
        """As ProcessEngine."""
        self._encoder = _Encoder(
            log, patience or Patience(), available_memory, admit, needs_sandbox=needs_sandbox
        )

    @property
    def loaded(self) -> EmbeddingModel | None:
        at_work = self._encoder.at_work
        return at_work.embedding if at_work is not None else None

    def load(self, model: Model, stop: Stop) -> EmbeddingModel:
        return self._encoder.load(model, stop, ranks=False).embedding

    def embed(self, texts: Sequence[str], purpose: Purpose, stop: Stop) -> Iterator[bytes]:
        # Looked up now, not with the first vector: it is this model's vectors that are wanted.
        return self._embed(self._encoder.needed(), texts, purpose, stop)

    def _embed(
        self, at_work: "_AtWork", texts: Sequence[str], purpose: Purpose, stop: Stop
    ) -> Iterator[bytes]:
        is_query = purpose is Purpose.QUERY
        prefix = at_work.prefixes.query if is_query else at_work.prefixes.passage
        ask = self._encoder.ask if is_query else self._encoder.ask_patiently
        for few in _together(texts, at_work.told.together * CHARACTERS):
            question = wire.Embed(tuple(encodable(prefix + text) for text in few), is_query)
            yield from ask(at_work, question, wire.Vectors, stop).vectors

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        question = wire.Count(tuple(map(encodable, texts)))
        return list(self._encoder.ask(self._encoder.needed(), question, wire.Counts, stop).tokens)

    def unload(self) -> None:
        self._encoder.unload()

    def close(self) -> None:
        self._encoder.close()


class ProcessReranker:
    """A reranker in a child process, which ends with the model."""

    def __init__(
        self,
        *,
        log: Path | None = None,
        patience: Patience | None = None,
        available_memory: Callable[[], int] = memory.available,
        admit: Callable[[Path, Stop], None] = admit_all,
        needs_sandbox: bool = False,
    ) -> None:
        """As ProcessEngine."""
        self._encoder = _Encoder(
            log, patience or Patience(), available_memory, admit, needs_sandbox=needs_sandbox
        )

    def load(self, model: Model, stop: Stop) -> None:
        self._encoder.load(model, stop, ranks=True)

    def score(self, question: str, passages: Sequence[str], stop: Stop) -> list[float]:
        pairs = wire.Rank(encodable(question), tuple(map(encodable, passages)))
        return list(self._encoder.ask(self._encoder.needed(), pairs, wire.Scores, stop).scores)

    def unload(self) -> None:
        self._encoder.unload()

    def close(self) -> None:
        self._encoder.close()


@dataclass(frozen=True, slots=True, eq=False)
class _AtWork:
    """A model in memory, and the process it is in."""

    child: EngineChild
    model: Model
    identity: str
    told: wire.LoadedEncoder
    prefixes: Prefixes

    @property
    def embedding(self) -> EmbeddingModel:
        return EmbeddingModel(
            path=self.model.path,
            identity=self.identity,
            dimensions=self.told.dimensions,
            longest=self.told.longest,
        )


class _Encoder:
    """The process and its model, from one to the next."""

    def __init__(
        self,
        log: Path | None,
        patience: Patience,
        available_memory: Callable[[], int],
        admit: Callable[[Path, Stop], None],
        *,
        needs_sandbox: bool,
    ) -> None:
        self._needs_sandbox = needs_sandbox
        self._log = log
        self._patience = patience
        self._available_memory = available_memory
        self._admit = admit
        self._turns = Turns()
        self._at_work: _AtWork | None = None

    @property
    def at_work(self) -> _AtWork | None:
        """None where no model is in memory."""
        at_work = self._at_work
        return at_work if at_work is not None and at_work.child.lives else None

    def needed(self) -> _AtWork:
        """The model in memory. Raises Interrupted if there is none."""
        if (at_work := self.at_work) is None:
            raise Interrupted(GONE)
        return at_work

    def load(self, model: Model, stop: Stop, *, ranks: bool) -> _AtWork:
        """Put it in memory in place of another. Raises as Embedder.load does."""
        stop.check()
        if (there := self._with(model)) is not None:
            return there  # Nobody is sent away for that.
        with self._turns.hurried(stop):
            if (there := self._with(model)) is not None:
                return there
            self._give_up()
            check_file(model.path)
            self._admit(model.path, stop)
            self._at_work = self._loaded(model, stop, ranks=ranks)
            return self._at_work

    def ask(
        self, at_work: _AtWork, question: wire.Question, kind: type[Answer], stop: Stop
    ) -> Answer:
        """The answer, before any that is asked for patiently. Raises Cancelled or Interrupted."""
        with self._turns.hurried(stop), self._losing(at_work, stop):
            return await_answer(at_work.child.ask(question, stop), kind)

    def ask_patiently(
        self, at_work: _AtWork, question: wire.Question, kind: type[Answer], stop: Stop
    ) -> Answer:
        """The answer, as soon as nobody else asks. Raises Cancelled or Interrupted."""
        while True:
            with self._turns.patient(stop) as given_up, self._losing(at_work, stop):
                try:
                    return await_answer(at_work.child.ask(question, given_up), kind)
                except Cancelled:
                    stop.check()  # If nobody stopped this, somebody in a hurry came: once more.

    def unload(self) -> None:
        with self._turns.hurried(Stop()):
            self._give_up()

    def close(self) -> None:
        self._give_up()

    def _with(self, model: Model) -> _AtWork | None:
        at_work = self.at_work
        return at_work if at_work is not None and at_work.model.path == model.path else None

    def _loaded(self, model: Model, stop: Stop, *, ranks: bool) -> _AtWork:
        known_by = identity(model)
        question = wire.LoadEncoder(
            path=os.fsencode(model.path),
            repack=model.quantisation == "Q4_0",  # As for models that write.
            ranks=ranks,
            threads=min(_threads(processor().cores, ranks=ranks), MOST_THREADS),
            available=self._available_memory(),
        )
        try:
            child = EngineChild(
                self._log,
                self._patience,
                parts(model.path),
                needs_sandbox=self._needs_sandbox,
            )
        except OSError as error:
            raise Interrupted("The engine could not be started. Try again.") from error
        try:
            told = await_answer(child.ask(question, stop), wire.LoadedEncoder)
            stop.check()  # It may have come too late to be heard there.
        except Lost as lost:
            stop.check()
            raise why_lost(child) from lost
        except BaseException:
            child.end()
            raise
        # The name may be a person's own; the file's is mostly its maker's.
        wanted = prefixes(f"{model.name} {model.path.stem}")
        return _AtWork(child, model, known_by, told, wanted)

    @contextmanager
    def _losing(self, at_work: _AtWork, stop: Stop) -> Iterator[None]:
        """A process that is lost meanwhile is Interrupted; or Cancelled, if it was to stop."""
        if at_work is not self.at_work:
            raise Interrupted(GONE)
        try:
            yield
        except Lost as lost:
            self._give_up()
            stop.check()
            raise Interrupted(str(lost)) from lost

    def _give_up(self) -> None:
        at_work, self._at_work = self._at_work, None
        if at_work is not None:
            at_work.child.end()


def _threads(cores: int, *, ranks: bool) -> int:
    """Those that rank wait for each other. Those that embed do not, and step back behind others."""
    return usual_threads(cores) if ranks else cores


def _together(texts: Sequence[str], characters: int) -> Iterator[list[str]]:
    """The texts in order, as many at once as have no more characters than that; at least one."""
    few: list[str] = []
    for text in texts:
        if few and sum(map(len, few)) + len(text) > characters:
            yield few
            few = []
        few.append(text)
    if few:
        yield few
