"""The reranker that searches are ordered by: in memory from the first search on."""

import threading
from collections.abc import Callable
from pathlib import Path

from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Reranker
from sottovoce.models.gguf import read_model


class Reranking:
    """At most one reranker, with an engine of its own. Any thread may call."""

    def __init__(self, engine: Callable[[], Reranker]) -> None:
        """`engine` is new, without a model."""
        self._new_engine = engine
        self._engine: Reranker | None = None
        self._wanted: Path | None = None
        self._lock = threading.Lock()

    def choose(self, model: Path | None) -> None:
        """Order by this model from now on; None: by none, which gives the memory back."""
        with self._lock:
            self._wanted = model
            unneeded = self._engine if model is None else None
        if unneeded is not None:
            unneeded.unload()

    def loaded(self, stop: Stop) -> Reranker | None:
        """Return an engine with the model in memory; None if none is wanted.

        Raises what reading and loading the model raises.
        """
        with self._lock:
            wanted = self._wanted
            if wanted is None:
                return None
            if self._engine is None:
                self._engine = self._new_engine()
            engine = self._engine
        engine.load(read_model(wanted), stop)
        return engine

    def close(self) -> None:
        """End the engine."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
