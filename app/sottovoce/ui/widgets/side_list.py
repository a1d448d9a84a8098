"""A list beside what it is about."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView


class SideList(QListView):
    """Opens by Enter, removes by Delete."""

    opened = Signal()
    remove_asked = Signal()

    def __init__(self, name: str, says: str, *, width: int) -> None:
        """`name` is what the style calls it, `says` what a screen reader does."""
        super().__init__()
        self._width = width
        self.setObjectName(name)
        self.setAccessibleName(says)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        return QSize(self._width, 200)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
            return
        if event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit()
            return
        super().keyPressEvent(event)
