"""The menu of what a chat can ask."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, Qt
from PySide6.QtWidgets import QMenu, QWidget

from sottovoce.domain.document import Collection
from sottovoce.ui.chat.scope_view_model import ScopeViewModel
from sottovoce.ui.library.words import contents
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import rounded, shortened

_LONGEST = 40
"""Letters of a name."""


class ScopeMenu(QMenu):
    """Stays open while collections are ticked."""

    documents_asked = Signal()

    def __init__(self, scope: ScopeViewModel, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        rounded(self)
        self._scope = scope
        self._look = look
        self._is_listed = False
        self._filled: tuple[Collection, ...] = ()
        self.aboutToShow.connect(self._open)
        scope.listed.connect(self._note_listed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._tick(self.actionAt(event.position().toPoint())):
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() not in keys or not self._tick(self.activeAction()):
            super().keyPressEvent(event)

    def _tick(self, action: QAction | None) -> bool:
        """Returns whether the action is one that can be ticked."""
        if action is None or not action.isCheckable():
            return False
        action.trigger()
        return True

    def _open(self) -> None:
        self._scope.list_collections()
        self._fill()

    def _note_listed(self) -> None:
        self._is_listed = True
        # An open menu that is filled anew may grow beyond the screen: only where it must be.
        if self.isVisible() and (self._scope.collections != self._filled or not self._filled):
            self._fill()

    def _fill(self) -> None:
        scope, muted = self._scope, self._look.tokens.muted
        self._filled = scope.collections
        self.clear()
        self.addAction("Answer from these documents").setEnabled(False)
        for each in scope.collections:
            name = shortened(each.name, _LONGEST).replace("&", "&&")
            action = self.addAction(f"{name}\t{contents(each)}")
            action.setCheckable(True)
            action.setChecked(each.id in scope.scope.collections)
            action.toggled.connect(
                lambda is_chosen, number=each.id: scope.choose(number, is_chosen=is_chosen)
            )
        if not scope.collections:
            says = "There is no collection yet" if self._is_listed else "Looking…"
            self.addAction(says).setEnabled(False)
        self.addSeparator()
        self.addAction(icon("library", muted), "All documents…", self.documents_asked.emit)
