"""The recovery key: shown once, to be written down."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QFont, QGuiApplication, QTextDocument
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QWidget

from sottovoce.domain.problems import Problem
from sottovoce.system.files import write_private
from sottovoce.system.slots import Protection
from sottovoce.ui.settings.confirm_dialog import ConfirmDialog
from sottovoce.ui.settings.protection_view_model import ProtectionViewModel
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.unlock.passphrase import passphrase_field
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, card, label, tint

_EXPLAINED = (
    "This is the recovery key of Sottovoce. It opens the chats and documents on the computer it "
    "was made on, and backups made since, where nothing else does. Whoever has it can read them: "
    "keep it where you keep what nobody else should find."
)


class RecoveryDialog(NarrowDialog):
    """It opens nothing before the person says that it is written down."""

    def __init__(self, protection: ProtectionViewModel, look: Look, parent: QWidget) -> None:
        super().__init__("Recovery key", 520, parent)
        self._protection = protection
        self._look = look
        self.text = protection.new_recovery_key()
        self.proof = passphrase_field("Your passphrase", look)
        self.proof.setVisible(protection.asks_for_passphrase)
        self.is_kept = Check("I have written it down, or printed it", look)
        self.use = button("Use this recovery key", self._use, "accent")
        self.copy_button = button(" Copy", self._copy)
        self.print_button = button(" Print…", self._print)
        self.save_button = button(" Save as text…", self._warn)
        self.said = label("", "muted", wraps=True)
        self.trouble = label("", "danger", wraps=True)
        self._lay_out(has_one=Protection.RECOVERY in (protection.protections or ()))
        self.is_kept.toggled.connect(self._note)
        self.proof.textChanged.connect(self._note)
        protection.done.connect(self.accept)
        protection.failed.connect(self._tell)
        self._note()
        self.is_kept.setFocus()

    def _lay_out(self, *, has_one: bool) -> None:
        says = (
            "If the keyring is lost or the passphrase forgotten, this key opens your chats, and "
            "their backups. Keep it on paper, away from this computer. It is shown only now."
        )
        if has_one:
            says += " The one before it then opens nothing any more."
        frame, inside = card()
        groups = self.text.split("-")
        for line in (groups[:4], groups[4:]):
            shown = label("  ".join(line))
            font = code_font(19)
            font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 1)
            shown.setFont(font)
            shown.setStyleSheet("font-size: 19px;")  # The application's sheet would win.
            shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
            shown.setAccessibleName(", ".join(" ".join(group) for group in line))
            inside.addWidget(shown)
        ways = QHBoxLayout()
        for each, icon in (
            (self.copy_button, "copy"),
            (self.print_button, "printer"),
            (self.save_button, "save"),
        ):
            tint(each, self._look, icon)
            ways.addWidget(each)
        ways.addStretch()
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.use)
        column = self.column
        column.addWidget(label("Write this down", "heading"))
        column.addWidget(label(says, wraps=True))
        column.addWidget(frame)
        column.addLayout(ways)
        column.addWidget(self.said)
        column.addWidget(self.is_kept)
        column.addWidget(self.proof)
        column.addWidget(self.trouble)
        column.addLayout(row)
        self.said.hide()
        self.trouble.hide()

    def _note(self) -> None:
        has_proof = bool(self.proof.text()) or not self._protection.asks_for_passphrase
        self.use.setEnabled(self.is_kept.isChecked() and has_proof)

    def _use(self) -> None:
        self.use.setEnabled(False)
        self.trouble.hide()
        self._protection.use_recovery_key(self.text, self.proof.text())

    def _copy(self) -> None:
        data = QMimeData()
        data.setText(self.text)
        data.setData("x-kde-passwordManagerHint", b"secret")  # Not kept in a clipboard's history.
        QGuiApplication.clipboard().setMimeData(data)
        self._say("Copied. Paste it where it is safe, then copy something else.")

    def _print(self) -> None:
        # Late: it loads what printing takes, which nobody else needs.
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter()
        dialog = QPrintDialog(printer, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            paper = QTextDocument()
            paper.setPlainText(f"{self.text}\n\n{_EXPLAINED}")
            paper.print_(printer)
            self._say("Sent to the printer.")

    def _warn(self) -> None:
        ConfirmDialog(
            "Save the recovery key in a file?",
            "Whoever finds that file can open your chats. Save it on a stick that you keep apart, "
            "not on this computer, and not where it is synchronised.",
            "Choose a place…",
            self._save,
            look=self._look,
            parent=self,
        ).open()

    def _save(self, _: str) -> None:
        chosen, _filter = QFileDialog.getSaveFileName(
            self, "Save the recovery key", "Sottovoce recovery key.txt"
        )
        if not chosen:
            return
        try:
            write_private(Path(chosen), f"{self.text}\n\n{_EXPLAINED}\n".encode())
        except Problem as problem:
            self._complain(str(problem))
            return
        self._say("Saved.")

    def _say(self, sentence: str) -> None:
        self.said.setText(sentence)
        self.said.show()

    def _complain(self, sentence: str) -> None:
        self.trouble.setText(sentence)
        self.trouble.show()

    def _tell(self, told: Trouble) -> None:
        self._note()
        self._complain(told.sentence)
