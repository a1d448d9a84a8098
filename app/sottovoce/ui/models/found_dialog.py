"""The models that other programs left on this computer, to choose from."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.text import size_in_words
from sottovoce.models.elsewhere import Elsewhere
from sottovoce.ui.models.import_view_model import ImportViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.parts import button, label


class FoundDialog(QDialog):
    """Looks while it is open; what is ticked is linked where it is, or copied."""

    chosen = Signal(object)
    """A list of Elsewhere."""

    def __init__(
        self, importing: ImportViewModel, look: Look, *, copies: bool, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Found on this computer")
        self.resize(560, 460)
        self._look = look
        self._found: tuple[Elsewhere, ...] = ()
        self.boxes: list[Check] = []
        self._says = label("Looking for models of other programs…", "muted", wraps=True)
        inside = QWidget()
        inside.setObjectName("scrolled")
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(10)
        self._list.addStretch()
        scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scrolled.setWidget(inside)
        self._all = button("Choose all", self._choose_all, "quiet")
        self.add = button("Copy" if copies else "Link", self._accept, "accent")
        self.add.setDefault(True)
        foot = QHBoxLayout()
        foot.addWidget(self._all)
        foot.addStretch()
        self._close = button("Cancel", self.reject)
        foot.addWidget(self._close)
        foot.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        column.addWidget(label("Found on this computer", "heading"))
        column.addWidget(self._says)
        column.addWidget(scrolled, 1)
        column.addLayout(foot)
        self._copies = copies
        self._note_choice()
        looking = importing.look_elsewhere()
        importing.found.connect(self._show)
        self.finished.connect(looking.set)

    def _show(self, found: Sequence[Elsewhere]) -> None:
        self._found = tuple(found)
        kept = "copied" if self._copies else "used where they are"
        self._says.setText(
            f"These models belong to other programs. Those you choose are {kept}, never moved."
            if found
            else "No other program left a model in its usual place. You can add files and folders "
            "from anywhere else."
        )
        self._close.setText("Cancel" if found else "Close")
        self.add.setVisible(bool(found))
        for place, each in enumerate(self._found):
            self._list.insertWidget(place, self._row(each))
        self._note_choice()

    def _row(self, found: Elsewhere) -> QWidget:
        box = Check(found.name.replace("&", "&&"), self._look)
        box.setToolTip(tip(str(found.files[0])))
        box.toggled.connect(self._note_choice)
        self.boxes.append(box)
        made = QWidget()
        row = QVBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(box)
        about = label(f"{found.program} · {size_in_words(found.size)}", "muted")
        about.setIndent(28)
        row.addWidget(about)
        return made

    def _choose_all(self) -> None:
        for box in self.boxes:
            box.setChecked(True)

    def _note_choice(self) -> None:
        self._all.setVisible(len(self.boxes) > 1)
        self.add.setEnabled(any(box.isChecked() for box in self.boxes))

    def _accept(self) -> None:
        ticked = zip(self.boxes, self._found, strict=True)
        self.chosen.emit([found for box, found in ticked if box.isChecked()])
        self.accept()
