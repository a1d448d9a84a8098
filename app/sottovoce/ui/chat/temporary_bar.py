"""Says of the chat on screen that it is in memory alone."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, label, picture

_SAYS = "Temporary chat: in memory alone. It is gone when you close it, or lock or close Sottovoce."


class TemporaryBar(QFrame):
    """Stays as long as the chat does, with both ways out of it."""

    keep_asked = Signal()
    drop_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("temporary")
        self.setAccessibleName(_SAYS)
        self.keep = button("Keep this chat", self.keep_asked.emit)
        self.drop = button("Close it", self.drop_asked.emit, "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(picture(look, "message-square-dashed", 18), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(label(_SAYS, wraps=True), 1)
        row.addWidget(self.keep)
        row.addWidget(self.drop)
