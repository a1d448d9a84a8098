"""A new passphrase for the chats."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from sottovoce.system.slots import Protection
from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.unlock.passphrase import NewPassphrase, passphrase_field
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, label


class PassphraseDialog(NarrowDialog):
    """Asks for the one before where nothing else proves whose chats these are."""

    def __init__(self, protection: ProtectionViewModel, look: Look, parent: QWidget) -> None:
        super().__init__("Passphrase", 480, parent)
        self._protection = protection
        self.now = passphrase_field("The passphrase as it is now", look)
        self.now.setVisible(protection.asks_for_passphrase)
        self.new = NewPassphrase(look)
        self.trouble = label("", "danger", wraps=True)
        self.trouble.setAccessibleName("What is wrong")
        has_one = Protection.PASSPHRASE in (protection.protections or ())
        does = "Change the passphrase" if has_one else "Set the passphrase"
        self.keep = button(does, self._keep, "accent")
        self.keep.setEnabled(False)
        self._lay_out(does)
        self.new.changed.connect(self.keep.setEnabled)
        self.new.entered.connect(self._keep)
        protection.done.connect(self.accept)
        protection.failed.connect(self._tell)
        (self.now if protection.asks_for_passphrase else self.new.first).setFocus()

    def _lay_out(self, title: str) -> None:
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.keep)
        column = self.column
        column.addWidget(label(title, "heading"))
        column.addWidget(
            label(
                "Five or six words that nobody would guess are strong, and easy to keep in mind. "
                "Backups made before open with the passphrase they were made with.",
                "muted",
                wraps=True,
            )
        )
        column.addWidget(self.now)
        column.addWidget(self.new)
        column.addWidget(self.trouble)
        self.trouble.hide()
        column.addLayout(row)

    def _keep(self) -> None:
        self.keep.setEnabled(False)
        self.trouble.hide()
        self._protection.set_passphrase(self.new.text, self.now.text())

    def _tell(self, told: Trouble) -> None:
        self.keep.setEnabled(self.new.is_fit)
        self.trouble.setText(told.sentence)
        self.trouble.show()
