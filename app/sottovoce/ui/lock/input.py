"""Whether anybody types or points, in whatever window of ours."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication

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
    """Sees what comes in from outside alone, at the windows and widgets that have the focus.

    A filter of the whole application would be asked, in Python, about every event of every widget.
    """

    def __init__(self, application: QGuiApplication, note: Callable[[], bool]) -> None:
        """`note` hears of it, and says whether it may go on to where it was meant for."""
        super().__init__()
        self._note = note
        application.focusWindowChanged.connect(self._watch)
        # What an input method makes of keys goes to the widget itself: windows see none of it.
        application.focusObjectChanged.connect(self._watch)
        self._watch(application.focusWindow())
        self._watch(application.focusObject())

    def _watch(self, focused: QObject | None) -> None:
        if focused is not None:
            focused.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_input = (
            event.type() in _INPUT
            if watched.isWindowType()
            else event.type() == QEvent.Type.InputMethod
        )
        return is_input and not self._note()
