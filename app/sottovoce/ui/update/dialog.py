"""Before an update is installed: what it is, and whose; then, how far it is and what is next."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from sottovoce import __version__
from sottovoce.domain.text import size_in_words
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.minisign import PublicKey
from sottovoce.models.bundle.update import Handed, Ready, Trying, Update
from sottovoce.ui.file_manager import show_in_folder
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.update.view_model import UpdateViewModel
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import breakable, button, card, label, picture

_WIDTH = 520
_WHOLE_FINGERPRINT = 32
"""Letters and digits of a fingerprint: less is still being typed."""
_BESIDE = (
    "It is unpacked beside this Sottovoce, tried out, and used from the next start on. Your chats, "
    "documents and models stay as they are."
)
_ASK_THE_SIGNER = (
    "This Sottovoce was built without a publisher’s key, so you decide who may replace it. Ask the "
    "signer for their fingerprint by another way than this file came, and type what they tell you."
)


class UpdateDialog(NarrowDialog):
    """Closing it before the update is ready stops that."""

    restart_asked = Signal()

    def __init__(
        self, update: UpdateViewModel, look: Look, parent: QWidget, *, can_restart: bool
    ) -> None:
        super().__init__("Install an update", _WIDTH, parent)
        self._update = update
        update.setParent(self)
        self._look = look
        self._can_restart = can_restart
        self._shown: object = None
        self._command = ""
        self._handed: Path | None = None
        self._sign = QVBoxLayout()
        self._heading = label("Opening the update…", "heading", wraps=True)
        self._says = label("", "muted", wraps=True)
        self._facts, facts = card()
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(14)
        self._rows.setVerticalSpacing(8)
        self._rows.setColumnStretch(1, 1)
        facts.addLayout(self._rows)
        self.fingerprint = QLineEdit()
        self.fingerprint.setAccessibleName("Fingerprint of the signer")
        self.fingerprint.setPlaceholderText("The fingerprint that the signer told you")
        self.fingerprint.textChanged.connect(self._show)
        self._match = label("It is not this signer’s fingerprint.", "warning")
        self._trouble = label("", "danger", wraps=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Getting the update ready")
        self._progress_says = label("", "muted")
        self.leave = button("Cancel", self.reject)
        self.other = button("Show in folder", self._show_file)
        self.go_on = button("Install", self._go_on, "accent")
        self.go_on.setDefault(True)
        self._lay_out()
        update.changed.connect(self._show)
        self.rejected.connect(update.give_up)
        self._show()
        update.open()

    @property
    def heading(self) -> str:
        """What is being installed, or that nothing is."""
        return self._heading.text()

    @property
    def trouble(self) -> str:
        """A sentence; empty where nothing is wrong."""
        return self._update.trouble

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(self._heading)
        words.addWidget(self._says)
        words.addWidget(self._trouble)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addLayout(self._sign)
        head.addLayout(words, 1)
        self._sign.addWidget(picture(self._look, "package", 26))
        self._sign.addStretch()
        foot = QHBoxLayout()
        foot.addWidget(self._progress_says)
        foot.addStretch()
        for each in (self.leave, self.other, self.go_on):
            foot.addWidget(each)
        self.column.addLayout(head)
        for part in (self._facts, self.fingerprint, self._match, self._progress):
            self.column.addWidget(part)
        self.column.addLayout(foot)

    def _show(self) -> None:
        state = self._update.state
        is_busy, is_unknown = self._update.is_installing, isinstance(state, PublicKey)
        is_offered = isinstance(state, Update)
        if state is not self._shown:
            self._shown = state
            self._describe(state)
        if self.trouble and self._update.update is None:
            self._heading.setText("This update cannot be installed")
            self.leave.setText("Close")
        self._trouble.setText(self.trouble)
        typed = self.fingerprint.text().strip()
        may_trust = self._update.may_trust(typed)
        self._trouble.setVisible(bool(self.trouble))
        self._says.setVisible(bool(self._says.text()))
        self._facts.setVisible(self._rows.count() > 0)
        self.fingerprint.setVisible(is_unknown)
        self._match.setVisible(is_unknown and len(typed) >= _WHOLE_FINGERPRINT and not may_trust)
        self._progress.setVisible(is_busy)
        self._progress_says.setVisible(is_busy)
        self.other.setVisible(isinstance(state, Handed))
        self.go_on.setVisible(
            is_offered
            or is_busy
            or is_unknown
            or bool(self._command)
            or (isinstance(state, Ready) and self._can_restart)
            or (isinstance(state, Handed) and not self._command)
        )
        self.go_on.setEnabled(not is_busy and (not is_unknown or may_trust))

    def _describe(self, state: object) -> None:
        """Say what has changed about it."""
        match state:
            case Update():
                self._offer(state)
            case PublicKey():
                self._ask_for(state)
            case Transferred():
                self._progress.setRange(0, state.total // 1000)
                self._progress.setValue(state.done // 1000)
                copied = f"{size_in_words(state.done)} of {size_in_words(state.total)}"
                self._progress_says.setText(copied)
            case Trying():
                self._progress.setRange(0, 0)
                self._progress_says.setText("Unpacking it, and trying it out…")
            case Ready():
                self._tell_ready(state)
            case Handed():
                self._hand_over(state)

    def _offer(self, update: Update) -> None:
        item, signer = update.item, update.bundle.signer
        self._heading.setText(f"Sottovoce {item.version}")
        self._says.setText(
            f"{update.obstacle} You get the file, checked, and a word on how it is installed."
            if update.obstacle
            else _BESIDE
        )
        self._fill(
            ("Takes the place of", label(__version__)),
            ("Made for", label(f"{item.platform}, {size_in_words(item.size)}")),
            ("Signed by", self._fingerprint(signer)),
        )
        self.go_on.setText("Get the file" if update.obstacle else "Install")

    def _ask_for(self, signer: PublicKey) -> None:
        self._heading.setText("You do not know the signer of this update yet")
        self._says.setText(_ASK_THE_SIGNER)
        self._fill(("Signed by", self._fingerprint(signer)))
        self.go_on.setText("Trust and go on")
        self.fingerprint.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_ready(self, ready: Ready) -> None:
        self._heading.setText(f"Sottovoce {ready.version} is ready")
        self._says.setText(
            "It takes this one’s place when Sottovoce is started anew, and no other window or "
            "command uses it. Restarting locks this window; your chats are kept."
            if self._can_restart
            else "It takes this one’s place when you close Sottovoce and start it again."
        )
        self._fill()
        self.leave.setText("Later" if self._can_restart else "Close")
        self.go_on.setText("Restart now")

    def _hand_over(self, handed: Handed) -> None:
        self._heading.setText("The update is checked and ready to be installed")
        self._handed, self._command = handed.path, handed.command
        place = label(breakable(str(handed.path)), wraps=True)
        rows: list[tuple[str, QLabel]] = [("The file", place)]
        if handed.command:
            command = label(breakable(handed.command), wraps=True)
            command.setFont(code_font(13))
            # It is copied by its button: what is shown has places to break in it.
            rows.append(("The command", command))
        self._says.setText(f"{breakable(handed.how)} Your chats are kept.")
        self._fill(*rows)
        self.leave.setText("Close")
        self.go_on.setText("Copy the command" if handed.command else "Open")

    def _fill(self, *rows: tuple[str, QLabel]) -> None:
        while cell := self._rows.takeAt(0):
            if widget := cell.widget():
                widget.deleteLater()
        for row, (name, fact) in enumerate(rows):
            self._rows.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(fact, row, 1)

    def _fingerprint(self, signer: PublicKey) -> QLabel:
        groups = signer.fingerprint.split("-")
        half = len(groups) // 2
        made = label("\n".join((" ".join(groups[:half]), " ".join(groups[half:]))))
        made.setFont(code_font(13))
        made.setAccessibleName("Fingerprint of the signer")
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return made

    def _go_on(self) -> None:
        """Do what the button says now."""
        match self._update.state:
            case Update():
                self._update.install()
            case PublicKey():
                self._update.trust(self.fingerprint.text())
            case Ready():
                self.accept()
                self.restart_asked.emit()
            case Handed() if self._command:
                QGuiApplication.clipboard().setText(self._command)
                self.go_on.setText("Copied")
            case Handed(path, _):
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _show_file(self) -> None:
        if self._handed is not None:
            show_in_folder(self._handed)
