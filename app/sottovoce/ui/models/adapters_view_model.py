"""The LoRA adapters that the model that is looked at can answer with."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.settings import Attachment
from sottovoce.models.adapters import AdapterItem, AdapterShelf
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class AdaptersViewModel(QObject):
    """What is attached is used from the next reply on, without the model being loaded anew."""

    changed = Signal()
    failed = Signal(object)
    """A Trouble."""

    def __init__(
        self,
        adapters: AdapterShelf,
        tasks: Tasks,
        settings: SettingsViewModel,
        shelf: ShelfViewModel,
    ) -> None:
        super().__init__()
        self._adapters = adapters
        self._tasks = tasks
        self._settings = settings
        self._shelf = shelf
        self._items: tuple[AdapterItem, ...] = ()
        self._scales: dict[tuple[str, str], float] = {}
        """Those of adapters that were switched off, by model and adapter."""
        settings.changed.connect(self.changed)
        shelf.chosen_changed.connect(self.changed)

    @property
    def items(self) -> tuple[AdapterItem, ...]:
        """Those that fit the model by its architecture, and those that cannot be used at all."""
        chosen = self._shelf.chosen
        if chosen is None or chosen.model is None:
            return ()
        architecture = chosen.model.architecture
        return tuple(each for each in self._items if each.architecture in {"", architecture})

    @property
    def others(self) -> int:
        """How many there are that fit other models."""
        return len(self._items) - len(self.items)

    def refresh(self) -> None:
        """Look again which there are."""
        self._tasks.ask(self._adapters.items, self._take)

    def is_attached(self, adapter: AdapterItem) -> bool:
        return self._attachment(adapter) is not None

    def scale(self, adapter: AdapterItem) -> float:
        """How strongly it changes the model, or would."""
        attachment = self._attachment(adapter)
        if attachment is not None:
            return attachment.scale
        return self._scales.get((self._model, str(adapter.path)), 1.0)

    def attach(self, adapter: AdapterItem, *, is_on: bool) -> None:
        """Have the model answer with it, or without it."""
        scale = self.scale(adapter)
        self._scales[self._model, str(adapter.path)] = scale
        self._keep(adapter, scale if is_on else None)

    def set_scale(self, adapter: AdapterItem, scale: float) -> None:
        """Let it change the model this strongly: 0 is not at all, 1 is as it was trained."""
        self._scales[self._model, str(adapter.path)] = scale
        if self.is_attached(adapter):
            self._keep(adapter, scale)

    def remove(self, adapter: AdapterItem) -> None:
        """Detach it from all models, and take it off its shelf."""
        settings = self._settings.settings
        kept = tuple(each for each in settings.adapters if each.adapter != str(adapter.path))
        self._settings.change(replace(settings, adapters=kept))
        self._tasks.ask(
            lambda: self._adapters.remove(adapter),
            failed=lambda error: self.failed.emit(trouble(error)),
        )
        self.refresh()

    @property
    def _model(self) -> str:
        return str(self._shelf.chosen.path) if self._shelf.chosen else ""

    def _attachment(self, adapter: AdapterItem) -> Attachment | None:
        for each in self._settings.settings.adapters:
            if (each.model, Path(each.adapter)) == (self._model, adapter.path):
                return each
        return None

    def _keep(self, adapter: AdapterItem, scale: float | None) -> None:
        """Attach it like this, in its old place if it has one; detach it if there is no scale."""
        settings, before = self._settings.settings, self._attachment(adapter)
        now = None if scale is None else Attachment(self._model, str(adapter.path), scale)
        kept = [now if each == before else each for each in settings.adapters]
        if before is None:
            kept.append(now)
        attachments = tuple(each for each in kept if each is not None)
        self._settings.change(replace(settings, adapters=attachments))

    def _take(self, items: list[AdapterItem]) -> None:
        self._items = tuple(items)
        self.changed.emit()
