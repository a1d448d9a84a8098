"""The line that administrators want to be seen all the time, such as how secret things here are."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from sottovoce.ui.widgets.parts import label


def classification(text: str) -> QLabel:
    """The line, for the upper edge of the window. Nobody can close it."""
    made = label(text, wraps=True)
    made.setObjectName("classification")
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setAccessibleName(text)
    return made
