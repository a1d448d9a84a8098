"""How a test talks with the window: as a person would."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from sottovoce.domain.conversation import Role
from sottovoce.ui.shell import Shell


def field(shell: Shell) -> QPlainTextEdit:
    """Where one types."""
    found = shell.page.composer.findChild(QPlainTextEdit)
    assert isinstance(found, QPlainTextEdit)
    return found


def say(qtbot: QtBot, shell: Shell, text: str) -> None:
    """Type a message and press Enter."""
    field(shell).setPlainText(text)
    qtbot.keyClick(field(shell), Qt.Key.Key_Return)


def ask(qtbot: QtBot, shell: Shell, text: str) -> None:
    """Send a message and wait for its whole reply."""
    before = len(shell.chat.messages)
    say(qtbot, shell, text)
    qtbot.waitUntil(lambda: len(shell.chat.messages) >= before + 2 and not shell.chat.is_busy)


def shown(shell: Shell) -> list[tuple[Role, str]]:
    """Who said what, as the transcript shows it."""
    return [(message.role, message.text) for message in shell.page.transcript.messages]


def texts(shell: Shell) -> list[str]:
    return [text for _, text in shown(shell)]


def titles(shell: Shell) -> list[str]:
    """The titles the sidebar lists."""
    return [chat.title for chat in shell.chats.chats]
