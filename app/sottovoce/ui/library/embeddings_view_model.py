"""The models that documents can be searched by meaning with."""

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.model import Model
from sottovoce.domain.problems import Problem
from sottovoce.library.embedding import embedding_models
from sottovoce.models.shelf import Shelf
from sottovoce.ui.tasks import Tasks


class EmbeddingsViewModel(QObject):
    """Those on the shelf, by their identity. The one that came with Sottovoce is the first."""

    listed = Signal()

    def __init__(self, shelf: Shelf, tasks: Tasks) -> None:
        super().__init__()
        self._shelf = shelf
        self._tasks = tasks
        self._models: dict[str, Model] = {}

    @property
    def names(self) -> dict[str, str]:
        """What a person calls them, by their identity."""
        return {identity: model.name for identity, model in self._models.items()}

    def refresh(self) -> None:
        """Look again which there are."""
        self._tasks.ask(lambda: embedding_models(self._shelf), self._take, failed=self._fail)

    def _take(self, models: dict[str, Model]) -> None:
        self._models = models
        self.listed.emit()

    def _fail(self, error: Exception) -> None:
        # What is wrong with the shelf is told where the shelf is shown.
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
