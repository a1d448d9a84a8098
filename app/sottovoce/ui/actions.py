"""What the window can do: the one place that names actions and their shortcuts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do."""

    id: str
    text: str
    icon: str
    call: Callable[[], object]
    shortcuts: tuple[str, ...] = ()
    """As Qt writes them; Ctrl is Cmd on a Mac. The first is the one that is shown."""

    @property
    def shortcut(self) -> str:
        """The first shortcut as this computer writes it; empty if there is none."""
        if not self.shortcuts:
            return ""
        return QKeySequence(self.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)


def install(actions: Iterable[Action], window: QWidget, look: Look) -> dict[str, QAction]:
    """Give `window` the shortcuts, and return a Qt action for each id, to be put in menus."""
    installed = {}
    for action in actions:
        made = QAction(action.text, window)
        made.setShortcuts([QKeySequence(shortcut) for shortcut in action.shortcuts])
        made.triggered.connect(lambda _=False, call=action.call: call())
        window.addAction(made)
        installed[action.id] = made

    def draw() -> None:
        for action in actions:
            installed[action.id].setIcon(icon(action.icon, look.tokens.muted))

    look.changed.connect(draw)
    draw()
    return installed
