"""The settings as they are now, kept in the store when they change."""

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.settings import Settings
from sottovoce.store.store import Store
from sottovoce.ui.tasks import Tasks


class SettingsViewModel(QObject):
    """One owner of the settings; whoever needs them asks here."""

    changed = Signal()

    def __init__(self, store: Store, tasks: Tasks, settings: Settings) -> None:
        super().__init__()
        self._store = store
        self._tasks = tasks
        self._settings = settings

    @property
    def settings(self) -> Settings:
        return self._settings

    def change(self, settings: Settings) -> None:
        """Use these settings from now on, and keep them."""
        if settings == self._settings:
            return
        self._settings = settings
        self._tasks.ask(lambda: self._store.keep_settings(settings))
        self.changed.emit()
