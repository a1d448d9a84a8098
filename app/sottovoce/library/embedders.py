"""The embedding models at work: each has an engine of its own, started when it is needed."""

import threading
from collections.abc import Callable

from sottovoce.domain.model import Model
from sottovoce.domain.problems import Missing
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Embedder


class Embedders:
    """Embedding models by their identity. Any thread may call."""

    def __init__(
        self, default: str, find: Callable[[str], Model | None], engine: Callable[[], Embedder]
    ) -> None:
        """`default` is for new collections; `find` knows the file of a model; `engine` is new."""
        self.default = default
        self._find = find
        self._engine = engine
        self._at_work: dict[str, tuple[Model, Embedder]] = {}
        self._lock = threading.Lock()

    def model(self, identity: str) -> Model:
        """Return the model with this identity. Raises Missing."""
        model = self._find(identity)
        if model is None:
            raise Missing(
                "The embedding model of this collection is not on the shelf any more. "
                "Put it back, or choose another one for the collection."
            )
        return model

    def loaded(self, identity: str, stop: Stop) -> Embedder:
        """Return an engine with this model in memory. Raises Missing, and what loading raises."""
        with self._lock:
            if identity not in self._at_work:
                self._at_work[identity] = self.model(identity), self._engine()
            model, engine = self._at_work[identity]
        engine.load(model, stop)
        return engine

    def close(self) -> None:
        """End all engines."""
        with self._lock:
            at_work, self._at_work = self._at_work, {}
        for _, engine in at_work.values():
            engine.close()
