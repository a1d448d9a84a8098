"""Finds the passages that answer a question, by their words and by their meaning."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from threading import Lock

import numpy as np

from sottovoce.domain.document import Found, Passage, Scope
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Embedder, Purpose, Reranker
from sottovoce.library.bm25 import Mask, coverage
from sottovoce.library.library import Query
from sottovoce.library.passages import embedded_text
from sottovoce.library.vectors import NOTHING_ALIKE, Likeness, Vectors
from sottovoce.library.words import terms
from sottovoce.store.document_store import DocumentStore
from sottovoce.store.documents import Searched

_CANDIDATES = 100
"""Passages that words, and vectors, bring up each."""
_WEIGHT = 0.55
"""What all words of a question weigh, where 1 is from an unrelated passage's cosine to 1.

Over seventeen sets of questions (three languages, questions and texts in different languages,
keywords only, with and without titles) the mean MRR is 93.0 points at 0.4, and from 0.5 to 0.75 it
stays within 0.03 of 93.15. The more words weigh, the more English questions on Hindi texts lose:
89.9 at 0.4, 89.75 here, 89.4 at 0.75; vectors alone have 89.8.
"""
_SPARE = 10
"""Passages that are read beyond those wanted, as some may say the same."""
_RERANKED = 24
"""Passages that a reranker reads: on a small computer each costs it a tenth of a second."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """What a scope holds: which passages are searched, and by which embedding model."""

    documents: dict[int, int]
    """One that says each content."""
    inside: Mask
    by_model: dict[str, Mask]


class Searcher:
    """Searches a store. Any thread may call."""

    def __init__(
        self,
        store: DocumentStore,
        embedder: Callable[[str, Stop], Embedder],
        reranker: Callable[[Stop], Reranker | None] = lambda _stop: None,
    ) -> None:
        """`embedder` has the model of an identity in memory, `reranker` the one to be used."""
        self._store = store
        self._embedder = embedder
        self._reranker = reranker
        self._vectors = Vectors(store)
        self._extent: tuple[Scope, tuple[int, int], _Extent] | None = None
        self._lock = Lock()

    def search(self, query: Query, stop: Stop) -> list[Found]:
        """Return the passages that answer best, the best first.

        Where a vector is missing, be it that the embedding model is, words alone decide. Raises
        Cancelled.
        """
        extent = self._in_scope(query.scope)
        candidates = max(_CANDIDATES, query.limit)
        covered = coverage(self._store, terms(query.text), extent.inside, candidates)
        stop.check()
        alike: dict[int, float] = {}
        cosines: dict[int, float] = {}
        for model, inside in extent.by_model.items():
            near = self._likeness(model, query.text, inside, candidates, covered, stop)
            cosines |= near.cosines
            alike |= {passage: near.relative(cosine) for passage, cosine in near.cosines.items()}
        scores = _fused(covered, alike)
        best = sorted(scores, key=lambda passage: (-scores[passage], passage))
        reranker = self._ready_reranker(stop)
        wanted = query.limit if reranker is None else max(query.limit, _RERANKED)
        passages = self._store.passages(best[: wanted + _SPARE], extent.documents)
        found = [
            Found(passage, min(1.0, max(0.0, scores[passage.id])), cosines.get(passage.id))
            for passage in _duplicates_last(passages)
        ]
        if reranker is not None:
            found = _reranked(reranker, query.text, found, stop)
        return found[: query.limit]

    def _ready_reranker(self, stop: Stop) -> Reranker | None:
        try:
            return self._reranker(stop)
        except Problem:  # The order there is without it is a good one.
            return None

    def _in_scope(self, scope: Scope) -> _Extent:
        version = self._store.version()
        with self._lock:
            if self._extent is None or self._extent[:2] != (scope, version):
                self._extent = scope, version, _extent(self._store.in_scope(scope))
            return self._extent[2]

    def _likeness(
        self,
        model: str,
        question: str,
        inside: Mask,
        limit: int,
        others: Iterable[int],
        stop: Stop,
    ) -> Likeness:
        """What passages have in common with the question; nothing where that cannot be told."""
        with self._lock:
            if not self._vectors.are_there(model):
                return NOTHING_ALIKE
        try:
            vector = next(iter(self._embedder(model, stop).embed([question], Purpose.QUERY, stop)))
        except Problem:  # Whoever embeds the passages tells it; words are here all the same.
            return NOTHING_ALIKE
        stop.check()
        with self._lock:
            return self._vectors.likeness(model, vector, inside, limit, others)


def _extent(searched: Sequence[Searched]) -> _Extent:
    size = 1 + max((each.first + each.passages for each in searched), default=0)
    by_model = {each.model: np.zeros(size, np.bool_) for each in searched}
    for each in searched:
        by_model[each.model][each.first : each.first + each.passages] = True
    inside = np.zeros(size, np.bool_)
    for mask in by_model.values():
        inside |= mask
    return _Extent({each.content: each.document for each in searched}, inside, by_model)


def _fused(covered: dict[int, float], alike: dict[int, float]) -> dict[int, float]:
    """How well passages answer, from 0 to 1.

    Who has no vector yet counts as being as much alike as others with words of the question.
    """
    if not alike:
        return covered
    with_words = [alike[passage] for passage in covered if passage in alike]
    usual = fmean(with_words or alike.values())
    return {
        passage: (alike.get(passage, usual) + _WEIGHT * covered.get(passage, 0)) / (1 + _WEIGHT)
        for passage in covered.keys() | alike.keys()
    }


def _duplicates_last(passages: Iterable[Passage]) -> list[Passage]:
    """Passages whose text has come before tell nothing new: they go behind the others."""
    seen: set[str] = set()
    new: list[Passage] = []
    again: list[Passage] = []
    for passage in passages:
        text = " ".join(passage.text.split()).casefold()
        (again if text in seen else new).append(passage)
        seen.add(text)
    return new + again


def _reranked(reranker: Reranker, question: str, found: Sequence[Found], stop: Stop) -> list[Found]:
    """The first ones in the order of a reranker; the order there is, if it fails."""
    first, rest = found[:_RERANKED], found[_RERANKED:]
    texts = [
        embedded_text(each.passage.title, each.passage.headings, each.passage.text)
        for each in first
    ]
    try:
        marks = reranker.score(question, texts, stop)
    except Problem:
        return list(found)
    marked = [replace(each, score=mark) for each, mark in zip(first, marks, strict=True)]
    marked.sort(key=lambda each: -each.score)
    lowest = min(marks, default=0.0)
    return [*marked, *(replace(each, score=lowest * each.score) for each in rest)]
