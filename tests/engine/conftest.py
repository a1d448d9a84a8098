"""Real models, and real engines in real child processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.asking import load, model_at
from sottovoce.domain.model import Model
from sottovoce.engine.child import Patience
from sottovoce.engine.process import ProcessEngine
from sottovoce.models import shelf
from tiny_llama import small_llama as small_llama_file
from tiny_llama import tiny_llama as tiny_llama_file


@pytest.fixture(scope="session")
def starter() -> Model:
    """SmolLM2-135M-Instruct."""
    model = shelf.starter()
    assert model is not None
    return model


@pytest.fixture(scope="session")
def tiny_llama() -> Model:
    """Random weights with the tokenizer and the chat template of Llama 3.1."""
    return model_at(tiny_llama_file())


@pytest.fixture(scope="session")
def small_llama() -> Model:
    """The same with few words, for whatever has nothing to do with them."""
    return model_at(small_llama_file())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ProcessEngine]:
    """An engine for one test, soon out of patience."""
    engine = ProcessEngine(
        log=tmp_path / "engine.log",
        patience=Patience(silence=5, preparing=3, stopping=2, ending=1),
    )
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def starter_engine(starter: Model) -> Iterator[ProcessEngine]:
    """The starter model in memory."""
    engine = ProcessEngine()
    load(engine, starter)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def llama_engine(tiny_llama: Model) -> Iterator[ProcessEngine]:
    """The tiny Llama in memory."""
    engine = ProcessEngine()
    load(engine, tiny_llama)
    yield engine
    engine.close()
