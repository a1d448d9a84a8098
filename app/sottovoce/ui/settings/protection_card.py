"""What opens the chats."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from sottovoce.system.slots import Protection
from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.parts import card, label

_WAYS = {
    Protection.KEYRING: "this computer’s keyring",
    Protection.PASSPHRASE: "your passphrase",
}


class ProtectionCard(QWidget):
    """Says what opens the chats."""

    def __init__(self, protection: ProtectionViewModel, look: Look) -> None:
        super().__init__()
        self._protection = protection
        frame, column = card("Protection")
        self._says = label("", wraps=True)
        self._trouble = label("", "danger", wraps=True)
        column.addWidget(self._says)
        column.addWidget(self._trouble)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        protection.changed.connect(self._show)
        protection.failed.connect(self._tell)
        protection.look()

    def _show(self) -> None:
        protections = self._protection.protections
        if protections is None:
            return
        if not protections:
            self._says.setText("Nothing is kept: these chats live in memory alone.")
            return
        by = " or ".join(_WAYS[each] for each in _WAYS if each in protections)
        self._says.setText(f"Your chats and documents are encrypted. They are opened by {by}.")

    def _tell(self, told: Trouble) -> None:
        self._trouble.setText(told.sentence)
