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
    """What, and which keys: one half beside the other."""

    def __init__(self, actions: Iterable[Action], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        grid = QGridLayout(self)
        grid.setContentsMargins(26, 22, 26, 22)
        grid.setHorizontalSpacing(40)
        grid.setVerticalSpacing(8)
        listed = [(a.text, a.shortcut) for a in actions if a.shortcuts]
        rows = [*_IN_PLACE, *listed]
        for place, (text, keys) in enumerate(rows):
            half, row = divmod(place, (len(rows) + 1) // 2)  # Side by side, to fit low screens.
            shown = label(keys)
            shown.setObjectName("shortcut")
            grid.addWidget(label(text), row, 2 * half)
            grid.addWidget(shown, row, 2 * half + 1, Qt.AlignmentFlag.AlignRight)
