from pathlib import Path

import gguf
import pytest

from engine.tiny_encoder import write_encoder
from sottovoce.domain.model import Role
from sottovoce.domain.problems import Missing
from sottovoce.engine.identity import identity
from sottovoce.library import embedding
from sottovoce.models.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "models"
    folder.mkdir()
    return Shelf(folder)


def other_model(shelf: Shelf, name: str) -> Path:
    """The bundled model with another word in it: a model of its own."""
    data = embedding.bundled().path.read_bytes().replace(b"intfloat", b"somebody", 1)
    path = shelf.folder / name
    path.write_bytes(data)
    return path


def test_a_model_is_there_without_any_on_the_shelf(shelf: Shelf) -> None:
    (only,) = embedding.embedding_models(shelf).values()
    assert only == embedding.bundled()
    assert only.role is Role.EMBEDDING
    assert only.context_length == 512


def test_a_model_is_known_by_its_bytes_wherever_it_lies(shelf: Shelf) -> None:
    path = other_model(shelf, "one.gguf")
    first, other = embedding.embedding_models(shelf)
    assert first == identity(embedding.bundled())
    assert first != other
    path.rename(shelf.folder / "renamed.gguf")
    found = embedding.by_identity(shelf, other)
    assert found is not None
    assert found.path.name == "renamed.gguf"


def test_a_model_that_is_gone_is_not_found(shelf: Shelf) -> None:
    path = other_model(shelf, "one.gguf")
    _, (wanted, model) = embedding.embedding_models(shelf).items()
    path.unlink()
    assert embedding.by_identity(shelf, wanted) is None
    with pytest.raises(Missing, match="Locate it"):
        identity(model)


def test_the_same_model_twice_is_one(shelf: Shelf) -> None:
    (shelf.folder / "copy.gguf").write_bytes(embedding.bundled().path.read_bytes())
    assert list(embedding.embedding_models(shelf).values()) == [embedding.bundled()]


def test_rerankers_are_no_embedding_models(shelf: Shelf) -> None:
    write_encoder(shelf.folder / "tiny.gguf", gguf.PoolingType.RANK)
    (reranker,) = embedding.rerankers(shelf)
    assert reranker.path.name == "tiny.gguf"
    assert list(embedding.embedding_models(shelf).values()) == [embedding.bundled()]
