"""The model that answers: which it is, and how far it is loaded."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.chat.news import News, Ready
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Damaged, Missing, Problem
from sottovoce.domain.reply import Loading
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine, Loaded
from sottovoce.models.gguf import check_whole, read_model
from sottovoce.models.shelf import Shelf, starter
from sottovoce.system.sandbox import Confinement, possible
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import Trouble, trouble


class ModelState(Enum):
    """How far the chosen model is."""

    NONE = auto()
    """No model is chosen, or the chosen one cannot be used."""
    RESTING = auto()
    """Its file is known; it takes no memory."""
    LOADING = auto()
    LOADED = auto()


class ModelViewModel(QObject):
    """One chosen model. It is loaded by the first question, or when asked to."""

    changed = Signal()
    failed = Signal(object)
    """A Trouble with a file the user chose, or with loading it."""

    noted = Signal(str)
    """What had to be made smaller so that the model fits. Once for each load."""
    shelf_changed = Signal()
    """The shelf holds something new."""

    def __init__(
        self, engine: Engine, tasks: Tasks, settings: SettingsViewModel, shelf: Shelf
    ) -> None:
        super().__init__()
        self._engine = engine
        self._tasks = tasks
        self._settings = settings
        self._shelf = shelf
        self._model: Model | None = None
        self._trouble: Trouble | None = None
        self._loading: Stop | None = None
        self._fraction: float | None = None
        self._told: tuple[Path, str] | None = None
        self._looks = self._answered = 0
        """How often a model was looked for, and which of these looks was answered last."""

    @property
    def model(self) -> Model | None:
        """The model that answers next."""
        return self._model

    @property
    def trouble(self) -> Trouble | None:
        """Why there is no model."""
        return self._trouble

    @property
    def loaded(self) -> Loaded | None:
        return self._engine.loaded

    @property
    def confinement(self) -> Confinement:
        """What the model is kept from; without one in memory, what it would be."""
        loaded = self.loaded
        return (loaded and loaded.confinement) or possible()

    @property
    def fraction(self) -> float:
        """How much of the model is loaded while it is being loaded, from 0 to 1."""
        return self._fraction or 0.0

    @property
    def state(self) -> ModelState:
        if self._model is None:
            return ModelState.NONE
        if self._fraction is not None:
            return ModelState.LOADING
        loaded = self._engine.loaded
        is_loaded = loaded is not None and loaded.path == self._model.path
        return ModelState.LOADED if is_loaded else ModelState.RESTING

    def find(self) -> None:
        """Look for the model chosen last, or the starter."""
        settings, is_newest = self._settings.settings, self._new_look()

        def look(_: Stop) -> Iterator[Model | None]:
            if settings.models:  # From before there was a shelf.
                self._shelf.adopt(settings.models)
            if not settings.model:
                yield starter()
                return
            # The shelf knows the names of files that do not say them.
            listed = {str(item.path): item.model for item in self._shelf.items()}
            yield listed.get(settings.model) or read_model(Path(settings.model))

        def take(model: Model | None) -> None:
            if settings.models:
                self._settings.change(replace(self._settings.settings, models=()))
            if is_newest():
                self._take(model)

        def fail(error: Exception) -> None:
            if is_newest():
                self._model = None
                self._trouble = trouble(error)
            self._tell(error)

        self._tasks.start(look, news=take, failed=fail, ended=self.shelf_changed.emit)

    def choose(self, path: Path) -> None:
        """Put a model file on the shelf; from then on it answers, and it is loaded at once."""
        is_newest = self._new_look()

        def look(stop: Stop) -> Iterator[Model]:
            item = self._shelf.link(path, stop)
            if item.model is None:
                raise Damaged(item.trouble)
            check_whole(item.path)
            yield item.model

        def take(model: Model) -> None:
            self.shelf_changed.emit()
            if not is_newest():
                return
            chosen = "" if model.is_starter else str(model.path)
            self._settings.change(replace(self._settings.settings, model=chosen))
            self._take(model)
            self.load()

        self._tasks.start(look, news=take, failed=self._tell)

    def load(self) -> None:
        """Put the model in memory now."""
        model = self._model
        if model is None or self._loading is not None:
            return
        settings = self._settings.settings
        options, adapters = settings.load_of(model.path), settings.adapters_of(model.path)
        self._fraction = 0.0
        self._loading = self._tasks.start(
            lambda stop: self._engine.load(model, options, stop, adapters),
            news=self.hear,
            failed=self._tell,
            ended=self._end_loading,
        )
        self.changed.emit()

    def stop_loading(self) -> None:
        if self._loading is not None:
            self._loading.set()

    def unload(self) -> None:
        """Give the model's memory back."""
        self._unload(lambda: None)

    def reload(self) -> None:
        """Load the model again, with what the engine can compute with by now."""
        self._unload(self.load)

    def let_go(self, path: Path, then: Callable[[], None]) -> None:
        """Stop answering with this model, which is about to go; then call `then`."""
        loaded = self._engine.loaded
        if self._model is not None and self._model.path == path:
            self._settings.change(replace(self._settings.settings, model=""))
            self.find()
        if loaded is None or loaded.path != path:
            then()
            return
        self._unload(then)

    def hear(self, news: News) -> None:
        """Follow a load, whoever began it."""
        match news:
            case Loading(fraction):
                self._fraction = fraction
                self.changed.emit()
            case Ready():
                self.note_end()
            case _:
                pass

    def note_end(self) -> None:
        """What was under way is over: see how the engine is now."""
        if self._loading is None:
            self._fraction = None
        self._note()
        self.changed.emit()

    def _unload(self, then: Callable[[], None]) -> None:
        def work(_: Stop) -> Iterator[None]:
            self._engine.unload()
            yield None

        def end() -> None:
            self.changed.emit()
            then()

        self._tasks.start(work, ended=end)

    def _note(self) -> None:
        loaded = self._engine.loaded
        note = (loaded.path, loaded.note) if loaded else None
        if note != self._told:
            self._told = note
            if note and note[1]:
                self.noted.emit(note[1])

    def _new_look(self) -> Callable[[], bool]:
        """Whether no later look was answered already: looks take as long as their disk."""
        self._looks += 1
        number = self._looks

        def is_newest() -> bool:
            self._answered = max(self._answered, number)
            return number == self._answered

        return is_newest

    def _take(self, model: Model | None) -> None:
        self._model = model
        self._trouble = None
        if model is None:
            self._trouble = trouble(Missing("There is no model yet. Choose a model file to begin."))
        self.changed.emit()

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
        self.changed.emit()

    def _end_loading(self) -> None:
        self._loading = None
        self.note_end()
