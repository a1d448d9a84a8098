"""Where a link leads, before anybody follows it."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.ui.widgets.parts import button, label

_OPENED = frozenset({"http", "https", "mailto"})


class LinkDialog(QDialog):
    """Shows the whole target as text. Only a click on Open hands it to another program."""

    def __init__(self, target: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Open a link?")
        self.setFixedWidth(480)
        self._url = QUrl(target)
        self._target = target
        can_open = self._url.isValid() and self._url.scheme() in _OPENED
        says = (
            "Your browser would open it, outside Sottovoce:"
            if can_open
            else "Sottovoce does not open this kind of link. You can copy it:"
        )
        shown = label(target, wraps=True)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_button = button("Open", self._open, "accent")
        self.open_button.setVisible(can_open)
        self.copy_button = button("Copy", self._copy)
        cancel = button("Cancel", self.reject)
        cancel.setDefault(True)
        row = QHBoxLayout()
        row.addStretch()
        for each in (cancel, self.copy_button, self.open_button):
            row.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        column.addWidget(label("This link leads to", "heading"))
        column.addWidget(label(says, "muted", wraps=True))
        column.addWidget(shown)
        column.addLayout(row)

    def _open(self) -> None:
        QDesktopServices.openUrl(self._url)
        self.accept()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._target)
        self.accept()
