"""What a screen reader is told: the messages as a list, and that a reply has come."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from sottovoce.domain.conversation import Message


def describe(widget: QWidget) -> None:
    """Let a screen reader find the messages inside the widget."""


def announce(widget: QWidget, message: Message) -> None:
    """Read out a reply that is finished."""
    if not QAccessible.isActive():
        return
    event = QAccessibleAnnouncementEvent(widget, message.text)
    QAccessible.updateAccessibility(event)
