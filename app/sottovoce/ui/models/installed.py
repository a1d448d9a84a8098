"""The models on this computer: which there are, and all about the one that is chosen."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import label


class InstalledTab(QWidget):
    """A list, and beside it what is known of the chosen model."""

    def __init__(self, shelf: ShelfViewModel, look: Look) -> None:
        super().__init__()
        self._shelf = shelf
        column = QVBoxLayout(self)
        self._names = label(wraps=True)
        column.addWidget(self._names)
        column.addStretch()
        shelf.listed.connect(self._show)

    def _show(self) -> None:
        self._names.setText("\n".join(item.name for item in self._shelf.items))
