"""What opens the chats, another key for them, and forgetting them."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sottovoce.system.slots import Protection
from sottovoce.ui.settings.confirm_dialog import ConfirmDialog
from sottovoce.ui.settings.passphrase_dialog import PassphraseDialog
from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
from sottovoce.ui.settings.recovery_dialog import RecoveryDialog
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.parts import button, card, label, picture, set_kind

_ROWS = {
    Protection.PASSPHRASE: ("Passphrase", "lock", "Set…", "Change…"),
    Protection.KEYRING: ("This computer’s keyring", "hard-drive", "Use it…", ""),
    Protection.RECOVERY: ("Recovery key, on paper", "key-round", "Make one…", "Make a new one…"),
}
"""What each way is called, its picture, and its button while it is not set and while it is."""
_REMOVING = {
    Protection.PASSPHRASE: "The passphrase then opens your chats no more.",
    Protection.KEYRING: "Your passphrase is then asked for at every start.",
    Protection.RECOVERY: "What you wrote down then opens your chats no more.",
}
_KEYRING_ALONE = (
    "Only the keyring opens your chats, and keyrings get lost: with a new system, or a changed "
    "login password. Make a recovery key, or set a passphrase."
)
_CHANGING = (
    "Everything is encrypted anew under another key. It opens with the same passphrase, keyring "
    "and recovery key. The window begins anew for this, and it takes free space on the disk for a "
    "while. Backups stay under the key they were made with."
)
_FORGETTING = (
    "Chats, documents and settings are removed for good, and what was kept when backups were "
    "restored. Their key is destroyed first: without it, what a disk may still hold of them cannot "
    "be read. Models, the switch of the network and its ledger stay, and so do backups elsewhere."
)


class ProtectionCard(QWidget):
    """A row for each way, and what is done to all."""

    def __init__(self, protection: ProtectionViewModel, look: Look) -> None:
        super().__init__()
        self._protection = protection
        self._look = look
        self._badges = {each: label("", "badge") for each in _ROWS}
        self.set_buttons: dict[Protection, QPushButton] = {
            Protection.PASSPHRASE: button("", self._set_passphrase),
            Protection.KEYRING: button("", self._add_keyring),
            Protection.RECOVERY: button("", self._make_recovery_key),
        }
        self.remove_buttons = {
            each: button("Remove…", partial(self._remove, each), "quiet") for each in _ROWS
        }
        self.change_key = button("Change the key…", self._change_key)
        self.forget = button("Forget everything…", self._forget)
        self.change_key.setToolTip("Encrypt everything anew, where somebody may have had the key.")
        self.forget.setToolTip("Remove all chats, documents and settings for good.")
        self._says = label("", wraps=True)
        self.caution = label(_KEYRING_ALONE, "caution", wraps=True)
        self.said = label("", "fine", wraps=True)
        self.trouble = label("", "danger", wraps=True)
        self._ways = QWidget()
        self._lay_out()
        for each in (self.caution, self.said, self.trouble, self._ways):
            each.hide()
        protection.changed.connect(self._show)
        protection.done.connect(self._say)
        protection.failed.connect(self._tell)
        protection.look()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for row, (each, (name, icon, _, _)) in enumerate(_ROWS.items()):
            grid.addWidget(picture(self._look, icon, 18, "muted"), row, 0)
            grid.addWidget(label(name), row, 1)
            state = QHBoxLayout()
            state.addWidget(self._badges[each], 0, Qt.AlignmentFlag.AlignVCenter)
            state.addStretch()
            grid.addLayout(state, row, 2)
            grid.addWidget(self.remove_buttons[each], row, 3)
            grid.addWidget(self.set_buttons[each], row, 4)
        foot = QHBoxLayout()
        foot.addWidget(self.change_key)
        foot.addWidget(self.forget)
        foot.addStretch()
        ways = QVBoxLayout(self._ways)
        ways.setContentsMargins(0, 0, 0, 0)
        ways.setSpacing(10)
        ways.addLayout(grid)
        ways.addSpacing(4)
        ways.addLayout(foot)
        frame, column = card("Protection")
        for part in (self._says, self.caution, self._ways, self.said, self.trouble):
            column.addWidget(part)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    def _show(self) -> None:
        protections = self._protection.protections
        if not protections:
            self._says.setText("Nothing is kept: these chats live in memory alone.")
            return
        self._says.setText("Your chats and documents are encrypted. Any of these opens them:")
        self._ways.show()
        self.caution.setVisible(protections == {Protection.KEYRING})
        for each, (name, _, unset, is_set) in _ROWS.items():
            has = each in protections
            self._badges[each].setText("On" if has else "Off")
            set_kind(self._badges[each], "kind", "badge_good" if has else "badge")
            self.set_buttons[each].setText(is_set if has else unset)
            self.set_buttons[each].setVisible(bool(is_set if has else unset))
            self.set_buttons[each].setAccessibleName(f"{name}: {is_set if has else unset}")
            self.remove_buttons[each].setVisible(has)
            self.remove_buttons[each].setAccessibleName(f"{name}: remove")
            why = self._why_it_stays(each, protections)
            self.remove_buttons[each].setEnabled(not why)
            self.remove_buttons[each].setToolTip(why)

    def _why_it_stays(self, each: Protection, protections: frozenset[Protection]) -> str:
        if each is Protection.PASSPHRASE and self._protection.needs_passphrase:
            return "Set by your administrator"
        if protections - {each} <= {Protection.RECOVERY}:
            return "Nothing else would open your chats"
        if each is not Protection.KEYRING and protections - {each} == {Protection.KEYRING}:
            return "Only the keyring would open your chats, and keyrings get lost"
        return ""

    def _set_passphrase(self) -> None:
        self._clear()
        PassphraseDialog(self._protection, self._look, self).open()

    def _make_recovery_key(self) -> None:
        self._clear()
        RecoveryDialog(self._protection, self._look, self).open()

    def _add_keyring(self) -> None:
        self._ask(
            "Use this computer’s keyring?",
            "Your chats then open without a passphrase while you are logged in: for whoever sits "
            "here, too.",
            "Use it",
            self._protection.add_keyring,
        )

    def _remove(self, each: Protection) -> None:
        self._ask(
            f"Remove: {_ROWS[each][0].lower()}?",
            _REMOVING[each],
            "Remove",
            lambda proof: self._protection.remove(each, proof),
        )

    def _change_key(self) -> None:
        ConfirmDialog(
            "Change the key?",
            _CHANGING,
            "Change it",
            lambda _: self._protection.change_key(),
            look=self._look,
            parent=self,
        ).open()

    def _forget(self) -> None:
        ConfirmDialog(
            "Forget everything?",
            _FORGETTING,
            "Forget everything",
            lambda _: self._protection.forget(),
            look=self._look,
            parent=self,
            word="forget",
        ).open()

    def _ask(self, title: str, says: str, does: str, then: Callable[[str], object]) -> None:
        self._clear()
        ConfirmDialog(
            title,
            says,
            does,
            then,
            look=self._look,
            parent=self,
            asks_for_passphrase=self._protection.asks_for_passphrase,
        ).open()

    def _clear(self) -> None:
        self.said.hide()
        self.trouble.hide()

    def _say(self, sentence: str) -> None:
        self._clear()
        self.said.setText(sentence)
        self.said.show()

    def _tell(self, told: Trouble) -> None:
        if any(dialog.isVisible() for dialog in self.findChildren(QDialog)):
            return  # It says so itself.
        self._clear()
        self.trouble.setText(told.sentence)
        self.trouble.show()
