"""A transcript on an offscreen screen, and messages to show in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtGui import QClipboard, QGuiApplication
from pytestqt.qtbot import QtBot

from sottovoce.domain.conversation import Message, Role, State
from sottovoce.ui.chat.transcript.view import Transcript
from sottovoce.ui.theme.fonts import load_fonts
from sottovoce.ui.theme.tokens import LIGHT


@pytest.fixture
def transcript(qtbot: QtBot) -> Transcript:
    load_fonts()
    transcript = Transcript(LIGHT)
    qtbot.addWidget(transcript)
    transcript.resize(900, 700)
    with qtbot.waitExposed(transcript):
        transcript.show()
    return transcript


@pytest.fixture
def clipboard(qtbot: QtBot) -> QClipboard:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    return clipboard


def _message(at: int, role: Role, text: str, values: dict[str, Any]) -> Message:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    values = {"state": State.COMPLETE, "model": "Starter", **values}
    return Message(at, 1, at - 1 or None, role, text, created=created, **values)


@pytest.fixture
def asked() -> Callable[..., Message]:
    """Makes a message of the user: its id, its text, other values by name."""
    return lambda at, text, **values: _message(at, Role.USER, text, values)


@pytest.fixture
def replied() -> Callable[..., Message]:
    """Makes a reply: its id, its text, other values by name."""
    return lambda at, text, **values: _message(at, Role.ASSISTANT, text, values)


@pytest.fixture
def long_chat(asked: Callable[..., Message], replied: Callable[..., Message]) -> list[Message]:
    """Four hundred messages of many kinds."""
    bodies = [
        "A paragraph, **long** enough to be broken into lines. " * 8,
        "```python\nprint('hello')\n```\n\nand\n\n- one\n- two",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted",
    ]
    return [
        asked(i, f"Question {i}?\nand more") if i % 2 else replied(i, f"{i}: {bodies[i // 2 % 3]}")
        for i in range(1, 401)
    ]
