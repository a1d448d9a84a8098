"""A short word about what was just done, with the way back."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from sottovoce.ui.widgets.parts import breakable, button, label

_SHOWN_MILLISECONDS = 8000
_GAP = 14


class Toast(QFrame):
    """Floats for eight seconds over `parent`, right above something in it."""

    def __init__(self, parent: QWidget, *, above: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self._over = parent
        self._above = above
        self._sentence = label()
        self._act: Callable[[], object] = lambda: None
        self._button = button("Undo", self._do)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MILLISECONDS)
        self._timer.timeout.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(16)
        row.addWidget(self._sentence)
        row.addWidget(self._button)
        parent.installEventFilter(self)
        self.hide()

    @property
    def button(self) -> QPushButton:
        return self._button

    def tell(self, sentence: str, undo: Callable[[], object] | None = None) -> None:
        """Show `sentence`, and the way back if there is one."""
        self._sentence.setText(breakable(sentence))
        self.setAccessibleName(sentence)
        self._button.setVisible(undo is not None)
        self._act = undo or (lambda: None)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _do(self) -> None:
        self.hide()
        self._act()

    def _place(self) -> None:
        room = self._over.width() - 2 * _GAP
        self._sentence.setWordWrap(False)
        self.adjustSize()
        if self.width() > room:
            self._sentence.setWordWrap(True)
            self.resize(room, self.heightForWidth(room))
        left = (self._over.width() - self.width()) // 2
        top = self._above.mapTo(self._over, QPoint()).y()
        self.move(left, top - self.height() - _GAP)
