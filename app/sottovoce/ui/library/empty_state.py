"""What a page without documents says, and how it gets some."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, label, picture

_WIDEST = 540
"""Pixels of the words."""


class EmptyState(QWidget):
    """An invitation in the middle of the page."""

    def __init__(
        self, look: Look, add_files: Callable[[], object], add_folder: Callable[[], object]
    ) -> None:
        super().__init__()
        self.title = label("", "title", wraps=True)
        self._says = label("", "body", wraps=True)
        self.add_files = button("Add files…", add_files, "accent")
        self.add_folder = button("Add a folder…", add_folder)
        kinds = label(
            "PDF, Word, OpenDocument, RTF, PowerPoint, Excel, EPUB, HTML, Markdown, text, "
            "e\N{NON-BREAKING HYPHEN}mail, source code, pictures and scans. Or drop them here.",
            "muted",
            wraps=True,
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch()
        buttons.addWidget(self.add_files)
        buttons.addWidget(self.add_folder)
        buttons.addStretch()
        words = QWidget()
        words.setMaximumWidth(_WIDEST)
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        sign = picture(look, "files", 36)
        self._gives_way = ((sign, 300), (kinds, 250), (self._says, 170))
        """What goes where there is less room than this, in pixels of height."""
        column.addWidget(sign, 0, Qt.AlignmentFlag.AlignHCenter)
        for each in (self.title, self._says, kinds):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.title)
        column.addWidget(self._says)
        column.addSpacing(4)
        column.addLayout(buttons)
        column.addSpacing(4)
        column.addWidget(kinds)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(words, 100)
        across.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 8, 24, 8)
        whole.addStretch(2)
        whole.addLayout(across)
        whole.addStretch(3)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is low, what is least needed goes first."""
        super().resizeEvent(event)
        for part, least in self._gives_way:
            part.setVisible(self.height() >= least)

    def say(self, title: str, says: str) -> None:
        """Invite with these words."""
        self.title.setText(title)
        self._says.setText(says)
