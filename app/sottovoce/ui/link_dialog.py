"""Where a link leads, before anybody follows it."""

import unicodedata

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.domain.hidden import revealed
from sottovoce.ui.widgets.parts import breakable, button, label

_OPENED = frozenset({"http", "https", "mailto"})
_LONGEST = 2000
"""Characters that are shown of an address, so that the buttons stay on the screen."""


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
        encoded = self._url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        self.shown = label(breakable((encoded if can_open else target)[:_LONGEST]), wraps=True)
        self.shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.doubts = label(" ".join(doubts(self._url, target)), "warning", wraps=True)
        self.doubts.setVisible(bool(self.doubts.text()))
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
        where = self._url.host(QUrl.ComponentFormattingOption.FullyEncoded) if can_open else ""
        column.addWidget(label(f"This link leads to {where}".rstrip(), "heading", wraps=True))
        column.addWidget(label(says, "muted", wraps=True))
        column.addWidget(self.shown)
        column.addWidget(self.doubts)
        column.addLayout(row)

    def _open(self) -> None:
        QDesktopServices.openUrl(self._url)
        self.accept()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._target)
        self.accept()


def doubts(url: QUrl, target: str) -> list[str]:
    """What is to be known of an address before it is opened, in sentences; mostly nothing."""
    said = []
    encoded = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
    if any(label.startswith("xn--") for label in encoded.split(".")):
        name = _decoded(encoded)
        mixes = any(len(_scripts(part)) > 1 for part in name.split("."))
        said.append(
            f"It is written {revealed(name)}, in letters of several scripts: take it for a trick."
            if mixes
            else f"It is written {revealed(name)}; such letters may only look like those you know."
        )
    if url.userInfo():
        said.append(f"What stands before the @ is no address; the site is {encoded}.")
    if revealed(target) != target:
        said.append("It holds characters that cannot be seen.")
    if url.scheme() == "http":
        said.append("What is sent there can be read on the way.")
    return said


def _decoded(host: str) -> str:
    """A host in the letters that its name stands for (RFC 3492)."""
    return ".".join(
        part[4:].encode().decode("punycode", "replace") if part.startswith("xn--") else part
        for part in host.split(".")
    )


def _scripts(text: str) -> set[str]:
    """The scripts of the letters, as the names of characters begin: LATIN, CYRILLIC."""
    return {unicodedata.name(each, "?").split()[0] for each in text if each.isalpha()}
