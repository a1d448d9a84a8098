"""A question before something that matters, with the passphrase or a word as the answer."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.passphrase import passphrase_field
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, label


class ConfirmDialog(NarrowDialog):
    """Says what will happen. Only who has typed what it asks for can go on."""

    def __init__(
        self,
        title: str,
        says: str,
        does: str,
        then: Callable[[str], object],
        *,
        look: Look,
        parent: QWidget,
        asks_for_passphrase: bool = False,
        word: str = "",
    ) -> None:
        """`then` is called with what was typed; `word` is one that has to be typed."""
        super().__init__(title, 480, parent)
        self._then = then
        self._word = word
        self.field = passphrase_field("Your passphrase", look)
        if word:
            self.field = QLineEdit()
            self.field.setPlaceholderText(f"Type “{word}”")
            self.field.setAccessibleName(f"Type “{word}” to go on")
        self._asks = asks_for_passphrase or bool(word)
        self.go_on = button(does, self._go_on, "accent")
        self.go_on.setDefault(True)
        self.field.textChanged.connect(self._note_text)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.go_on)
        column = self.column
        column.addWidget(label(title, "heading"))
        column.addWidget(label(says, wraps=True))
        column.addWidget(self.field)
        column.addSpacing(4)
        column.addLayout(row)
        self.field.setVisible(self._asks)
        (self.field if self._asks else self.go_on).setFocus()
        self._note_text()

    def _note_text(self) -> None:
        typed = self.field.text()
        is_right = typed.strip().casefold() == self._word if self._word else bool(typed)
        self.go_on.setEnabled(is_right or not self._asks)

    def _go_on(self) -> None:
        typed = self.field.text()
        self.field.clear()
        self.accept()
        self._then(typed)
