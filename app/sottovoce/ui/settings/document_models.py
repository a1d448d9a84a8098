"""The models that documents are searched with."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.model import Model
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.embedding import embedding_models, rerankers
from sottovoce.models.shelf import Shelf
from sottovoce.ui.tasks import Tasks


class DocumentModelsViewModel(QObject):
    """Those on the shelf: embedding models find passages, rerankers order what was found."""

    listed = Signal()

    def __init__(self, shelf: Shelf, tasks: Tasks) -> None:
        super().__init__()
        self._shelf = shelf
        self._tasks = tasks
        self._embeddings: dict[str, Model] = {}
        self._rerankers: list[Model] = []
        self._looks = 0

    @property
    def embeddings(self) -> dict[str, str]:
        """Their names by their identity. What came with Sottovoce is the first."""
        return {identity: model.name for identity, model in self._embeddings.items()}

    @property
    def rerankers(self) -> dict[str, str]:
        """Their names by their path."""
        return {str(model.path): model.name for model in self._rerankers}

    def refresh(self) -> None:
        """Look again which there are."""
        self._looks += 1
        look = self._looks

        def work(_: Stop) -> Iterator[tuple[dict[str, Model], list[Model]]]:
            yield embedding_models(self._shelf), rerankers(self._shelf)

        def take(found: tuple[dict[str, Model], list[Model]]) -> None:
            if look == self._looks:
                self._embeddings, self._rerankers = found
                self.listed.emit()

        self._tasks.start(work, news=take, failed=self._fail)

    def _fail(self, error: Exception) -> None:
        # What is wrong with the shelf is told where the shelf is shown.
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
