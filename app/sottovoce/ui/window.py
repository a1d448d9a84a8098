"""The one window: first the way to the chats, then the chats."""

import base64
from dataclasses import replace

from PySide6.QtCore import QByteArray, QSize, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from sottovoce.domain.settings import Appearance
from sottovoce.ui.theme.scheme import Look

_SIZE = QSize(1280, 860)
_SMALLEST = QSize(560, 420)


class Window(QMainWindow):
    """Remembers its place. What it shows is handed to it."""

    closing = Signal()

    def __init__(self, appearance: Appearance, look: Look) -> None:
        super().__init__()
        self._appearance = appearance
        self._look = look
        self.setWindowTitle("Sottovoce")
        self.setMinimumSize(_SMALLEST)
        packed = QByteArray.fromBase64(appearance.geometry.encode())
        if packed.isEmpty() or not self.restoreGeometry(packed):
            self.resize(_SIZE)

    def appearance(self) -> Appearance:
        """How the window looks now, but for what is inside it."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        return replace(self._appearance, geometry=geometry, scheme=self._look.scheme)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)
