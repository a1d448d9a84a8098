"""What a screen reader is told: the messages as a list, and that a reply has come."""

from collections.abc import Sequence
from functools import cache
from typing import Protocol
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


def describe(kind: type[QWidget]) -> None:
    """Let screen readers find the messages in widgets of this kind, which must be `Listed`."""
    _describe_once(kind)


def announce(widget: QWidget, message: Message) -> None:
    """Have a finished reply read out."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, message.text))


@cache
def _describe_once(kind: type[QWidget]) -> None:
    # Qt deletes an interface with its widget. The Python half must not be gone before, so it stays for good.
    kept: list[QAccessibleInterface] = []

    def made(_: str, thing: QObject) -> QAccessibleInterface | None:
        if not isinstance(thing, kind):
            return None
        kept.append(_List(thing))
        return kept[-1]

    QAccessible.installFactory(made)


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
        return widget if widget is not None and shiboken6.isValid(widget) else None  # type: ignore[return-value]  # describe() asks for Listed widgets.

    def childCount(self) -> int:
        return 0 if self.transcript is None else len(self.transcript.messages)

    def child(self, index: int) -> QAccessibleInterface | None:
        if not 0 <= index < self.childCount():
            return None
        self._items.extend(_Item(self, i) for i in range(len(self._items), index + 1))
        return self._items[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return child.index if isinstance(child, _Item) else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:
        if self.transcript is None:
            return None
        point = self.transcript.mapFromGlobal(QPoint(x, y))
        for index in range(self.childCount()):
            if self.transcript.message_rect(index).contains(point):
                return self.child(index)
        return None


class _Item(QAccessibleInterface):
    """One message: its speaker's name, and its text."""

    def __init__(self, above: _List, index: int) -> None:
        super().__init__()
        self._above = above
        self.index = index

    @property
    def _message(self) -> Message | None:
        return self._above.transcript.messages[self.index] if self.isValid() else None  # type: ignore[union-attr]  # It is valid.

    def isValid(self) -> bool:
        return self.index < self._above.childCount()

    def text(self, kind: QAccessible.Text) -> str:
        message = self._message
        if message is None:
            return ""
        match kind:
            case QAccessible.Text.Name:
                return f"{message.model or _SPEAKERS[message.role]}: {message.text}"
            case QAccessible.Text.Value:
                return message.text
            case _:
                return ""

    def rect(self) -> QRect:
        transcript = self._above.transcript
        if transcript is None:
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

    def object(self) -> QObject | None:
        return None

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> QAccessibleInterface | None:
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:
        return None

    def focusChild(self) -> QAccessibleInterface | None:
        return None

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Messages are not written here."""
