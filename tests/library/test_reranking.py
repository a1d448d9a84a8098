from pathlib import Path

import pytest

from fakes import ScriptedReranker
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.reranking import Reranking
from tiny_llama import tiny_llama


def test_no_reranker_is_started_before_one_is_wanted() -> None:
    reranking = Reranking(lambda: pytest.fail("none is wanted"))
    assert reranking.loaded(Stop()) is None
    reranking.choose(None)
    reranking.close()


def test_the_wanted_reranker_is_in_memory_until_it_is_wanted_no_more() -> None:
    engine = ScriptedReranker()
    reranking = Reranking(lambda: engine)
    reranking.choose(tiny_llama())
    assert reranking.loaded(Stop()) is engine
    assert [model.path for model in engine.loads] == [tiny_llama()]
    reranking.choose(None)
    assert engine.loads == []
    assert reranking.loaded(Stop()) is None
    reranking.close()
    assert engine.is_closed


def test_a_reranker_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    reranking = Reranking(ScriptedReranker)
    reranking.choose(tmp_path / "gone.gguf")
    with pytest.raises(Problem):
        reranking.loaded(Stop())
