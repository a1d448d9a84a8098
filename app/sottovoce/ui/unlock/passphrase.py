"""Fields for a passphrase, and for a new one with how strong it is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.strength import Strength, strength
from sottovoce.ui.widgets.parts import follow, label


class NewPassphrase(QWidget):
    """Two fields for the same, so that a typo is noticed."""

    changed = Signal(bool)
    """Whether it can be used now."""
    entered = Signal()
    """Return was pressed, and it can be used."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.first = passphrase_field("Passphrase", look)
        self.second = passphrase_field("The same again", look)
        self.hint = label(" ", "muted", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for part in (self.first, self.second, self.hint):
            column.addWidget(part)
        for field in (self.first, self.second):
            field.textChanged.connect(self._note_text)
            field.returnPressed.connect(self._enter)
        self._note_text()

    @property
    def text(self) -> str:
        return self.first.text()

    @property
    def is_fit(self) -> bool:
        """Whether it can be used."""
        is_short = strength(self.first.text()) is Strength.SHORT
        return self.first.text() == self.second.text() and not is_short

    def _note_text(self) -> None:
        first, second = self.first.text(), self.second.text()
        says = strength(first).value if first else Strength.SHORT.value
        if second and not first.startswith(second):
            says = "The two are not the same."
        elif first != second and strength(first) is not Strength.SHORT:
            says = f"{says} Type it again."
        self.hint.setText(says)
        self.changed.emit(self.is_fit)

    def _enter(self) -> None:
        if self.is_fit:
            self.entered.emit()
        else:
            self.second.setFocus()


def passphrase_field(says: str, look: Look) -> QLineEdit:
    """A field that hides what is typed, with an eye, for mouse and keys, that shows it."""
    field = QLineEdit()
    field.setPlaceholderText(says)
    field.setAccessibleName(says)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    eye = QAction("Show what is typed", field)
    eye.setToolTip("Show what is typed (Ctrl+Shift+E)")
    eye.setShortcut("Ctrl+Shift+E")
    eye.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    eye.setCheckable(True)
    field.addAction(eye, QLineEdit.ActionPosition.TrailingPosition)

    def draw() -> None:
        is_shown = eye.isChecked()
        mode = QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password
        field.setEchoMode(mode)
        eye.setIcon(icon("eye-off" if is_shown else "eye", look.tokens.muted, 16))

    eye.toggled.connect(draw)
    follow(field, look, draw)
    return field
