"""The packs that let models run on GPUs: what is installed, and what comes of it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from sottovoce.domain.hidden import revealed
from sottovoce.domain.text import size_in_words
from sottovoce.models.packs import Pack
from sottovoce.ui.packs.view_model import PacksViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.locked import lock, locked_note
from sottovoce.ui.widgets.parts import button, card, icon_button, label, picture

_EMPTY = (
    "None is installed. A pack is a signed file by which models run on a GPU: CUDA for NVIDIA, "
    "Vulkan for most. It comes from where you got Sottovoce, and fits one version of it."
)
_USED = "The engine uses it."


class PacksCard(QWidget):
    """A row for each pack, and the way to install one."""

    install_asked = Signal()

    def __init__(self, packs: PacksViewModel, look: Look) -> None:
        super().__init__()
        self._packs = packs
        self._look = look
        frame, column = card("Packs for GPUs")
        self.says = label("Looking…", "muted", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self._trouble = label("", "danger", wraps=True)
        self.install = button("Install a pack from a file…", self.install_asked.emit)
        self.install.setToolTip("Check a signed pack, and let the engine use it.")
        self.reload = button("Load the model again", packs.reload_asked.emit)
        self.reload.setToolTip("The model in memory was loaded before packs were changed.")
        foot = QHBoxLayout()
        foot.addWidget(self.install)
        foot.addWidget(self.reload)
        foot.addStretch()
        column.addWidget(self.says)
        column.addLayout(self._rows)
        column.addWidget(self._trouble)
        column.addLayout(foot)
        if not packs.may_change:
            lock(self.install)
            column.addWidget(locked_note(look))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        packs.changed.connect(self._show)
        self._show()
        packs.refresh()

    def _show(self) -> None:
        found = self._packs.packs
        if found is not None:
            self.says.setText(_EMPTY)
        self.says.setVisible(not found)
        while cell := self._rows.takeAt(0):
            if widget := cell.widget():
                widget.hide()
                widget.deleteLater()
        for pack in found or ():
            self._rows.addWidget(self._row(pack))
        self._trouble.setText(self._packs.trouble)
        self._trouble.setVisible(bool(self._packs.trouble))
        self.reload.setVisible(self._packs.needs_reload)

    def _row(self, pack: Pack) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        is_used = not pack.trouble
        row.addWidget(
            picture(
                self._look,
                "shield-check" if is_used else "triangle-alert",
                16,
                "accent" if is_used else "warning",
            )
        )
        words = QVBoxLayout()
        words.setSpacing(2)
        name = revealed(pack.name)
        facts = (name, size_in_words(pack.size) if pack.size else "", pack.platform)
        words.addWidget(label(" · ".join(filter(None, facts)), wraps=True))
        words.addWidget(label(pack.trouble or _USED, "muted" if is_used else "warning", wraps=True))
        if pack.signer:
            signer = label(f"Signed by {pack.signer.replace('-', ' ')}", "muted", wraps=True)
            signer.setToolTip("The fingerprint of who signed it.")
            words.addWidget(signer)
        row.addLayout(words, 1)
        row.addWidget(
            icon_button(self._look, "trash-2", f"Remove {name}", lambda: self._ask_to_remove(pack))
        )
        return made

    def _ask_to_remove(self, pack: Pack) -> None:
        box = QMessageBox(self)
        box.setWindowTitle("Remove a pack")
        box.setText(f"Remove {revealed(pack.name)}?")
        box.setInformativeText(
            "Models then run without it, from their next load on. The file you installed it from "
            "stays where it is."
        )
        remove = box.addButton("Remove", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(lambda: self._packs.remove(pack))
        box.finished.connect(box.deleteLater)
        box.open()
