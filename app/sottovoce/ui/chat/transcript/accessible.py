"""What a screen reader is told: the messages as a list, and that a reply has come."""

from collections.abc import Sequence
from functools import cache
from typing import Protocol, cast
from weakref import ref

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleInterface,
    QColor,
    QWindow,
)
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from sottovoce.chat.quoting import doubts, lines
from sottovoce.domain.conversation import Message, Role

_SPEAKERS = {Role.USER: "You", Role.ASSISTANT: "Reply", Role.SYSTEM: "Instructions"}


class Listed(Protocol):
    """A widget whose messages can be read out."""

    @property
    def messages(self) -> Sequence[Message]: ...

    def message_rect(self, index: int) -> QRect:
        """Where a message is inside the widget; empty while it is out of sight."""

    def mapToGlobal(self, point: QPoint, /) -> QPoint: ...

    def mapFromGlobal(self, point: QPoint, /) -> QPoint: ...


@cache
def describe(class_name: str) -> None:
    """Let screen readers find the messages in widgets of this class, which must be `Listed`."""
    # Qt deletes an interface with its widget. Its Python half may not go before, so it stays.
    kept: list[QAccessibleInterface] = []

    def made(name: str, thing: QObject) -> QAccessibleInterface:
        if name != class_name or not isinstance(thing, QWidget):
            return _nobody()
        kept.append(_List(thing))
        return kept[-1]

    QAccessible.installFactory(made)


def announce(widget: QWidget, text: str) -> None:
    """Have something read out: a finished reply, or what Tab has come to."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def _about(message: Message) -> str:
    """What its documents have to say about a reply; empty if none were asked."""
    if message.sources is None:
        return ""
    absent = "Not in your documents." if message.sources.is_not_found else ""
    cited, doubtful = lines(message.sources.citations), doubts(message.text, message.sources)
    return "\n".join(filter(None, (absent, *cited, *doubtful)))


def _nobody() -> QAccessibleInterface:
    """Qt takes None for nobody; its stubs don't say so."""
    return cast("QAccessibleInterface", None)


class _List(QAccessibleWidget):
    """The transcript as a list of messages."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.List, "Messages")
        self._widget = ref(widget)
        self._items: list[_Item] = []

    @property
    def transcript(self) -> Listed | None:
        """The widget while it lives."""
        widget = self._widget()
        if widget is None or not shiboken6.isValid(widget):
            return None
        return cast("Listed", widget)

    def childCount(self) -> int:
        return 0 if self.transcript is None else len(self.transcript.messages)

    def child(self, index: int) -> QAccessibleInterface:
        if not 0 <= index < self.childCount():
            return _nobody()
        self._items.extend(_Item(self, i) for i in range(len(self._items), index + 1))
        return self._items[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return child.index if isinstance(child, _Item) else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        if self.transcript is None:
            return _nobody()
        point = self.transcript.mapFromGlobal(QPoint(x, y))
        for index in range(self.childCount()):
            if self.transcript.message_rect(index).contains(point):
                return self.child(index)
        return _nobody()


class _Item(QAccessibleInterface):
    """One message: its speaker's name, and its text."""

    def __init__(self, above: _List, index: int) -> None:
        super().__init__()
        self._above = above
        self.index = index

    @property
    def _message(self) -> Message | None:
        transcript = self._above.transcript
        if transcript is None or self.index >= len(transcript.messages):
            return None
        return transcript.messages[self.index]

    def isValid(self) -> bool:
        return self._message is not None

    def text(self, kind: QAccessible.Text) -> str:
        message = self._message
        if message is None:
            return ""
        match kind:
            case QAccessible.Text.Name:
                speaker = message.model if message.role is Role.ASSISTANT else ""
                return f"{speaker or _SPEAKERS[message.role]}: {message.text}"
            case QAccessible.Text.Value:
                return message.text
            case QAccessible.Text.Description:
                return _about(message)
            case _:
                return ""

    def rect(self) -> QRect:
        transcript = self._above.transcript
        if transcript is None or not self.isValid():
            return QRect()
        inside = transcript.message_rect(self.index)
        return QRect(transcript.mapToGlobal(inside.topLeft()), inside.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        if self.rect().isEmpty():
            state.offscreen = 1
        return state

    def parent(self) -> QAccessibleInterface:
        return self._above

    def window(self) -> QWindow:
        return self._above.window()

    def object(self) -> QObject:
        return cast("QObject", None)  # A message is no QObject.

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> QAccessibleInterface:
        return _nobody()

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        return _nobody()

    def focusChild(self) -> QAccessibleInterface:
        return _nobody()

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Messages are not written here."""
