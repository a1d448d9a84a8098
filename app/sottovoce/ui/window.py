"""The one window: first the way to the chats, then the chats."""

import base64
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QByteArray, QSize, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QMainWindow

from sottovoce.domain.settings import Appearance
from sottovoce.ui.theme.scheme import Look

_SIZE = QSize(1280, 860)
_SMALLEST = QSize(560, 420)


class Window(QMainWindow):
    """Remembers its place. What it shows is handed to it."""

    closing = Signal()
    """It closes, and nobody was against it."""

    def __init__(self, appearance: Appearance, look: Look) -> None:
        super().__init__()
        self._appearance = appearance
        self._look = look
        self.may_close: Callable[[], bool] = lambda: True
        """Asked when a person closes the window; not when the system or a signal does."""
        self.setWindowTitle("Sottovoce")
        self.setMinimumSize(_SMALLEST)
        packed = QByteArray.fromBase64(appearance.geometry.encode("ascii", "replace"))
        if not self.restoreGeometry(packed) or self._is_out_of_sight():
            place = self.screen().availableGeometry()
            self.resize(_SIZE.boundedTo(place.size()))
            self.move(place.center() - self.rect().center())

    def appearance(self) -> Appearance:
        """How the window looks now, but for what is inside it."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        return replace(self._appearance, geometry=geometry, scheme=self._look.scheme)

    def _is_out_of_sight(self) -> bool:
        """Whether it was last on a screen that is gone, or its place was never one."""
        screens = QGuiApplication.screens()
        return not any(screen.geometry().intersects(self.geometry()) for screen in screens)

    def closeEvent(self, event: QCloseEvent) -> None:
        if event.spontaneous() and not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)
