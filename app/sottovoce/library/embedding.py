"""Which models there are for documents: the one that came with Sottovoce, and those on the shelf.

An embedding model is known by its identity, which `engine.identity` tells.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from sottovoce.domain.model import Model, Role
from sottovoce.domain.problems import Damaged, Missing
from sottovoce.engine.identity import identity
from sottovoce.models.gguf import read_model
from sottovoce.models.shelf import Shelf
from sottovoce.system.paths import resource

_BUNDLED = "embedding/multilingual-e5-small-q4_0.gguf"
_NAME = "Multilingual E5 Small"


def bundled() -> Model:
    """Return the embedding model that came with Sottovoce. Raises Damaged if it is missing."""
    return replace(read_model(resource(_BUNDLED)), name=_NAME, role=Role.EMBEDDING)


def embedding_models(shelf: Shelf) -> dict[str, Model]:
    """Return all embedding models by their identity; what came with Sottovoce is the first."""
    found: dict[str, Model] = {}
    for each, model in _identified(shelf):
        found.setdefault(each, model)
    return found


def by_identity(shelf: Shelf, wanted: str) -> Model | None:
    """Return the embedding model of this identity, wherever it lies now; None if it is gone."""
    return next((model for each, model in _identified(shelf) if each == wanted), None)


def rerankers(shelf: Shelf) -> list[Model]:
    """Return all rerankers, by their names."""
    return _on(shelf, Role.RERANKER)


def _identified(shelf: Shelf) -> Iterator[tuple[str, Model]]:
    """All embedding models; the shelf is not looked at before what came with Sottovoce."""
    with suppress(Damaged):  # Then the others are all there is.
        model = bundled()
        yield identity(model), model
    for model in _on(shelf, Role.EMBEDDING):
        with suppress(Missing):
            yield identity(model), model


def _on(shelf: Shelf, role: Role) -> list[Model]:
    return [item.model for item in shelf.items() if item.model and item.model.role is role]
