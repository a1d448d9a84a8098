import struct

import numpy as np
import pytest

from fakes import word_vector
from library.searching import DIMENSIONS, keep
from sottovoce.domain.document import Scope
from sottovoce.library.bm25 import Mask
from sottovoce.library.vectors import Vectors, quantised
from sottovoce.store.document_store import DocumentStore


def everything(store: DocumentStore, collection: int) -> Mask:
    searched = store.in_scope(Scope(collections=(collection,)))
    inside = np.zeros(1 + searched[-1].first + searched[-1].passages, np.bool_)
    for each in searched:
        inside[each.first : each.first + each.passages] = True
    return inside


def cosine(one: bytes, other: bytes) -> float:
    a, b = (np.frombuffer(each, np.int8).astype(float) for each in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_eight_bits_keep_the_direction_of_a_vector() -> None:
    one, other = (word_vector(text, 384) for text in ("a bridge and a ferry", "a ferry"))
    exact = sum(x * y for x, y in zip(*map(floats, (one, other)), strict=True))
    assert cosine(quantised(one), quantised(other)) == pytest.approx(exact, abs=0.005)


def floats(vector: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(vector) // 4}f", vector)


def test_a_vector_of_nothing_has_a_form_too() -> None:
    assert quantised(bytes(16)) == bytes(4)


def test_the_nearest_are_those_a_comparison_of_all_finds(
    store: DocumentStore, collection: int
) -> None:
    texts = [f"number {at} of {at % 7} and {at % 5}" for at in range(300)]
    keep(store, collection, "a", texts[:100])
    keep(store, collection, "b", texts[100:])
    question = word_vector("number 3 of 4 and 2", DIMENSIONS)
    wanted = [cosine(quantised(question), quantised(word_vector(t, DIMENSIONS))) for t in texts]
    found = Vectors(store).likeness("words", question, everything(store, collection), 10)
    assert sorted(found.cosines.values(), reverse=True) == pytest.approx(
        sorted(wanted, reverse=True)[:10], abs=1e-5
    )
    assert found.unrelated < min(found.cosines.values())


def test_passages_asked_for_are_compared_too(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", ["a bridge", "a ferry", "a castle"])
    first = store.in_scope(Scope(collections=(collection,)))[0].first
    question = word_vector("a bridge", DIMENSIONS)
    inside = everything(store, collection)
    found = Vectors(store).likeness("words", question, inside, 1, others=[first + 2, 999])
    assert found.cosines.keys() == {first, first + 2}
    assert found.cosines[first] == pytest.approx(1, abs=1e-5)


def test_vectors_out_of_scope_are_not_compared(store: DocumentStore, collection: int) -> None:
    keep(store, collection, "a", ["a bridge"])
    inside = np.zeros(1, np.bool_)
    found = Vectors(store).likeness("words", word_vector("bridge", DIMENSIONS), inside, 10)
    assert found.cosines == {}


def test_vectors_come_as_they_are_kept_and_go_with_their_documents(
    store: DocumentStore, collection: int
) -> None:
    vectors = Vectors(store)
    assert not vectors.are_there("words")
    numbers = [keep(store, collection, str(at), [f"a bridge {at}"]) for at in range(600)]
    assert vectors.are_there("words")
    store.remove(numbers)
    assert not vectors.are_there("words")
