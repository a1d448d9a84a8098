"""The vectors of passages, in memory: which of them are like that of a question."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from usearch.index import MetricKind, search

from sottovoce.library.bm25 import Mask
from sottovoce.store.document_store import DocumentStore

_PIECE = 1 << 16
"""Vectors that are kept and compared together: an index grows without being copied."""
_ALONE = 20_000
"""So many vectors one thread compares in 2 ms: waking others would take longer."""
_READ = 16
"""Rows of vectors that are read from the store at once."""
_FORGET = 2
"""All is read anew once there are so many times as many rows in memory as in the store."""

_Bytes = npt.NDArray[np.int8]
_Numbers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]


def quantised(vector: bytes) -> bytes:
    """A vector of float32 as 8-bit integers of the same direction: what is kept of a passage.

    The largest number becomes 127, so that all bits are used however many dimensions there are.
    """
    numbers = np.frombuffer(vector, np.float32)
    largest = float(np.abs(numbers).max(initial=0))
    return np.round(numbers * (127 / largest if largest else 0)).astype(np.int8).tobytes()


@dataclass(slots=True)
class _Piece:
    vectors: _Bytes
    passages: _Numbers
    """Of which passage each vector is."""
    count: int = 0


@dataclass(slots=True)
class _Held:
    """The vectors of one embedding model, as far as they have been read from the store."""

    pieces: list[_Piece] = field(default_factory=list)
    rows: int = 0
    last: int = 0
    total: _Floats | None = None
    """The sum of some vectors of length 1: one of each row."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike passages are to a question."""

    cosines: dict[int, float]
    """Of the passages that are most alike, and of those that were asked for."""
    unrelated: float
    """The mean cosine of all passages: what this embedding model gives those that are not alike."""

    def relative(self, cosine: float) -> float:
        """A cosine so that an unrelated passage has 0, whatever the model, and the question 1."""
        return (cosine - self.unrelated) / max(1e-6, 1 - self.unrelated)


NOTHING_ALIKE = Likeness({}, 0.0)


class Vectors:
    """The vectors in a store: read when they are first asked for, and from then on as they come."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._held: dict[str, _Held] = {}

    def are_there(self, model: str) -> bool:
        return self._up_to_date(model).rows > 0

    def likeness(
        self, model: str, vector: bytes, inside: Mask, limit: int, others: Iterable[int] = ()
    ) -> Likeness:
        """How alike to a vector the passages are that are most so, and `others` if they have one.

        `vector` is of float32, from the same embedding model.
        """
        held = self._up_to_date(model)
        question = np.frombuffer(quantised(vector), np.int8)
        asked = np.fromiter(others, np.int64)
        cosines: dict[int, float] = {}
        best: list[tuple[float, int]] = []
        for piece in held.pieces:
            passages = piece.passages[: piece.count]
            rows = np.flatnonzero(inside[np.minimum(passages, len(inside) - 1)])
            best += _nearest(piece, rows, question, limit)
            known = np.flatnonzero(np.isin(passages, asked, kind="table"))
            cosines |= zip(
                passages[known].tolist(), _cosines(piece.vectors[known], question), strict=True
            )
        best.sort(key=lambda each: (-each[0], each[1]))
        cosines |= {passage: cosine for cosine, passage in best[:limit]}
        return Likeness(cosines, _mean(held, question))

    def _up_to_date(self, model: str) -> _Held:
        held = self._held.setdefault(model, _Held())
        while kept := self._store.newer_vectors(model, held.last, _READ):
            for each in kept:
                _add(held, each.first, np.frombuffer(each.data, np.int8).reshape(each.passages, -1))
                held.last = each.row
        if held.rows > _FORGET * self._store.count_vectors(model) + _READ:
            self._held[model] = _Held()
            return self._up_to_date(model)
        return held


def _add(held: _Held, first: int, vectors: _Bytes) -> None:
    """Keep the vectors of successive passages."""
    held.rows += 1
    one = _of_length_1(vectors[:1])[0]
    held.total = one if held.total is None else held.total + one
    while len(vectors):
        if not held.pieces or held.pieces[-1].count == _PIECE:
            empty = np.empty((_PIECE, vectors.shape[1]), np.int8)
            held.pieces.append(_Piece(empty, np.empty(_PIECE, np.int64)))
        piece = held.pieces[-1]
        some = vectors[: _PIECE - piece.count]
        places = slice(piece.count, piece.count + len(some))
        piece.vectors[places] = some
        piece.passages[places] = np.arange(first, first + len(some))
        piece.count += len(some)
        first += len(some)
        vectors = vectors[len(some) :]


def _nearest(
    piece: _Piece, rows: _Numbers, question: _Bytes, limit: int
) -> list[tuple[float, int]]:
    """The cosines and passages of those vectors in these rows that are most like the question."""
    if not len(rows):
        return []
    are_all = len(rows) == piece.count
    among = piece.vectors[: piece.count] if are_all else piece.vectors[rows]
    threads = 0 if len(rows) > _ALONE else 1
    found = search(
        among, question, min(limit, len(rows)), MetricKind.Cos, exact=True, threads=threads
    )
    places = rows[np.asarray(found.keys, np.int64)]
    cosines = 1 - np.asarray(found.distances, np.float32)
    return list(zip(cosines.tolist(), piece.passages[places].tolist(), strict=True))


def _cosines(vectors: _Bytes, question: _Bytes) -> list[float]:
    found: list[float] = (_of_length_1(vectors) @ _of_length_1(question[np.newaxis])[0]).tolist()
    return found


def _mean(held: _Held, question: _Bytes) -> float:
    if held.total is None:
        return 0.0
    return float(held.total @ _of_length_1(question[np.newaxis])[0]) / held.rows


def _of_length_1(vectors: _Bytes) -> _Floats:
    numbers = vectors.astype(np.float32)
    lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
    scaled: _Floats = numbers / np.maximum(lengths, 1e-9)
    return scaled
