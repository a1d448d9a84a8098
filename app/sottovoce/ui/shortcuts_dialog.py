"""What can be done from the keyboard."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from sottovoce.ui.actions import Action
from sottovoce.ui.widgets.parts import label

_IN_PLACE = (
    ("Send the message", "Enter"),
    ("Break the line", "Shift+Enter"),
    ("Stop the reply", "Esc"),
    ("Rename the chosen chat", "F2"),
    ("Delete the chosen chat", "Del"),
)


class ShortcutsDialog(QDialog):
    """Two columns: what, and which keys."""

    def __init__(self, actions: Iterable[Action], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        grid = QGridLayout(self)
        grid.setContentsMargins(26, 22, 26, 22)
        grid.setHorizontalSpacing(40)
        grid.setVerticalSpacing(8)
        listed = [(a.text, a.shortcut) for a in actions if a.shortcuts]
        for row, (text, keys) in enumerate([*_IN_PLACE, *listed]):
            shown = label(keys)
            shown.setObjectName("shortcut")
            grid.addWidget(label(text), row, 0)
            grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignRight)
