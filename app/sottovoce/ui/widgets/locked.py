"""What a person cannot set here, because administrators did."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import label, picture

SET_BY_ADMINISTRATOR = "Set by your administrator"


def lock(target: QWidget) -> None:
    """Let nobody change `target`, and say why where the pointer or a screen reader comes by."""
    target.setEnabled(False)
    target.setToolTip(SET_BY_ADMINISTRATOR)
    target.setAccessibleDescription(SET_BY_ADMINISTRATOR)


def locked_note(look: Look, says: str = SET_BY_ADMINISTRATOR) -> QWidget:
    """A small lock, and in words what it means."""
    made = QWidget()
    made.setAccessibleName(says)
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(picture(look, "lock", 14, "muted"), 0, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(label(says, "muted", wraps=True), 1)
    return made
