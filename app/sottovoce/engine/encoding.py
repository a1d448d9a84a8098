"""A loaded model that turns texts into vectors, or scores how well passages answer a question."""

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from threading import Lock

from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import plan
from sottovoce.domain.problems import Cancelled, Damaged, Interrupted, NoRoom, Unsupported
from sottovoce.engine import backends, header, llama, wire
from sottovoce.engine.limits import check_memory
from sottovoce.engine.loading import MEMORY_TOO_SMALL, Weights, no_room
from sottovoce.system.priority import lower_thread_priority

SIZE = 512
"""Tokens of the longest text, and of all texts that a GPU reads at once. llama.cpp sets room aside
to score the vocabulary after each: for 250,000 words that is half a gigabyte already."""
ALONE = 1
"""On a processor each text is read by itself. Measured there: one of 190 tokens is as fast alone;
and its vector is the same to the last bit, whatever was read with it before."""
ASKED = 8 * SIZE
"""Tokens that a processor is asked for at once: texts enough to keep all its threads at work."""
SCORED_BY_SOFTMAX = {"qwen3", "qwen3vl"}
"""Architectures whose score llama.cpp has brought to between 0 and 1 already."""
NO_EMBEDDING = "This model does not turn texts into vectors. Choose an embedding model."
NO_RERANKER = "This model does not rank passages. Choose a reranker."
NO_NUMBERS = "The model file is damaged. Download it again or choose another."


class Encoding:
    """A model at work on texts."""

    def __init__(
        self,
        model: llama.Model,
        encoders: Sequence[llama.Encoder],
        *,
        architecture: str,
        longest: int,
        together: int,
        threads: int,
        flag: llama.Flag,
    ) -> None:
        """`flag` stops whatever is computed; `encoders` embed passages at the same time."""
        self._model = model
        self._encoder = encoders[0]
        self._free = SimpleQueue[llama.Encoder]()
        for encoder in encoders:
            self._free.put(encoder)
        self._background = ThreadPoolExecutor(len(encoders), "background", lower_thread_priority)
        """Nobody may raise the priority of a thread again: that of these is low for good."""
        self._is_softmax = architecture in SCORED_BY_SOFTMAX
        self._longest = longest
        self._together = together
        self._threads = threads
        self._flag = flag
        self._frame = model.rank_frame()

    def embed(self, question: wire.Embed) -> wire.Vectors:
        """A vector for each text. Raises Cancelled, Damaged, NoRoom or Interrupted."""
        tokens = [self._model.framed(text, self._longest) for text in question.texts]
        # Threads wait for each other by spinning, which costs more than it saves a short text.
        encoded = self._encoded(tokens, 1) if question.is_query else self._in_background(tokens)
        return wire.Vectors(tuple(map(_normalised, encoded)))

    def rank(self, question: wire.Rank) -> wire.Scores:
        """A score for each passage. Raises Cancelled, Damaged, NoRoom or Interrupted."""
        pairs = [self._pair(question.question, passage) for passage in question.passages]
        return wire.Scores(tuple(map(self._score, self._encoded(pairs, self._threads))))

    def count(self, question: wire.Count) -> wire.Counts:
        """Tokens of each text. Raises Cancelled."""
        tokens = []
        for text in question.texts:
            if self._flag.is_set:
                raise Cancelled
            tokens.append(self._model.count(text))
        return wire.Counts(tuple(tokens))

    def _pair(self, question: str, passage: str) -> list[int]:
        """Both as the model wants them; the passage is cut where it is too long."""
        before, between, after = self._frame
        begin = [*before, *self._model.content(question)[: self._longest // 2], *between]
        room = self._longest - len(begin) - len(after)
        return [*begin, *self._model.content(passage)[: max(room, 0)], *after]

    def _score(self, numbers: list[float]) -> float:
        score = numbers[0]
        if not math.isfinite(score):
            raise Damaged(NO_NUMBERS)
        return score if self._is_softmax else 1 / (1 + math.exp(-max(score, -700.0)))

    def _in_background(self, texts: Sequence[list[int]]) -> list[list[float]]:
        """The numbers for each text. As long as this takes, others may have the processors."""
        batches = list(_batches(texts, self._together))
        # The longest first, so that the threads come to their end together.
        order = sorted(range(len(batches)), key=lambda each: -sum(map(len, batches[each])))
        begun = {
            each: self._background.submit(self._encode_freely, batches[each]) for each in order
        }
        wait(begun.values())  # All of them, also if one fails: the encoders are needed again.
        return [numbers for each in range(len(batches)) for numbers in begun[each].result()]

    def _encode_freely(self, batch: Sequence[list[int]]) -> list[list[float]]:
        """The numbers for each text, from an encoder that has nothing else to do."""
        encoder = self._free.get()
        try:
            return self._encode(encoder, batch, 1 if self._together == ALONE else self._threads)
        finally:
            self._free.put(encoder)

    def _encoded(self, texts: Sequence[list[int]], threads: int) -> Iterator[list[float]]:
        for batch in _batches(texts, self._together):
            yield from self._encode(self._encoder, batch, threads)

    def _encode(
        self, encoder: llama.Encoder, batch: Sequence[list[int]], threads: int
    ) -> list[list[float]]:
        if self._flag.is_set:
            raise Cancelled
        try:
            found = encoder.encode(batch, threads)
        except llama.DecodeFailed as error:
            if error.is_want_of_memory:
                raise NoRoom(MEMORY_TOO_SMALL) from error
            raise Interrupted("The model could not go on computing. Try again.") from error
        if not found:
            raise Cancelled
        return found


def load_encoder(
    question: wire.LoadEncoder,
    *,
    flag: llama.Flag,
    said: llama.Log,
    loading: Callable[[float], None],
) -> tuple[Encoding, wire.LoadedEncoder]:
    """The model at work, and what there is to know about it.

    Raises Cancelled once the flag is set, and Damaged, Unsupported or NoRoom.
    """
    file = header.read(question.path)
    machine = backends.machine(question.available)
    wishes = LoadOptions(context=SIZE, flash_attention=True, batch=SIZE)
    chosen = plan(file.shape, machine, wishes)
    if not chosen.fits:
        raise no_room(chosen.need, machine)
    weights = Weights(question, flag, said, loading)
    split = chosen.layout.split
    at_once = 1 if question.ranks else question.threads
    need = chosen.need.window.machine
    try:
        model, encoders = _put_to_work(weights, split, need, flag, at_once)
    except MemoryError:
        try:  # Other programs may have taken the memory of the GPU meanwhile.
            split = (0,) * len(split)
            model, encoders = _put_to_work(weights, split, need, flag, at_once)
        except MemoryError as error:
            raise NoRoom(MEMORY_TOO_SMALL) from error
    encoder = encoders[0]
    if question.ranks and not encoder.ranks:
        raise Unsupported(NO_RERANKER)
    if not question.ranks and not encoder.embeds:
        raise Unsupported(NO_EMBEDDING)
    longest = min(SIZE, file.shape.trained)
    together = SIZE if any(split) else ALONE
    encoding = Encoding(
        model,
        encoders,
        architecture=file.shape.architecture,
        longest=longest,
        together=together,
        threads=question.threads,
        flag=flag,
    )
    asked = SIZE if any(split) else ASKED
    return encoding, wire.LoadedEncoder(encoder.dimensions, longest, asked)


def _put_to_work(
    weights: Weights, split: tuple[int, ...], need: int, flag: llama.Flag, at_once: int
) -> tuple[llama.Model, list[llama.Encoder]]:
    """The model, and as many encoders as may work at once and have room; a GPU is one."""
    model = weights.read(split)
    growing = Lock()
    encoders: list[llama.Encoder] = []
    try:
        while len(encoders) < (1 if any(split) else at_once):
            check_memory(need)
            encoder = llama.Encoder(model, size=SIZE, flag=flag, on_gpu=any(split), growing=growing)
            encoders.append(encoder)
    except MemoryError:
        if not encoders:
            model.close()
            raise
    return model, encoders


def _batches(texts: Sequence[list[int]], together: int) -> Iterator[list[list[int]]]:
    """The texts in order, as many at once as have no more tokens than that; at least one."""
    batch: list[list[int]] = []
    size = 0
    for text in texts:
        if batch and (size + len(text) > together or len(batch) == llama.TEXTS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _normalised(numbers: list[float]) -> bytes:
    length = math.hypot(*numbers)
    if not 0 < length < math.inf:
        raise Damaged(NO_NUMBERS)
    return struct.pack(f"<{len(numbers)}f", *(number / length for number in numbers))
