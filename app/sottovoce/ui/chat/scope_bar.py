"""What a chat asks, as chips over the field where one writes."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from sottovoce.domain.document import Collection, Document
from sottovoce.ui.chat.scope_view_model import Asked, Readiness, ScopeViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import (
    button,
    follow,
    icon_button,
    label,
    rounded,
    shortened,
)

_MOST = 6
"""Chips; the rest is counted."""
_LONGEST = 24
"""Letters of a name."""


class ScopeBar(QWidget):
    """Hidden while nothing is asked."""

    document_asked = Signal(object)
    """A Document that is to be shown."""
    documents_asked = Signal()
    """The page of all documents is wanted."""

    def __init__(self, scope: ScopeViewModel, look: Look) -> None:
        super().__init__()
        self._scope = scope
        self._look = look
        self._flow = Flow(self)
        self._shape: tuple[object, ...] = ()
        """Which chips are there: others are made anew, these only redrawn."""
        self.chips: list[_Chip] = []
        scope.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        asked, is_adding = self._scope.asked, self._scope.is_adding
        shown = asked if len(asked) <= _MOST else asked[: _MOST - 1]
        self.setVisible(bool(asked) or is_adding)
        shape = (len(asked), is_adding, *((each.is_attached, each.what.id) for each in shown))
        if shape == self._shape:
            for chip, each in zip(self.chips, shown, strict=True):
                chip.show_asked(each)
            return
        self._shape = shape
        self._flow.clear()
        self.chips = [_Chip(each, self._look) for each in shown]
        for chip in self.chips:
            chip.removed.connect(self._scope.remove)
            chip.opened.connect(self._open)
            self._flow.addWidget(chip)
        if len(asked) > len(shown):
            self._flow.addWidget(self._rest(asked[len(shown) :]))
        if is_adding:
            self._flow.addWidget(label("Attaching…", "muted"))
        self.updateGeometry()

    def _open(self, what: Collection | Document) -> None:
        if isinstance(what, Document):
            self.document_asked.emit(what)
        else:
            self.documents_asked.emit()

    def _rest(self, asked: tuple[Asked, ...]) -> QWidget:
        """The chip that opens a list of those for which there is no room."""
        more = button(f"{len(asked):,} more", lambda: None, "chip")
        menu = rounded(QMenu(more))
        for each in asked[:50]:
            name = shortened(each.name, _LONGEST).replace("&", "&&")
            action = menu.addAction(name, partial(self._scope.remove, each))
            action.setIcon(icon("x", self._look.tokens.muted))
            action.setToolTip(tip(f"Remove {each.name}"))
        menu.setToolTipsVisible(True)
        more.setMenu(menu)
        return more


class _Chip(QFrame):
    """One thing that is asked, and the cross that ends that."""

    removed = Signal(object)
    opened = Signal(object)

    def __init__(self, asked: Asked, look: Look) -> None:
        super().__init__()
        self.setObjectName("asked")
        self.asked = asked
        self._look = look
        self._name = button("", lambda: self.opened.emit(self.asked.what))
        self._name.setIconSize(QSize(14, 14))
        self._cross = icon_button(look, "x", "Remove", lambda: self.removed.emit(self.asked))
        self._cross.setIconSize(QSize(12, 12))
        self._cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 3, 0)
        row.setSpacing(0)
        row.addWidget(self._name)
        row.addWidget(self._cross)
        self.show_asked(asked)
        follow(self, look, self._draw)

    def show_asked(self, asked: Asked) -> None:
        """Show how far it is."""
        self.asked = asked
        is_collection = isinstance(asked.what, Collection)
        words = filter(None, (shortened(asked.name, _LONGEST), asked.detail))
        self._name.setText(f" {' · '.join(words)}".replace("&", "&&"))
        kind = "collection" if is_collection else "document"
        says = " ".join(filter(None, (f"{asked.name}.", asked.detail, asked.tip)))
        self._name.setAccessibleName(f"This chat asks the {kind} {says}")
        self._name.setToolTip(tip("\n".join(filter(None, (asked.name, asked.tip)))))
        does = f"Remove {asked.name} from this chat"
        self._cross.setToolTip(tip(does))
        self._cross.setAccessibleName(does)
        self._draw()

    def _draw(self) -> None:
        tokens = self._look.tokens
        is_collection = isinstance(self.asked.what, Collection)
        name, colour = {
            Readiness.READY: ("book-open" if is_collection else "file-text", tokens.accent),
            Readiness.READING: ("clock", tokens.muted),
            Readiness.FAILED: ("triangle-alert", tokens.warning),
        }[self.asked.readiness]
        self._name.setIcon(icon(name, colour, 14))
