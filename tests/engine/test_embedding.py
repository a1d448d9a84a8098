import struct
import sys
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import gguf
import psutil
import pytest

from engine.tiny_encoder import write_encoder
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Cancelled, Damaged, Interrupted, Missing, NoRoom, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Purpose
from sottovoce.engine.embedding_process import ProcessEmbedder
from sottovoce.models.gguf import read_model
from sottovoce.system.paths import resource

LONG = "The sea is wide, and the boat that sails on it is small. " * 20
"""About as long as a passage."""


@pytest.fixture(scope="module")
def e5() -> Model:
    return read_model(resource("embedding/multilingual-e5-small-q4_0.gguf"))


@pytest.fixture(scope="module")
def loaded(e5: Model) -> Iterator[ProcessEmbedder]:
    """The bundled model in memory."""
    embedder = ProcessEmbedder()
    embedder.load(e5, Stop())
    yield embedder
    embedder.close()


@pytest.fixture
def embedder(tmp_path: Path) -> Iterator[ProcessEmbedder]:
    """An embedder for one test."""
    embedder = ProcessEmbedder(log=tmp_path / "engine.log")
    yield embedder
    embedder.close()


@pytest.fixture
def tiny(tmp_path: Path) -> Model:
    return read_model(write_encoder(tmp_path / "tiny.gguf", gguf.PoolingType.MEAN))


def vectors(
    embedder: ProcessEmbedder, texts: Sequence[str], purpose: Purpose = Purpose.PASSAGE
) -> list[tuple[float, ...]]:
    found = list(embedder.embed(texts, purpose, Stop()))
    return [struct.unpack(f"<{len(vector) // 4}f", vector) for vector in found]


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def engine_process() -> psutil.Process:
    """The one that was started last."""
    children = psutil.Process().children()
    engines = [child for child in children if "--engine-process" in child.cmdline()]
    return max(engines, key=psutil.Process.create_time)


def test_a_vector_has_length_1_and_the_dimensions_that_were_told(loaded: ProcessEmbedder) -> None:
    assert loaded.loaded is not None
    (vector,) = vectors(loaded, ["The sea is wide."])
    assert len(vector) == loaded.loaded.dimensions == 384
    assert cosine(vector, vector) == pytest.approx(1, abs=1e-5)


def test_a_question_finds_its_passage_in_another_language(loaded: ProcessEmbedder) -> None:
    passages = [
        "Take one tablet twice a day after meals.",
        "The train to Oxford departs from platform nine at 10:15.",
        "The warranty covers manufacturing defects for two years.",
        "Employees are entitled to twenty-five days of annual leave.",
    ]
    questions = [
        "Wie oft soll ich die Tablette nehmen?",
        "去牛津的火车几点开？",
        "Quanto dura la garanzia?",
        "कर्मचारियों को कितनी छुट्टियाँ मिलती हैं?",
    ]
    found = vectors(loaded, passages)
    asked = vectors(loaded, questions, Purpose.QUERY)
    best = [max(range(4), key=lambda place: cosine(ask, found[place])) for ask in asked]
    assert best == [0, 1, 2, 3]


def test_a_query_is_read_in_another_way_than_a_passage(loaded: ProcessEmbedder) -> None:
    (passage,) = vectors(loaded, ["The sea is wide."])
    (query,) = vectors(loaded, ["The sea is wide."], Purpose.QUERY)
    assert 0.8 < cosine(passage, query) < 0.9999


def test_texts_have_the_same_vectors_alone_and_together(loaded: ProcessEmbedder) -> None:
    texts = ["The sea", LONG, "a boat", "", "the tax is due"]
    alone = [vectors(loaded, [text])[0] for text in texts]
    assert vectors(loaded, texts) == alone


def test_letters_and_their_marks_may_stand_apart(loaded: ProcessEmbedder) -> None:
    text = "Über Größe, œuvre, Việt Nam and 한국어"
    composed, apart = vectors(loaded, [text, unicodedata.normalize("NFD", text)])
    assert cosine(composed, apart) > 0.9999


def test_tokens_are_counted_as_the_model_was_trained_with_them(loaded: ProcessEmbedder) -> None:
    texts = ["", "hello world", "Photosynthese", "東京は日本の首都です。", "ﷺ"]
    assert loaded.count(texts, Stop()) == [0, 3, 4, 7, 4]


def test_what_is_too_long_is_cut_off(loaded: ProcessEmbedder) -> None:
    begin = "the boat sails " * 300
    one, other = vectors(loaded, [f"{begin} on the sea", f"{begin} to the tax office"])
    assert cosine(one, other) == pytest.approx(1, abs=1e-5)


def test_half_a_character_is_no_reason_to_fail(loaded: ProcessEmbedder) -> None:
    assert len(vectors(loaded, ["half \ud83d of a pair"])) == 1


def test_a_query_does_not_wait_for_passages(loaded: ProcessEmbedder) -> None:
    texts = [f"{number} {LONG}" for number in range(12)]
    undisturbed = vectors(loaded, texts[:3])
    begun, found = threading.Event(), []

    def embed() -> None:
        for vector in loaded.embed(texts, Purpose.PASSAGE, Stop()):
            found.append(vector)
            begun.set()

    work = threading.Thread(target=embed)
    work.start()
    assert begun.wait(60)
    for _ in range(3):
        assert len(vectors(loaded, ["Where is the boat?"], Purpose.QUERY)) == 1
    assert len(found) < len(texts)
    work.join(60)
    assert len(found) == len(texts)
    assert [struct.unpack("<384f", vector) for vector in found[:3]] == undisturbed


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own there")
def test_passages_are_embedded_with_low_priority(loaded: ProcessEmbedder) -> None:
    vectors(loaded, ["The sea"])
    child = engine_process()
    tasks = Path(f"/proc/{child.pid}/task")
    nice = {
        int(task.name): int((task / "stat").read_text().rpartition(")")[2].split()[16])
        for task in tasks.iterdir()
    }
    assert max(nice.values()) == min(nice[child.pid] + 10, 19)


def test_stopping_ends_the_work(loaded: ProcessEmbedder) -> None:
    stop = Stop()
    found = loaded.embed([LONG] * 50, Purpose.PASSAGE, stop)
    next(found)
    stop.set()
    with pytest.raises(Cancelled):
        list(found)
    assert len(vectors(loaded, ["The sea"])) == 1


def test_who_loses_interest_leaves_the_model_free(loaded: ProcessEmbedder) -> None:
    found = loaded.embed([LONG] * 50, Purpose.PASSAGE, Stop())
    next(found)
    del found
    assert len(vectors(loaded, ["The sea"])) == 1


def test_a_crash_costs_what_was_asked_and_no_more(embedder: ProcessEmbedder, tiny: Model) -> None:
    embedder.load(tiny, Stop())
    found = embedder.embed(["the sea " * 2000] * 4, Purpose.PASSAGE, Stop())
    next(found)
    engine_process().kill()
    with pytest.raises(Interrupted):
        list(found)
    assert embedder.loaded is None
    embedder.load(tiny, Stop())
    assert len(vectors(embedder, ["the sea"])) == 1


def test_vectors_of_two_models_are_never_mixed(
    embedder: ProcessEmbedder, tiny: Model, tmp_path: Path
) -> None:
    other = read_model(write_encoder(tmp_path / "other.gguf", gguf.PoolingType.CLS, seed=2))
    first = embedder.load(tiny, Stop())
    found = embedder.embed(["the sea", "x" * 20_000, "the boat"], Purpose.PASSAGE, Stop())
    next(found)
    second = embedder.load(other, Stop())
    assert first.identity != second.identity
    with pytest.raises(Interrupted):
        list(found)


def test_the_same_model_is_not_loaded_twice(embedder: ProcessEmbedder, tiny: Model) -> None:
    embedder.load(tiny, Stop())
    child = engine_process()
    embedder.load(tiny, Stop())
    assert engine_process() == child


def test_nothing_is_left_of_a_model_that_is_unloaded(
    embedder: ProcessEmbedder, tiny: Model
) -> None:
    embedder.load(tiny, Stop())
    child = engine_process()
    embedder.unload()
    assert not child.is_running()
    assert embedder.loaded is None
    with pytest.raises(Interrupted):
        embedder.embed(["the sea"], Purpose.QUERY, Stop())


def test_a_chat_model_does_not_embed(embedder: ProcessEmbedder, starter: Model) -> None:
    with pytest.raises(Unsupported, match="Choose an embedding model"):
        embedder.load(starter, Stop())
    assert embedder.loaded is None


def test_a_model_that_is_gone_or_broken_says_so(embedder: ProcessEmbedder, tiny: Model) -> None:
    with pytest.raises(Missing):
        embedder.load(replace(tiny, path=tiny.path.with_name("gone.gguf")), Stop())
    broken = tiny.path.with_name("broken.gguf")
    broken.write_bytes(tiny.path.read_bytes()[:20_000])
    with pytest.raises(Damaged):
        embedder.load(replace(tiny, path=broken), Stop())


def test_a_model_that_memory_cannot_hold_is_not_loaded(e5: Model) -> None:
    embedder = ProcessEmbedder(available_memory=lambda: 50_000_000)
    with pytest.raises(NoRoom, match="Close other programs"):
        embedder.load(e5, Stop())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is only promised")
def test_no_memory_is_kept_for_scores_that_nobody_asks_for(loaded: ProcessEmbedder) -> None:
    vectors(loaded, [LONG * 3])
    assert engine_process().memory_info().rss < 400e6
