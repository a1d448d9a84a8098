"""A loaded model that turns texts into vectors, or scores how well passages answer a question."""

import math
import struct
from collections.abc import Callable, Iterator, Sequence

from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import plan
from sottovoce.domain.problems import Cancelled, Damaged, Interrupted, NoRoom, Unsupported
from sottovoce.engine import backends, header, llama, wire
from sottovoce.engine.limits import check_memory
from sottovoce.engine.loading import MEMORY_TOO_SMALL, Weights, no_room

SIZE = 512
"""Tokens of the longest text, and of all texts that a GPU reads at once. llama.cpp sets room aside
to score the vocabulary after each: for 250,000 words that is half a gigabyte already."""
ALONE = 1
"""On a processor each text is read by itself. Measured there: one of 190 tokens is as fast alone;
and its vector is the same to the last bit, whatever was read with it before."""
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
        encoder: llama.Encoder,
        *,
        architecture: str,
        longest: int,
        together: int,
        threads: int,
        flag: llama.Flag,
    ) -> None:
        """`flag` stops whatever is computed."""
        self._model = model
        self._encoder = encoder
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
        threads = 1 if question.is_query else self._threads
        return wire.Vectors(tuple(map(_normalised, self._encoded(tokens, threads))))

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

    def _encoded(self, texts: Sequence[list[int]], threads: int) -> Iterator[list[float]]:
        for few in _batches(texts, self._together):
            if self._flag.is_set:
                raise Cancelled
            try:
                found = self._encoder.encode(few, threads)
            except llama.DecodeFailed as error:
                if error.is_want_of_memory:
                    raise NoRoom(MEMORY_TOO_SMALL) from error
                raise Interrupted("The model could not go on computing. Try again.") from error
            if not found:
                raise Cancelled
            yield from found


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
    try:
        model, encoder = _put_to_work(weights, split, chosen.need.window.machine, flag)
    except MemoryError:
        try:  # Other programs may have taken the memory of the GPU meanwhile.
            split = (0,) * len(split)
            model, encoder = _put_to_work(weights, split, chosen.need.window.machine, flag)
        except MemoryError as error:
            raise NoRoom(MEMORY_TOO_SMALL) from error
    if question.ranks and not encoder.ranks:
        raise Unsupported(NO_RERANKER)
    if not question.ranks and not encoder.embeds:
        raise Unsupported(NO_EMBEDDING)
    longest = min(SIZE, file.shape.trained)
    together = SIZE if any(split) else ALONE
    encoding = Encoding(
        model,
        encoder,
        architecture=file.shape.architecture,
        longest=longest,
        together=together,
        threads=question.threads,
        flag=flag,
    )
    return encoding, wire.LoadedEncoder(encoder.dimensions, longest, together)


def _put_to_work(
    weights: Weights, split: tuple[int, ...], need: int, flag: llama.Flag
) -> tuple[llama.Model, llama.Encoder]:
    model = weights.read(split)
    try:
        check_memory(need)
        return model, llama.Encoder(model, size=SIZE, flag=flag, on_gpu=any(split))
    except MemoryError:
        model.close()
        raise


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
