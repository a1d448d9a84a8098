from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListView
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.conversation import Conversation, Hit
from sottovoce.store.store import Store
from sottovoce.ui.shell import Shell
from sottovoce.ui.sidebar.groups import group
from sottovoce.ui.sidebar.rows import ROW, Heading, Row
from ui.talking import ask, field, texts, titles

TODAY = date(2026, 11, 23)


@pytest.fixture
def rows(shell: Shell) -> QListView:
    found = shell.sidebar.findChild(QListView, "chats")
    assert isinstance(found, QListView)
    return found


@pytest.fixture
def search(shell: Shell) -> QLineEdit:
    return next(
        each
        for each in shell.sidebar.findChildren(QLineEdit)
        if each.accessibleName() == "Search chats and documents"
    )


def listed(rows: QListView) -> list[Row]:
    model = rows.model()
    return [model.index(i, 0).data(ROW) for i in range(model.rowCount())]


def hits(rows: QListView) -> list[Hit]:
    return [row for row in listed(rows) if isinstance(row, Hit)]


def begin(store: Store, title: str, words: str) -> int:
    conversation = store.new_conversation(title)
    store.say(conversation.id, words, None)
    return conversation.id


@pytest.mark.parametrize(
    ("days", "heading"),
    [
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Previous 7 days"),
        (7, "Previous 7 days"),
        (8, "Previous 30 days"),
        (30, "Previous 30 days"),
        (60, "September"),
        (400, "October 2025"),
    ],
)
def test_chats_stand_under_the_heading_of_their_day(days: int, heading: str) -> None:
    assert group(TODAY - timedelta(days=days), TODAY) == heading


def test_a_chat_from_tomorrow_stands_under_today() -> None:
    assert group(TODAY + timedelta(days=1), TODAY) == "Today"


def test_a_deleted_chat_is_gone_and_comes_back_when_undone(
    qtbot: QtBot, shell: Shell, rows: QListView, store: Store
) -> None:
    ask(qtbot, shell, "Keep me")
    qtbot.waitUntil(lambda: titles(shell) == ["Keep me"])
    rows.setFocus()
    rows.setCurrentIndex(rows.model().index(1, 0))

    qtbot.keyClick(rows, Qt.Key.Key_Delete)
    assert titles(shell) == []
    assert texts(shell) == []
    qtbot.waitUntil(lambda: store.conversations() == [])
    assert shell.toast.isVisible()

    qtbot.mouseClick(shell.toast.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: titles(shell) == ["Keep me"] and texts(shell) == ["Keep me", "Yes."])


def test_deleting_a_chat_stops_the_reply_in_it(
    qtbot: QtBot, shell: Shell, engine: ScriptedEngine
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        field(shell).setPlainText("Count.")
        qtbot.keyClick(field(shell), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.chat.growing is not None and len(titles(shell)) == 1)
        shell.actions_by_id["delete"].trigger()
        qtbot.waitUntil(lambda: not shell.replies.any_under_way)
    assert texts(shell) == []


def test_a_chat_is_renamed_where_it_stands(
    qtbot: QtBot, shell: Shell, rows: QListView, store: Store
) -> None:
    ask(qtbot, shell, "Old words")
    qtbot.waitUntil(lambda: titles(shell) == ["Old words"])
    rows.setFocus()
    rows.setCurrentIndex(rows.model().index(1, 0))

    qtbot.keyClick(rows, Qt.Key.Key_F2)
    editor = rows.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("Better title")
    qtbot.keyClick(editor, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: titles(shell) == ["Better title"])
    qtbot.waitUntil(lambda: [c.title for c in store.conversations()] == ["Better title"])
    assert rows.hasFocus()


@pytest.mark.parametrize("change", ["rename", "delete"])
def test_a_list_read_before_a_change_does_not_undo_it(
    qtbot: QtBot, shell: Shell, store: Store, change: str
) -> None:
    number = begin(store, "Old words", "words")
    shell.chats.refresh()
    qtbot.waitUntil(lambda: titles(shell) == ["Old words"])
    shown: list[list[str]] = []
    shell.chats.listed.connect(lambda: shown.append(titles(shell)))

    shell.chats.refresh()
    if change == "rename":
        shell.chats.rename(number, "Better title")
    else:
        shell.chats.delete(number)

    kept = ["Better title"] if change == "rename" else []
    qtbot.waitUntil(lambda: len(shown) == 2)
    assert shown == [kept, kept]


def test_a_title_can_be_typed_while_another_chat_changes(
    qtbot: QtBot, shell: Shell, rows: QListView, store: Store
) -> None:
    begin(store, "Older", "words")
    newer = begin(store, "Newer", "words")
    shell.chats.refresh()
    qtbot.waitUntil(lambda: titles(shell) == ["Newer", "Older"])
    rows.setFocus()
    rows.setCurrentIndex(rows.model().index(2, 0))
    qtbot.keyClick(rows, Qt.Key.Key_F2)
    editor = rows.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("Half a ti")
    store.rename(newer, "Newest")
    shell.chats.refresh()
    qtbot.waitUntil(lambda: titles(shell) == ["Newest", "Older"])
    assert editor.isVisible()
    assert editor.text() == "Half a ti"


def test_the_chat_on_screen_is_marked_once_the_list_is_left(
    qtbot: QtBot, shell: Shell, rows: QListView, store: Store
) -> None:
    begin(store, "Older", "words")
    newer = begin(store, "Newer", "words")
    shell.chats.refresh()
    qtbot.waitUntil(lambda: titles(shell) == ["Newer", "Older"])
    shell.chat.open(newer)
    qtbot.waitUntil(lambda: rows.currentIndex().row() == 1)
    rows.setFocus()
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    assert rows.currentIndex().row() == 2
    field(shell).setFocus()
    assert rows.currentIndex().row() == 1


def test_a_search_finds_titles_and_words_and_opens_the_message(
    qtbot: QtBot, shell: Shell, rows: QListView, search: QLineEdit, store: Store
) -> None:
    begin(store, "Bread", "How long does sourdough rest?")
    begin(store, "Trains", "When does the night train leave?")

    search.setFocus()
    qtbot.keyClicks(search, "sourdough")
    qtbot.waitUntil(lambda: bool(hits(rows)))
    (hit,) = hits(rows)
    assert hit.conversation.title == "Bread"
    assert hit.excerpt[hit.start :][: hit.length] == "sourdough"

    qtbot.keyClick(search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: texts(shell) == ["How long does sourdough rest?"])


def test_a_search_without_result_says_so_and_escape_ends_it(
    qtbot: QtBot, shell: Shell, rows: QListView, search: QLineEdit, store: Store
) -> None:
    begin(store, "Bread", "How long does sourdough rest?")
    shell.chats.refresh()
    search.setFocus()
    qtbot.keyClicks(search, "zeppelin")
    qtbot.waitUntil(lambda: listed(rows) == [Heading("Nothing found")])

    qtbot.keyClick(search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: titles(shell) == ["Bread"] and len(listed(rows)) == 2)


def test_thousands_of_chats_are_listed_without_a_pause(
    qtbot: QtBot, shell: Shell, rows: QListView, store: Store
) -> None:
    first = store.new_conversation("Chat 0")
    many = [
        Conversation(i, f"Chat {i}", first.created, first.updated - timedelta(hours=i))
        for i in range(5000)
    ]
    shell.chats.rows.show_chats(many, first.updated.date())
    headings = [row for row in listed(rows) if isinstance(row, Heading)]
    assert len(listed(rows)) == 5000 + len(headings)
    assert len(headings) >= 8


def test_the_keys_go_from_chat_to_chat(qtbot: QtBot, shell: Shell, store: Store) -> None:
    begin(store, "Older", "older words")
    begin(store, "Newer", "newer words")
    shell.chats.refresh()
    qtbot.waitUntil(lambda: len(titles(shell)) == 2)

    shell.actions_by_id["next"].trigger()
    qtbot.waitUntil(lambda: texts(shell) == ["newer words"])
    shell.actions_by_id["next"].trigger()
    qtbot.waitUntil(lambda: texts(shell) == ["older words"])
    shell.actions_by_id["previous"].trigger()
    qtbot.waitUntil(lambda: texts(shell) == ["newer words"])


def test_hiding_the_sidebar_leaves_a_way_to_show_it(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["sidebar"].trigger()
    assert shell.sidebar.isHidden()
    shell.actions_by_id["search"].trigger()
    assert shell.sidebar.isVisible()


def test_what_was_found_before_chats_were_deleted_does_not_bring_them_back(
    qtbot: QtBot, shell: Shell, rows: QListView, store: Store
) -> None:
    first, second = begin(store, "First", "same words"), begin(store, "Second", "same words")
    shell.chats.refresh()
    qtbot.waitUntil(lambda: len(titles(shell)) == 2)
    shell.chats.search("same words")
    qtbot.waitUntil(lambda: len(hits(rows)) == 2)
    shell.chats.delete(first)
    shell.chats.delete(second)
    seen: list[list[Hit]] = []
    shell.chats.listed.connect(lambda: seen.append(hits(rows)))
    qtbot.waitUntil(lambda: bool(seen))
    assert not any(seen)
