"""Whether anybody types or points, in whatever window of ours."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication, QWindow

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.TabletPress,
        QEvent.Type.TouchBegin,
        QEvent.Type.Wheel,
    }
)


class Input(QObject):
    """Sees what comes in from outside alone, at the windows that have the focus.

    A filter of the whole application would be asked, in Python, about every event of every widget.
    """

    def __init__(self, application: QGuiApplication, note: Callable[[], bool]) -> None:
        """`note` hears of it, and says whether it may go on to where it was meant for."""
        super().__init__()
        self._note = note
        application.focusWindowChanged.connect(self._watch)
        self._watch(application.focusWindow())

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        return event.type() in _INPUT and not self._note()
