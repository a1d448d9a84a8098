"""Two things side by side, or in turns where there is no room for both."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

_NARROWEST = 420
"""Pixels that the first of the two needs."""


class Beside(QSplitter):
    """The second is hidden until it is shown, and as wide as it was left."""

    def __init__(self, main: QWidget, width: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._main = main
        self._other: QWidget | None = None
        self._width = width
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(main)
        self.setStretchFactor(0, 1)
        self.splitterMoved.connect(self._note_width)

    @property
    def other_width(self) -> int:
        """Of the second, in pixels."""
        return self._width

    def show_beside(self, other: QWidget) -> None:
        """Show this as the second."""
        if self._other is None:
            self._other = other
            self.addWidget(other)
        other.show()
        self._share()

    def hide_other(self) -> None:
        """Show the first alone."""
        if self._other is not None:
            self._other.hide()
        self._main.show()

    def minimumSizeHint(self) -> QSize:
        """Room for one of the two: they take turns where there is no more."""
        parts = [self._main] if self._other is None else [self._main, self._other]
        size = QSize()
        for part in parts:
            size = size.expandedTo(part.minimumSizeHint()).expandedTo(part.minimumSize())
        return size

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        other = self._other
        if other is None or other.isHidden():
            return
        room = self.width() - _NARROWEST
        has_room = room >= other.minimumWidth()
        self._main.setVisible(has_room)
        width = max(other.minimumWidth(), min(self._width, room)) if has_room else self.width()
        self.setSizes([self.width() - width, width])

    def _note_width(self) -> None:
        if self._other is not None and self._main.isVisible():
            self._width = self._other.width()
