"""A backup that is restored before any chats are open."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from sottovoce.system.paths import Profile
from sottovoce.ui.backup.restore_dialog import RestoreDialog
from sottovoce.ui.backup.view_model import FILES, BackupViewModel, Found
from sottovoce.ui.tasks import Tasks


class Restoring(QObject):
    """Asks which backup, and what opens it."""

    def __init__(
        self,
        profile: Profile,
        tasks: Tasks,
        window: QWidget,
        *,
        failed: Callable[[str], object],
        restored: Callable[[], object],
    ) -> None:
        """`failed` hears what is wrong with the file; `restored`, that all has to begin anew."""
        super().__init__(window)
        self._window = window
        self._failed = failed
        self.backups = BackupViewModel(profile, b"", tasks)
        self.backups.found.connect(self._ask_whether)
        self.backups.failed.connect(self._tell)
        self.backups.restored.connect(restored)
        self.dialog: RestoreDialog | None = None

    def ask_which(self) -> None:
        """Let the person choose a file."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Restore a backup", "", FILES)
        if path:
            self.backups.find(Path(path))

    def _ask_whether(self, found: Found) -> None:
        self.dialog = RestoreDialog(self.backups, found, self._window)
        self.dialog.finished.connect(self._forget_dialog)
        self.dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _tell(self, sentence: str) -> None:
        if self.dialog is None:  # It says by itself what goes wrong while it is there.
            self._failed(sentence)
