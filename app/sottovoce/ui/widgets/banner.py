"""A sentence in the way of nothing, with what can be done about it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, icon_button, label, set_kind

_NARROW = 520


class Banner(QFrame):
    """Hidden until `tell`; gone again by its cross or by `hide`."""

    def __init__(self, look: Look, dismissed: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._dismissed = dismissed
        self._sentence = label(wraps=True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button = button("", lambda: self._act())
        self._act: Callable[[], object] = self.hide
        self._words = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._words.setSpacing(12)
        self._words.addWidget(self._sentence, 1)
        self._words.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(12)
        row.addLayout(self._words, 1)
        row.addWidget(icon_button(look, "x", "Dismiss", self.dismiss))
        self.hide()

    @property
    def sentence(self) -> str:
        return self._sentence.text()

    @property
    def button(self) -> QPushButton:
        """What helps."""
        return self._button

    def tell(
        self,
        sentence: str,
        *,
        kind: str = "",
        says: str = "",
        act: Callable[[], object] = lambda: None,
    ) -> None:
        """Show `sentence`; with `says`, also a button that calls `act`. Kinds: warning, danger."""
        set_kind(self, "kind", kind)
        self._sentence.setText(sentence)
        self.setAccessibleName(sentence)
        self._act = act
        self._button.setText(says)
        self._button.setVisible(bool(says))
        self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the button under the words where both are too much for one line."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < _NARROW
        way = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._words.setDirection(way)

    def dismiss(self) -> None:
        """What the cross does."""
        self.hide()
        self._dismissed()
