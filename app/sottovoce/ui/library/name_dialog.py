"""The name of a collection, new or another one."""

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from sottovoce.ui.widgets.parts import button, label

_LONGEST = 80
"""Characters."""


class NameDialog(QDialog):
    """Closes once the name is taken; stays with a sentence while it cannot be."""

    def __init__(
        self,
        parent: QWidget,
        *,
        title: str,
        does: str,
        name: str = "",
        take: Callable[[str, Callable[[], object], Callable[[str], object]], object],
    ) -> None:
        """`take` is given the name, and hears by which of two calls it is taken or refused."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(400)
        self._is_closed = False
        self._take = take
        self.name = QLineEdit(name)
        self.name.setAccessibleName("Name of the collection")
        self.name.setPlaceholderText("For example: Contracts")
        self.name.setMaxLength(_LONGEST)
        self.name.selectAll()
        self.trouble = label("", "danger", wraps=True)
        self.trouble.setAccessibleName("What is wrong")
        self.trouble.hide()
        self.accept_button = button(does, self._ask, "accent")
        self.accept_button.setDefault(True)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.accept_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        column.addWidget(label(title, "heading"))
        column.addWidget(self.name)
        column.addWidget(self.trouble)
        column.addSpacing(4)
        column.addLayout(row)
        self.name.textChanged.connect(self._look_at_name)
        self.finished.connect(self._end)
        self._look_at_name()
        self.name.setFocus()

    def _look_at_name(self) -> None:
        self.accept_button.setEnabled(bool(self.name.text().strip()))
        self.trouble.hide()

    def _ask(self) -> None:
        # Once: a second press must not make a second collection.
        self.accept_button.setEnabled(False)
        self._take(self.name.text().strip(), self._accept, self._refuse)

    def _accept(self) -> None:
        if not self._is_closed:
            self.accept()

    def _refuse(self, sentence: str) -> None:
        if self._is_closed:
            return
        self.trouble.setText(sentence)
        self.trouble.show()
        self.accept_button.setEnabled(True)

    def _end(self) -> None:
        # What comes later must find the dialog there, and silent: it goes in its own time.
        self._is_closed = True
        self.deleteLater()
