"""What can be done with the documents that are chosen."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QMenu, QToolButton

from sottovoce.domain.document import Document
from sottovoce.ui.file_manager import show_in_folder
from sottovoce.ui.library.words import counted
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import breakable, follow, icon_button, label, rounded

_NARROW = 420


class SelectionBar(QFrame):
    """Hidden while nothing is chosen. The same can be done in a menu."""

    view_asked = Signal(object)
    """A Document that is to be shown."""
    retry_asked = Signal(object)
    remove_asked = Signal(object)
    """A list of Documents."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("selection")
        self._look = look
        self._chosen: list[Document] = []
        self._says = label(wraps=True)
        self.actions_by_icon = {
            "eye": self._action("View", self._view),
            "external-link": self._action("Open with its program", self._open),
            "folder-open": self._action("Show in folder", self._show_folder),
            "refresh-cw": self._action(
                "Read again", lambda: self.retry_asked.emit(list(self._chosen))
            ),
            "trash-2": self._action(
                "Remove\tDel", lambda: self.remove_asked.emit(list(self._chosen))
            ),
        }
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        buttons.addStretch()
        for name, action in self.actions_by_icon.items():
            buttons.addWidget(self._button(name, action))
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(14, 4, 6, 4)
        self._parts.setSpacing(2)
        self._parts.addWidget(self._says, 1)
        self._parts.addLayout(buttons)
        follow(self, look, self._draw)
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons under the words where both are too much for one line."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < _NARROW
        way = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._parts.setDirection(way)

    def show_chosen(self, documents: Sequence[Document]) -> None:
        """Be about these."""
        self._chosen = list(documents)
        self.setVisible(bool(documents))
        if not documents:
            return
        is_one = len(documents) == 1
        first = documents[0]
        said = counted(len(documents), "document") + " chosen"
        if is_one:
            said = f"{first.name}. {first.trouble}" if first.trouble else first.name
        self._says.setText(breakable(said))
        view, open_, folder, *_ = self.actions_by_icon.values()
        view.setEnabled(is_one and first.pages > 0)
        open_.setEnabled(is_one)
        folder.setEnabled(is_one)

    def menu(self) -> QMenu:
        """All of it as a menu, which goes when it is closed."""
        made = rounded(QMenu(self))
        made.addActions(list(self.actions_by_icon.values()))
        return made

    def view(self, document: Document) -> None:
        """Show it, if there is something of it to be shown."""
        if document.pages:
            self.view_asked.emit(document)

    def _action(self, text: str, call: Callable[[], object]) -> QAction:
        made = QAction(text, self)
        made.triggered.connect(lambda: call())
        return made

    def _button(self, name: str, action: QAction) -> QToolButton:
        says = action.text().replace("\tDel", " (Del)")
        made = icon_button(self._look, name, says, action.trigger)

        def show() -> None:
            made.setEnabled(action.isEnabled())

        action.changed.connect(show)
        return made

    def _draw(self) -> None:
        for name, action in self.actions_by_icon.items():
            action.setIcon(icon(name, self._look.tokens.muted))

    def _view(self) -> None:
        self.view(self._chosen[0])

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._chosen[0].path)))

    def _show_folder(self) -> None:
        show_in_folder(self._chosen[0].path)
