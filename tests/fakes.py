"""Stand-ins for what a test cannot have: models that say what they are told, secrets in memory."""

import hashlib
import math
import re
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sottovoce.domain.model import Adapter, LoadOptions, Model, Role
from sottovoce.domain.problems import Interrupted
from sottovoce.domain.reply import Finish, Finished, Loading, Piece, Reading, Timings, Usage
from sottovoce.domain.speed import DeviceRates, Measuring, Rates, TypeRate
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import EmbeddingModel, Purpose
from sottovoce.engine.engine import Devices, Loaded, Prompt
from sottovoce.system.sandbox import Confinement

CONTEXT = 4096

MODEL = Model(
    name="Scripted 1B",
    path=Path("/models/scripted-1b.gguf"),
    size=1_000_000_000,
    architecture="llama",
    quantisation="Q4_K_M",
    context_length=CONTEXT,
)

EMBEDDING_MODEL = Model(
    name="Scripted embedding",
    path=Path("/models/scripted-embedding.gguf"),
    size=100_000_000,
    architecture="bert",
    quantisation="Q4_0",
    context_length=512,
    role=Role.EMBEDDING,
)

DEVICES = Devices(build="scripted 1 (CPU)", processor="CPU (AVX2)", gpus=())

RATES = Rates(
    build=DEVICES.build,
    threads=1,
    devices=(
        DeviceRates(
            device=DEVICES.processor,
            types=(
                TypeRate(
                    "Q4_K",
                    bytes_per_second=10e9,
                    operations_per_second=100e9,
                    seconds_per_row=3e-9,
                ),
            ),
            looks_per_second=8e9,
            seconds_per_layer=10e-6,
            seconds_per_token=20e-6,
        ),
    ),
    seconds_per_candidate=5e-9,
    spread=0.1,
)


class ScriptedEngine:
    """An Engine that replies with the next of its texts, a word at a time.

    `pause` holds it before the last word of a reply, and `failing` makes its next steps raise, so
    that a test can look at what is half done.
    """

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.prompts: list[Prompt] = []
        self.loads: list[tuple[Model, LoadOptions]] = []
        self.adapters: tuple[Adapter, ...] = ()
        self.available_devices = DEVICES
        self.rates = RATES
        self.context = CONTEXT
        self.note = ""
        """What had to be made smaller, told with the next load."""
        self.confinement: Confinement | None = None
        """What the system keeps it from, told with the next load."""
        self.is_closed = False
        self.load_problem: Exception | None = None
        self.reply_problem: Exception | None = None
        """Raised once, before the last word."""
        self._loaded: Loaded | None = None
        self._may_end = threading.Event()
        self._may_end.set()
        self._turn = threading.Lock()

    @property
    def loaded(self) -> Loaded | None:
        return self._loaded

    def load(
        self, model: Model, options: LoadOptions, stop: Stop, adapters: Sequence[Adapter] = ()
    ) -> Iterator[Loading]:
        if self._loaded is not None and (model, options) == self.loads[-1]:
            return
        if self.load_problem is not None:
            problem, self.load_problem = self.load_problem, None
            raise problem
        yield Loading(0.5)
        stop.check()
        self.loads.append((model, options))
        self.adapters = ()
        self._loaded = Loaded(
            path=model.path,
            name=model.name,
            context=self.context,
            context_limit=self.context,
            gpu_layers=0,
            threads=1,
            memory=model.size,
            backend="script",
            seconds=0.1,
            note=self.note,
            confinement=self.confinement,
        )

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        return [len(text.split()) for text in texts]

    def reply(self, prompt: Prompt, stop: Stop) -> Iterator[Reading | Piece | Finished]:
        with self._turn:
            self.prompts.append(prompt)
            said = self.replies.pop(0) if self.replies else "Yes."
            text = min(
                (said.split(each)[0] for each in prompt.sampling.stop), key=len, default=said
            )
            *first, last = text.split(" ")
            tokens = sum(self.count([turn.text for turn in prompt.turns], stop))
            yield Reading(tokens, tokens)
            for word in first:
                if stop.is_set:
                    break
                yield Piece(f"{word} ")
            if first or not self._may_end.is_set():
                with stop.calling(self._may_end.set):
                    self._may_end.wait(timeout=60)
            if self.reply_problem is not None:
                problem, self.reply_problem = self.reply_problem, None
                self._loaded = None
                raise problem
            if not stop.is_set and last:
                yield Piece(last)
            end = Finish.END if text == said else Finish.STOP_STRING
            yield Finished(
                Finish.STOPPED if stop.is_set else end,
                Usage(prompt=tokens, cached=0, generated=len(text.split()), context=self.context),
                Timings(load=0.0, first_token=0.1, prompt_speed=100.0, speed=42.7),
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, replies wait before their last word until they are stopped."""
        self._may_end.clear()
        try:
            yield
        finally:
            self._may_end.set()

    def adapt(self, adapters: Sequence[Adapter], stop: Stop) -> None:
        if self._loaded is None:
            raise Interrupted("No model is in memory any more. Try again.")
        self.adapters = tuple(adapters)

    def devices(self, stop: Stop) -> Devices:
        return self.available_devices

    def measure(self, stop: Stop) -> Iterator[Measuring | Rates]:
        self._loaded = None
        for fraction in (0.0, 0.5):
            stop.check()
            yield Measuring(fraction)
        yield self.rates

    def unload(self) -> None:
        self._loaded = None

    def close(self) -> None:
        self.is_closed = True


class ScriptedEmbedder:
    """An Embedder that knows words alone: texts are alike as far as they share them.

    `held` keeps it before its next vector, and `problem` is raised instead of one, once.
    """

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions
        self.loads: list[Model] = []
        self.embedded: list[tuple[str, Purpose]] = []
        """What there are vectors of, in the order they were made."""
        self.problem: Exception | None = None
        self.is_closed = False
        self._loaded: EmbeddingModel | None = None
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    @property
    def loaded(self) -> EmbeddingModel | None:
        return self._loaded

    def load(self, model: Model, stop: Stop) -> EmbeddingModel:
        stop.check()
        if self._loaded is None or self._loaded.path != model.path:
            self.loads.append(model)
            self._loaded = EmbeddingModel(
                path=model.path,
                identity=model.name,
                dimensions=self.dimensions,
                longest=model.context_length,
            )
        return self._loaded

    def embed(self, texts: Sequence[str], purpose: Purpose, stop: Stop) -> Iterator[bytes]:
        if self._loaded is None:
            raise Interrupted("No model is in memory any more. Try again.")
        return self._embed(texts, purpose, stop)

    def _embed(self, texts: Sequence[str], purpose: Purpose, stop: Stop) -> Iterator[bytes]:
        for text in texts:
            with stop.calling(self._may_go_on.set):
                self._may_go_on.wait(timeout=60)
            stop.check()
            if self.problem is not None:
                problem, self.problem, self._loaded = self.problem, None, None
                raise problem
            self.embedded.append((text, purpose))
            yield word_vector(text, self.dimensions)

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        return [len(text.split()) for text in texts]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, vectors wait until they are stopped."""
        self._may_go_on.clear()
        try:
            yield
        finally:
            self._may_go_on.set()

    def unload(self) -> None:
        self._loaded = None

    def close(self) -> None:
        self.is_closed = True


class ScriptedReranker:
    """A Reranker that scores how many of the question's words a passage has."""

    def __init__(self) -> None:
        self.loads: list[Model] = []
        self.questions: list[str] = []
        self.is_closed = False

    def load(self, model: Model, stop: Stop) -> None:
        stop.check()
        if self.loads[-1:] != [model]:
            self.loads.append(model)

    def score(self, question: str, passages: Sequence[str], stop: Stop) -> list[float]:
        stop.check()
        self.questions.append(question)
        wanted = set(_words(question))
        return [len(wanted & set(_words(text))) / max(len(wanted), 1) for text in passages]

    def unload(self) -> None:
        self.loads.clear()

    def close(self) -> None:
        self.is_closed = True


def word_vector(text: str, dimensions: int) -> bytes:
    """A vector of length 1, the same on every machine: float32, little-endian."""
    numbers = [1e-9] * dimensions  # A text without words has a direction, too.
    for word in _words(text):
        digest = hashlib.shake_128(word.encode()).digest(dimensions)
        numbers = [number + byte - 127.5 for number, byte in zip(numbers, digest, strict=True)]
    length = math.hypot(*numbers)
    return struct.pack(f"<{dimensions}f", *(number / length for number in numbers))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


class MemorySecrets:
    """A keyring that lasts as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def set(self, name: str, value: bytes) -> None:
        self.kept[name] = value

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)
