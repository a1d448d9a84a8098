"""The question before a backup takes the place of what is here."""

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QWidget

from sottovoce.ui.backup.view_model import BackupViewModel, Found
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import breakable, button, label

_SAYS = (
    "The backup is read to its end first. Then it takes the place of what is here now, which is "
    "kept and can be brought back, and Sottovoce begins anew. The network is switched off."
)


class RestoreDialog(NarrowDialog):
    """Asks for what opens the backup, if the chats that are open do not."""

    def __init__(self, backups: BackupViewModel, found: Found, parent: QWidget) -> None:
        super().__init__("Restore a backup", 520, parent)
        self._backups = backups
        self._found = found
        self.secret = QLineEdit()
        self.secret.setAccessibleName("Passphrase or recovery key of the backup")
        self.secret.setPlaceholderText("Passphrase or recovery key of the backup")
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.secret.setVisible(not found.is_ours)
        self.secret.textChanged.connect(lambda _: self._show())
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximum(1000)
        self.bar.setAccessibleName("How far the backup is restored")
        self.trouble = label("", "danger", wraps=True)
        self.restore = button("Restore", self._restore, "accent")
        self.restore.setDefault(True)
        self._lay_out()
        backups.changed.connect(self._show)
        backups.failed.connect(self._tell)
        backups.restored.connect(self.accept)
        self.rejected.connect(backups.stop)
        self._show()
        self._tell("")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.restore)
        column = self.column
        made = f"{self._found.made.astimezone():%Y-%m-%d %H:%M}"
        column.addWidget(label(f"Restore the backup of {made}?", "heading"))
        column.addWidget(label(breakable(self._found.path.name), "muted", wraps=True))
        column.addWidget(label(_SAYS, wraps=True))
        column.addWidget(self.secret)
        column.addWidget(self.trouble)
        column.addWidget(self.bar)
        column.addLayout(row)

    def _restore(self) -> None:
        self._tell("")
        self._backups.restore(self._found, self.secret.text())

    def _show(self) -> None:
        is_idle = not self._backups.doing
        progress = self._backups.progress
        self.bar.setVisible(not is_idle)
        self.bar.setValue(round(1000 * progress.done / max(1, progress.total)))
        has_secret = self._found.is_ours or bool(self.secret.text())
        self.restore.setEnabled(is_idle and has_secret)
        was_busy = not self.secret.isEnabled()
        self.secret.setEnabled(is_idle)
        if is_idle and was_busy:  # The backup is still being looked at when this opens.
            (self.restore if self._found.is_ours else self.secret).setFocus()

    def _tell(self, sentence: str) -> None:
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))
