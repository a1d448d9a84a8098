"""Where a link leads, before anybody follows it."""

import unicodedata

from PySide6.QtCore import QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from sottovoce.domain.hidden import revealed
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, label

_OPENED = frozenset({"http", "https", "mailto"})
_WIDTH = 480
_HIGHEST = 150
"""Pixels that an address takes before it is scrolled, so that the buttons stay on the screen."""


class LinkDialog(NarrowDialog):
    """Shows the whole target as text. Only a click on Open hands it to another program."""

    def __init__(self, target: str, parent: QWidget) -> None:
        super().__init__("Open a link?", _WIDTH, parent)
        self._url = QUrl(target)
        self._target = target
        can_open = self._url.isValid() and self._url.scheme() in _OPENED
        heading, says = _headings(self._url) if can_open else _NOT_OPENED
        encoded = self._url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        self.shown = _address(encoded if can_open else target)
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
        column = self.column
        column.addWidget(label(heading, "heading", wraps=True))
        column.addWidget(label(says, "muted", wraps=True))
        column.addWidget(self.shown)
        column.addWidget(self.doubts)
        column.addLayout(row)
        cancel.setFocus()

    def _open(self) -> None:
        QDesktopServices.openUrl(self._url)
        self.accept()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._target)
        self.accept()


_NOT_OPENED = (
    "This link is not opened",
    "Sottovoce opens web pages and e-mail addresses alone. You can copy it:",
)


def _headings(url: QUrl) -> tuple[str, str]:
    """What a link is, and which program would get it."""
    if url.scheme() == "mailto":
        return "This link begins an e-mail", "Your mail program would open it, outside Sottovoce:"
    host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
    return f"This link leads to {host}", "Your browser would open it, outside Sottovoce:"


def _address(text: str) -> QPlainTextEdit:
    """All of an address, broken wherever a line ends: what is cut off might be what matters."""
    made = QPlainTextEdit(revealed(text))
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    made.setAccessibleName("Where the link leads")
    made.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
    made.ensurePolished()
    room = QRect(0, 0, _WIDTH - 90, _HIGHEST)
    lines = made.fontMetrics().boundingRect(room, Qt.TextFlag.TextWrapAnywhere, made.toPlainText())
    made.setFixedHeight(min(lines.height() + 30, _HIGHEST))
    return made


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
