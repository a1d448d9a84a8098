"""Chats in memory alone, beside those that are kept."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.conversation import Conversation
from sottovoce.domain.document import DocumentState
from sottovoce.domain.settings import Appearance
from sottovoce.store.store import Store
from sottovoce.system.audit import Audit, Event
from sottovoce.ui.shell import Shell
from sottovoce.ui.sidebar.rows import title
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.window import Window
from ui.library_script import ScriptedLibrary
from ui.talking import ask, field, say, texts, titles


def listed(shell: Shell) -> list[str]:
    """All that stands in the sidebar."""
    rows = shell.chats.rows
    return [title(rows.row(rows.index(place))) for place in range(rows.rowCount())]


@pytest.fixture
def temporary(qtbot: QtBot, shell: Shell) -> Shell:
    """A window with one temporary chat that has words."""
    shell.actions_by_id["new_temporary"].trigger()
    ask(qtbot, shell, "A secret")
    qtbot.waitUntil(lambda: listed(shell)[:2] == ["Temporary", "A secret"])
    return shell


def test_it_says_what_it_is_as_long_as_it_is_on_screen(qtbot: QtBot, temporary: Shell) -> None:
    assert temporary.page.temporary_bar.isVisible()
    temporary.actions_by_id["new_chat"].trigger()
    assert not temporary.page.temporary_bar.isVisible()


def test_it_is_listed_apart_while_it_is_open_and_not_found(
    qtbot: QtBot, temporary: Shell, store: Store
) -> None:
    temporary.actions_by_id["new_chat"].trigger()
    ask(qtbot, temporary, "No secret")
    qtbot.waitUntil(lambda: titles(temporary) == ["No secret"])
    assert listed(temporary) == ["Temporary", "A secret", "Today", "No secret"]
    temporary.chats.search("secret")
    qtbot.waitUntil(lambda: listed(temporary)[0] == "Found")
    assert "A secret" not in listed(temporary)
    assert [each.title for each in store.conversations()] == ["No secret"]


def test_one_comes_back_to_it_and_to_what_was_typed(qtbot: QtBot, temporary: Shell) -> None:
    conversation = temporary.chat.conversation
    assert conversation is not None
    field(temporary).setPlainText("More of it")
    temporary.actions_by_id["new_chat"].trigger()
    assert field(temporary).toPlainText() == ""
    temporary.sidebar.chosen.emit(conversation.id, None)
    qtbot.waitUntil(lambda: texts(temporary) == ["A secret", "Yes."])
    assert field(temporary).toPlainText() == "More of it"
    assert temporary.page.temporary_bar.isVisible()


def test_closed_it_is_gone_unless_it_is_brought_back_at_once(
    qtbot: QtBot, temporary: Shell, store: Store
) -> None:
    temporary.page.temporary_bar.drop.click()
    qtbot.waitUntil(lambda: "Temporary" not in listed(temporary))
    assert texts(temporary) == []
    qtbot.waitUntil(lambda: store.temporary_conversations() == [])
    temporary.actions_by_id["restore"].trigger()
    qtbot.waitUntil(lambda: texts(temporary) == ["A secret", "Yes."])
    qtbot.waitUntil(lambda: listed(temporary)[:2] == ["Temporary", "A secret"])


def test_no_administrator_learns_that_it_was_there(
    qtbot: QtBot, temporary: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Event] = []
    monkeypatch.setattr(Audit, "note", lambda _, event, **more: noted.append(event))
    temporary.actions_by_id["delete"].trigger()
    temporary.actions_by_id["new_chat"].trigger()
    ask(qtbot, temporary, "No secret")
    qtbot.waitUntil(lambda: titles(temporary) == ["No secret"])
    temporary.actions_by_id["delete"].trigger()
    qtbot.waitUntil(lambda: noted == [Event.CHAT_REMOVED])


def test_an_empty_one_closes_without_a_word(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["new_temporary"].trigger()
    assert shell.page.temporary_bar.isVisible()
    shell.page.temporary_bar.drop.click()
    assert not shell.page.temporary_bar.isVisible()
    assert shell.may_close()


def test_kept_on_purpose_it_is_among_the_others(
    qtbot: QtBot, temporary: Shell, store: Store
) -> None:
    field(temporary).setPlainText("More of it")
    temporary.page.temporary_bar.keep.click()
    qtbot.waitUntil(lambda: titles(temporary) == ["A secret"])
    qtbot.waitUntil(lambda: not temporary.page.temporary_bar.isVisible())
    assert texts(temporary) == ["A secret", "Yes."]
    assert field(temporary).toPlainText() == "More of it"
    assert "Temporary" not in listed(temporary)
    ask(qtbot, temporary, "Go on")
    (kept,) = store.conversations()
    assert len(store.messages(kept.id)) == 4


def test_while_it_is_written_it_cannot_be_kept(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    shell.actions_by_id["new_temporary"].trigger()
    with engine.held():
        say(qtbot, shell, "A secret")
        qtbot.waitUntil(lambda: shell.chat.growing is not None)
        assert not shell.page.temporary_bar.keep.isEnabled()
    qtbot.waitUntil(lambda: not shell.chat.is_busy)
    assert shell.page.temporary_bar.keep.isEnabled()


def test_what_is_attached_is_read_in_memory_and_kept_with_the_chat(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The vault of porphyry was opened on a Tuesday.")
    shell.actions_by_id["new_temporary"].trigger()
    shell.chat.attach([note])

    def attached() -> list[str]:
        return [each.what.path.name for each in shell.scope.asked if each.is_attached]  # type: ignore[union-attr]  # It is a document.

    qtbot.waitUntil(lambda: attached() == ["note.txt"], timeout=60_000)
    assert library.documents_kept == {}
    (collection,) = shell.temporary_library.collections()

    def is_read() -> bool:
        (document,) = shell.temporary_library.documents(collection.id)
        return document.state is not DocumentState.WAITING

    qtbot.waitUntil(is_read, timeout=60_000)
    shell.page.temporary_bar.keep.click()
    qtbot.waitUntil(lambda: not shell.chat.is_temporary)
    qtbot.waitUntil(lambda: shell.temporary_library.collections() == [])
    assert [each.path for each in library.documents_kept.values()] == [note]


def test_what_is_typed_while_it_is_kept_stays_and_nothing_is_said_meanwhile(
    qtbot: QtBot, temporary: Shell, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    keep = store.keep_temporary

    def keep_slowly(*given: Any, **named: Any) -> Conversation:
        assert goes_on.wait(20)
        return keep(*given, **named)

    monkeypatch.setattr(store, "keep_temporary", keep_slowly)
    temporary.page.temporary_bar.keep.click()
    say(qtbot, temporary, "More of it")
    assert temporary.chat.is_busy
    goes_on.set()
    qtbot.waitUntil(lambda: not temporary.chat.is_temporary)
    assert field(temporary).toPlainText() == "More of it"
    assert texts(temporary) == ["A secret", "Yes."]
    ask(qtbot, temporary, "Go on")


@pytest.fixture
def closing(qtbot: QtBot, shell: Shell, look: Look) -> Callable[[], bool]:
    """Close a window with these chats as a person does; whether it closed."""
    window = Window(Appearance(), look)
    qtbot.addWidget(window)
    window.may_close = shell.may_close

    class ByPerson(QCloseEvent):
        def spontaneous(self) -> bool:
            return True

    def close() -> bool:
        event = ByPerson()
        window.closeEvent(event)
        return event.isAccepted()

    return close


def test_closing_the_window_asks_once(
    qtbot: QtBot,
    temporary: Shell,
    closing: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter(["Cancel", "Close anyway"])

    def answer(box: QMessageBox) -> int:
        assert "temporary chat" in box.text()
        assert box.textFormat() is Qt.TextFormat.PlainText
        default = box.defaultButton()
        assert default is not None
        assert default.text() == "Cancel"
        wanted = next(answers)
        next(each for each in box.buttons() if each.text() == wanted).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    assert not closing()
    assert closing()
    assert closing()
    assert next(answers, None) is None


def test_without_temporary_chats_it_just_closes(closing: Callable[[], bool]) -> None:
    assert closing()
