"""The real window, which does what it is told on standard input, line by line in JSON.

Started as a program of its own, `python commanded_window.py FOLDER`, it also is what begins anew
when the window locks, so that commands go on to the fresh process. It tells what is on screen in
lines of JSON: {"page": "open"} with the chats, {"page": "enter_passphrase"} and the like before.

{"send": TEXT}, {"type": TEXT}, {"search": TEXT}, {"attach": PATH}, {"edit": TEXT} (the first
message), {"place": [X, Y, WIDTH, HEIGHT]}, {"press": KEYS}, {"do": ACTION}, {"lock_at_once": true}
(as the screen does), {"view": true} (what is attached, in the viewer; {"viewed": true} follows),
{"back_up": PATH} ({"backed_up": true} follows), {"hang": true} (a thread that never ends),
{"unlock": PASSPHRASE}, {"restore": PATH}, {"protect": BUTTON} (of the card of that name), {"close":
true}. After each follows {"done": true}; {"ask": true} is answered with what is on screen,
{"state": …}.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from sottovoce.domain.stop import Stop
from sottovoce.launch import launch
from sottovoce.system import restart
from sottovoce.ui import application
from sottovoce.ui.backup.view_model import Found
from sottovoce.ui.chat.scope_view_model import Readiness
from sottovoce.ui.settings.confirm_dialog import ConfirmDialog
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.unlock.view_model import Step


def tell(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


class Hand:
    """Does what it is told, and tells what it sees."""

    def __init__(self, session: application.Session) -> None:
        self._session = session
        self._heard = b""
        session.unlock.changed.connect(self._tell_page)
        session.unlock.opened.connect(lambda _: QTimer.singleShot(0, self._note_opened))
        os.set_blocking(0, False)
        self._notifier = QSocketNotifier(0, QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._hear)

    def _tell_page(self) -> None:
        step = self._session.unlock.step
        if step is not Step.OPENING:
            QTimer.singleShot(0, partial(tell, page=step.name.lower()))

    def _note_opened(self) -> None:
        shell = self._session.shell
        assert shell is not None, "It is there once the chats are opened."
        if shell.model.model is None:
            QTimer.singleShot(20, self._note_opened)
            return
        shell.chat.reply_grew.connect(lambda text: tell(grew=text))
        tell(page="open")

    def _hear(self) -> None:
        self._heard += os.read(0, 65536)
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            ((verb, what),) = json.loads(line).items()
            if verb == "ask":
                self._tell_state()
                continue
            getattr(self, f"_{verb}")(what)
            tell(done=True)

    def _send(self, text: str) -> None:
        self._chat.send(text)

    def _type(self, text: str) -> None:
        assert self._session.shell is not None
        self._session.shell.page.composer.set_text(text)

    def _search(self, text: str) -> None:
        assert self._session.shell is not None
        field = self._session.shell.sidebar.findChild(QLineEdit)
        assert isinstance(field, QLineEdit)
        field.setText(text)

    def _edit(self, text: str) -> None:
        self._chat.edit(self._chat.messages[0].id)
        self._type(text)

    def _place(self, place: list[int]) -> None:
        self._session.window.setGeometry(*place)

    def _press(self, keys: str) -> None:
        """Press keys at the window, as the system would."""
        QTest.keySequence(self._session.window.windowHandle(), QKeySequence(keys))

    def _unlock(self, passphrase: str) -> None:
        self._session.pages.enter.field.setText(passphrase)
        self._session.pages.enter.accept.click()

    def _attach(self, path: str) -> None:
        self._chat.attach([Path(path)])

    def _view(self, _: object) -> None:
        """Open what is attached to the chat on screen, once it is read."""
        assert self._session.shell is not None
        shell = self._session.shell
        if not any(each.readiness is Readiness.READY for each in shell.scope.asked):
            QTimer.singleShot(20, lambda: self._view(True))
            return
        shell.viewer.changed.connect(lambda: tell(viewed=shell.viewer.page is not None))
        shell.viewer.open_document(shell.scope.asked[0].what.id)

    def _back_up(self, path: str) -> None:
        assert self._session.shell is not None
        backups = self._session.shell.backups()

        def look() -> None:
            if backups.last is not None:
                tell(backed_up=True)

        backups.changed.connect(look)
        backups.create(Path(path))

    def _lock_at_once(self, _: object) -> None:
        assert self._session.shell is not None
        QTimer.singleShot(0, self._session.shell.lock.note_rest)

    def _restore(self, path: str) -> None:
        """Restore a backup of these chats, as the settings do."""
        assert self._session.shell is not None
        backups = self._session.shell.backups()
        backups.found.connect(lambda found: QTimer.singleShot(0, lambda: self._restore_now(found)))
        backups.find(Path(path))

    def _restore_now(self, found: Found) -> None:
        assert self._session.shell is not None
        backups = self._session.shell.backups()
        if backups.doing:
            QTimer.singleShot(20, lambda: self._restore_now(found))
        else:
            backups.restore(found, "")

    def _protect(self, button: str) -> None:
        """Click a button of the settings, and go on where they ask."""
        assert self._session.shell is not None
        self._session.shell.actions_by_id["settings"].trigger()
        (dialog,) = self._session.shell.findChildren(SettingsDialog)
        card = dialog.privacy.protection
        getattr(card, button).click()
        (asked,) = card.findChildren(ConfirmDialog)
        asked.field.setText("forget")
        QTimer.singleShot(0, asked.go_on.click)

    def _hang(self, _: object) -> None:
        def wait(_: Stop) -> Iterator[None]:
            threading.Event().wait()
            yield None

        self._session.tasks.start(wait)

    def _do(self, action: str) -> None:
        assert self._session.shell is not None
        self._session.shell.actions_by_id[action].trigger()

    def _close(self, _: object) -> None:
        self._session.window.close()

    @property
    def _chat(self):  # type: ignore[no-untyped-def]  # Its type is not loaded before the shell.
        assert self._session.shell is not None
        return self._session.shell.chat

    def _tell_state(self) -> None:
        window = self._session.window
        place = [window.x(), window.y(), window.width(), window.height()]
        state: dict[str, object] = {"title": window.windowTitle(), "place": place}
        if self._session.shell is not None:
            chat = self._chat
            messages = [[message.text, message.state] for message in chat.messages]
            state |= {"messages": messages, "draft": chat.draft, "is_busy": chat.is_busy}
        tell(state=state)


def main(folder: str, *others: str) -> int:
    start = application.Session.start
    hands = []  # Kept as long as the session.

    def start_commanded(session: application.Session) -> None:
        hands.append(Hand(session))
        start(session)

    again = [sys.executable, str(Path(__file__)), folder]
    with (
        patch.object(application.Session, "start", start_commanded),
        patch.object(restart, "program", lambda: again),
    ):
        return launch(["--data-dir", folder, *(each for each in others if each == "--locked")])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
