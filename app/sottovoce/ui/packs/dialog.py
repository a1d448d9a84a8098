"""Before a pack is installed: what it is, and whose; then, how far it is."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QWidget

from sottovoce.domain.hidden import revealed
from sottovoce.domain.text import size_in_words, time_left
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.minisign import PublicKey
from sottovoce.models.packs import Pack
from sottovoce.ui.packs.view_model import Offer, PacksViewModel, PackViewModel
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, label, picture

_WIDTH = 520
_WHOLE_FINGERPRINT = 32
"""Letters and digits of a fingerprint: less is still being typed."""
_ASK_THE_SIGNER = (
    "A pack is a program that Sottovoce runs, so you decide whose it runs. Ask the signer for "
    "their fingerprint by another way than this file came, and type what they tell you."
)


class PackDialog(NarrowDialog):
    """Closing it before the pack is in its place stops that, and leaves nothing."""

    def __init__(
        self, pack: PackViewModel, packs: PacksViewModel, look: Look, parent: QWidget
    ) -> None:
        super().__init__("Install a pack", _WIDTH, parent)
        self._pack = pack
        self._packs = packs
        pack.setParent(self)
        self._heading = label("Opening the pack…", "heading", wraps=True)
        self._says = label("", "muted", wraps=True)
        self._signer = label()
        self._signer.setFont(code_font(13))
        self._signer.setAccessibleName("Fingerprint of the signer")
        self._signer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fingerprint = QLineEdit()
        self.fingerprint.setAccessibleName("Fingerprint that the signer told you")
        self.fingerprint.setPlaceholderText("The fingerprint that the signer told you")
        self.fingerprint.textChanged.connect(self._show)
        self._match = label("It is not this signer’s fingerprint.", "warning")
        self._trouble = label("", "danger", wraps=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Installing the pack")
        self._progress_says = label("", "muted", wraps=True)
        self.leave = button("Cancel", self.reject)
        self.go_on = button("Install", self._go_on, "accent")
        self.go_on.setDefault(True)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(picture(look, "package", 26))
        head.addWidget(self._heading, 1)
        foot.addWidget(self._progress_says, 1)
        foot.addStretch()
        foot.addWidget(self.leave)
        foot.addWidget(self.go_on)
        self.column.addLayout(head)
        for part in (
            *(self._says, self._signer, self.fingerprint, self._match),
            *(self._trouble, self._progress),
        ):
            self.column.addWidget(part)
        self.column.addLayout(foot)
        pack.changed.connect(self._show)
        self.rejected.connect(pack.give_up)
        self._show()
        pack.open()

    @property
    def heading(self) -> str:
        """What is being installed, or that nothing is."""
        return self._heading.text()

    @property
    def trouble(self) -> str:
        """A sentence; empty where nothing is wrong."""
        return self._pack.trouble

    def _show(self) -> None:
        state = self._pack.state
        match state:
            case Offer():
                self._offer(state)
            case PublicKey():
                self._heading.setText("You do not know the signer of this pack yet")
                self._says.setText(_ASK_THE_SIGNER)
                self._show_signer(state)
                self.go_on.setText("Trust and go on")
            case Transferred():
                self._progress.setRange(0, state.total // 1000)
                self._progress.setValue(state.done // 1000)
                self._progress_says.setText(_how_far(state))
            case Pack():
                self._tell_installed(state)
        if self.trouble and self._pack.offer is None:
            self._heading.setText("This pack cannot be installed")
            self.leave.setText("Close")
        self._trouble.setText(self.trouble)
        typed, is_unknown = self.fingerprint.text().strip(), isinstance(state, PublicKey)
        is_busy, may_trust = isinstance(state, Transferred), self._pack.may_trust(typed)
        is_wrong = is_unknown and len(typed) >= _WHOLE_FINGERPRINT and not may_trust
        for part, is_shown in (
            (self._says, bool(self._says.text())),
            (self._signer, isinstance(state, PublicKey | Offer)),
            (self.fingerprint, is_unknown),
            (self._match, is_wrong),
            (self._trouble, bool(self.trouble)),
            (self._progress, is_busy),
            (self._progress_says, is_busy),
            (self.go_on, state is not None and not self._is_over),
        ):
            part.setVisible(is_shown)
        self.go_on.setEnabled(not is_busy and (not is_unknown or may_trust))

    @property
    def _is_over(self) -> bool:
        """Whether there is nothing left to do but to close it."""
        return isinstance(self._pack.state, Pack) and not self._packs.needs_reload

    def _offer(self, offer: Offer) -> None:
        self._heading.setText(revealed(offer.item.name))
        self._says.setText(
            f"Lets models run on a GPU of this computer. {size_in_words(offer.item.size)}, for "
            f"{offer.item.platform}. It takes the place of an installed pack of this name. "
            "Signed by:"
        )
        self._show_signer(offer.bundle.signer)
        self.go_on.setText("Install")

    def _tell_installed(self, pack: Pack) -> None:
        self._heading.setText(f"{revealed(pack.name)} is installed")
        self._says.setText(
            "The model in memory was loaded without it. Load it again to use the pack now, or go "
            "on: the next load uses it."
            if self._packs.needs_reload
            else "The next model that is loaded uses it, if its driver finds a GPU."
        )
        self.leave.setText("Close")
        self.go_on.setText("Load the model again")

    def _show_signer(self, signer: PublicKey) -> None:
        groups = signer.fingerprint.split("-")
        half = len(groups) // 2
        self._signer.setText("\n".join((" ".join(groups[:half]), " ".join(groups[half:]))))

    def _go_on(self) -> None:
        """Do what the button says now."""
        match self._pack.state:
            case Offer():
                self._pack.install()
            case PublicKey():
                self._pack.trust(self.fingerprint.text())
            case Pack():
                self.accept()
                self._packs.reload_asked.emit()


def _how_far(now: Transferred) -> str:
    says = f"{size_in_words(now.done)} of {size_in_words(now.total)}"
    return says if now.seconds_left is None else f"{says}, {time_left(now.seconds_left)}"
