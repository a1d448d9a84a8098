from collections.abc import Iterator
from pathlib import Path

import gguf
import pytest

from engine.tiny_encoder import write_encoder
from sottovoce.domain.model import Model, Role
from sottovoce.domain.problems import Interrupted, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedding_process import ProcessReranker
from sottovoce.models.gguf import read_model

PASSAGES = ["the boat sails on the sea", "the tax is due to you", "the sea " * 400, ""]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("models") / "tiny-reranker.gguf"
    return read_model(write_encoder(path, gguf.PoolingType.RANK))


@pytest.fixture
def reranker() -> Iterator[ProcessReranker]:
    reranker = ProcessReranker()
    yield reranker
    reranker.close()


def test_a_reranker_is_told_from_other_models(tiny: Model) -> None:
    assert tiny.role is Role.RERANKER


def test_each_passage_gets_a_score_of_its_own(reranker: ProcessReranker, tiny: Model) -> None:
    reranker.load(tiny, Stop())
    scores = reranker.score("is the boat on the sea", PASSAGES, Stop())
    assert len(set(scores)) == len(PASSAGES)
    assert all(0 < score < 1 for score in scores)
    backwards = reranker.score("is the boat on the sea", PASSAGES[::-1], Stop())
    assert backwards[::-1] == pytest.approx(scores, abs=1e-4)


def test_the_score_depends_on_the_question(reranker: ProcessReranker, tiny: Model) -> None:
    reranker.load(tiny, Stop())
    (sea,) = reranker.score("the sea", PASSAGES[:1], Stop())
    (tax,) = reranker.score("the tax", PASSAGES[:1], Stop())
    assert sea != pytest.approx(tax, abs=1e-4)


def test_a_model_may_have_a_way_of_its_own_to_put_them_side_by_side(
    reranker: ProcessReranker, tmp_path: Path
) -> None:
    scores = []
    for number, template in enumerate(
        (
            "[CLS]{query}[SEP]{document}[SEP]",
            "[CLS]the tax is due {query}[SEP]{document}[SEP]",
            "[CLS]the tax is due {query}[SEP]{document} to you[SEP]",
        )
    ):
        path = tmp_path / f"{number}.gguf"
        write_encoder(path, gguf.PoolingType.RANK, template=template)
        reranker.load(read_model(path), Stop())
        scores += reranker.score("the boat", ["is on the sea"], Stop())
    assert len(set(scores)) == 3


def test_no_passages_get_no_scores(reranker: ProcessReranker, tiny: Model) -> None:
    reranker.load(tiny, Stop())
    assert reranker.score("the sea", [], Stop()) == []


def test_an_embedding_model_does_not_rank(reranker: ProcessReranker, tmp_path: Path) -> None:
    path = write_encoder(tmp_path / "tiny.gguf", gguf.PoolingType.MEAN)
    with pytest.raises(Unsupported, match="Choose a reranker"):
        reranker.load(read_model(path), Stop())


def test_nothing_is_ranked_before_a_model_is_loaded(reranker: ProcessReranker) -> None:
    with pytest.raises(Interrupted):
        reranker.score("the sea", PASSAGES, Stop())
