"""Finding words in the chat or the document on screen."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import icon_button, label


class FindBar(QFrame):
    """A small field with next and previous. Escape closes it."""

    wanted = Signal(str, bool)
    """Words, and whether to look forward."""
    closed = Signal()

    def __init__(self, look: Look, says: str = "Find in this chat") -> None:
        """`says` is what the field is for."""
        super().__init__()
        self.setObjectName("find")
        self._field = QLineEdit()
        self._field.setPlaceholderText(says)
        self._field.setAccessibleName(says)
        self._field.setMinimumWidth(180)
        self._field.installEventFilter(self)
        self._result = label("", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(2)
        row.addWidget(self._field)
        row.addWidget(self._result)
        for name, says, act in (
            ("chevron-up", "Previous (Shift+Enter)", lambda: self._want(forward=False)),
            ("chevron-down", "Next (Enter)", lambda: self._want(forward=True)),
            ("x", "Close (Esc)", self.close_bar),
        ):
            row.addWidget(icon_button(look, name, says, act))
        self.hide()

    def open_bar(self) -> None:
        self.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def close_bar(self) -> None:
        self.hide()
        self._result.clear()
        self.closed.emit()

    def show_result(self, found: bool) -> None:
        self._result.setText("" if found else "Not found")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.close_bar()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._want(forward=not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                return True
        return super().eventFilter(watched, event)

    def _want(self, *, forward: bool) -> None:
        if self._field.text():
            self.wanted.emit(self._field.text(), forward)
