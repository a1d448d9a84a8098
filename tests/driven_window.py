"""The real window, with a hand that types question after question and tells what it sees.

Started as a program of its own, `python driven_window.py FOLDER [QUESTIONS]`, it writes lines of
JSON: {"said": id, "text": …} once the user's words are on screen, {"grew": text, "at":
seconds} for each redraw of a reply, {"ended": id} for a finished reply. Seconds are those of the
machine's monotonic clock. After QUESTIONS questions the window is closed as a person would.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from unittest.mock import patch

from PySide6.QtCore import QTimer

from sottovoce.domain.model import Sampling
from sottovoce.launch import launch
from sottovoce.ui import application

_BRIEF = 200
"""Tokens of a reply that is waited for: the starter might go on for minutes."""


def tell(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


class Hand:
    """Types into an opened window."""

    def __init__(
        self, session: application.Session, questions: Iterator[int], most: int | None
    ) -> None:
        self._session = session
        self._questions, self._most = questions, most
        session.unlock.opened.connect(lambda _: QTimer.singleShot(0, self._begin))

    def _begin(self) -> None:
        shell = self._session.shell
        assert shell is not None, "It is there once the chats are opened."
        if self._most is not None:
            brief = Sampling(seed=1, max_tokens=self._most)
            shell.settings.change(replace(shell.settings.settings, sampling=brief))
        chat = shell.chat
        chat.message_came.connect(lambda message: tell(said=message.id, text=message.text))
        chat.reply_grew.connect(lambda text: tell(grew=text, at=time.monotonic()))
        chat.reply_ended.connect(lambda reply: tell(ended=reply.id))
        chat.busy_changed.connect(self._go_on)
        shell.model.changed.connect(self._ask_first)
        self._asked = False
        self._ask_first()

    def _ask_first(self) -> None:
        shell = self._session.shell
        if not self._asked and shell is not None and shell.model.model is not None:
            self._asked = True
            self._ask()

    def _go_on(self, is_busy: bool) -> None:
        if not is_busy:
            QTimer.singleShot(0, self._ask)

    def _ask(self) -> None:
        number = next(self._questions, None)
        if number is None:
            self._session.window.close()
            return
        assert self._session.shell is not None
        self._session.shell.chat.send(f"Question {number}: tell me something about the sea.")


def main(folder: str, questions: int | None = None) -> int:
    start = application.Session.start
    hands = []  # Kept as long as the session.

    def start_driven(session: application.Session) -> None:
        if questions is None:  # Until it is killed.
            hands.append(Hand(session, count(), None))
        else:
            hands.append(Hand(session, iter(range(questions)), _BRIEF))
        start(session)

    with patch.object(application.Session, "start", start_driven):
        return launch(["--data-dir", folder])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:3])))
