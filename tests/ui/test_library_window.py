"""The documents in the window: how they are reached, found beside the chats, and read."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fakes import ScriptedEngine
from sottovoce.domain.document import Found, Passage, Span
from sottovoce.domain.problems import Damaged
from sottovoce.domain.settings import Appearance, Settings
from sottovoce.models.remote import Remote
from sottovoce.store.store import Store
from sottovoce.system.paths import Profile
from sottovoce.ui.chat.view_model import ContextUse
from sottovoce.ui.library.page import DocumentsPage
from sottovoce.ui.settings.dialog import SettingsDialog
from sottovoce.ui.shell import Shell
from sottovoce.ui.sidebar.excerpt import excerpt_around
from sottovoce.ui.sidebar.rows import ROW, DocumentHit, Heading
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.view_model import Opened
from ui.library_script import NOTHING_LEFT, ScriptedLibrary, document, reading
from ui.talking import ask, field

NOTICE = "The tenant shall give notice of termination in writing, three months before."


def found(
    number: int, text: str, *, page: int = 7, path: str = "/cases/Lease.pdf", score: float = 0.9
) -> Found:
    passage = Passage(
        id=number,
        document=1,
        path=Path(path),
        title="",
        span=Span(page, 0, len(text)),
        text=text,
        pages=20,
    )
    return Found(passage, score)


@pytest.fixture
def library() -> ScriptedLibrary:
    """One collection, with one document."""
    library = ScriptedLibrary()
    library.new_collection("Cases")
    library.put(document(1, "/cases/Lease.pdf"))
    return library


@pytest.fixture
def page(qtbot: QtBot, shell: Shell) -> DocumentsPage:
    """The page, in front."""
    shell.actions_by_id["documents"].trigger()
    page = shell.documents
    assert page is not None
    qtbot.waitUntil(lambda: page.pane.rows.rowCount() == 1)
    return page


def listed(shell: Shell) -> list[object]:
    rows = shell.sidebar.findChild(QListView, "chats")
    assert isinstance(rows, QListView)
    model = rows.model()
    return [model.index(i, 0).data(ROW) for i in range(model.rowCount())]


def search(shell: Shell, text: str) -> None:
    """Type in the field beside the chats."""
    [typed] = [
        each
        for each in shell.sidebar.findChildren(QLineEdit)
        if each.accessibleName() == "Search chats and documents"
    ]
    typed.setText(text)


def test_the_page_takes_the_place_of_the_chat_until_escape(
    qtbot: QtBot, shell: Shell, page: DocumentsPage
) -> None:
    assert shell.page.isHidden()
    qtbot.keyClick(page.list, Qt.Key.Key_Escape)
    assert shell.page.isVisible()
    assert page.isHidden()


def test_looking_for_something_begins_in_the_filter(
    qtbot: QtBot, shell: Shell, page: DocumentsPage
) -> None:
    shell.actions_by_id["find"].trigger()
    qtbot.waitUntil(page.pane.filter.hasFocus)


def test_what_is_dropped_on_the_page_is_added(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary, tmp_path: Path
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "letter.odt"))])
    place, action = QPoint(5, 5), Qt.DropAction.CopyAction
    button, no_key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    shell.dragEnterEvent(QDragEnterEvent(place, action, data, button, no_key))
    [hint] = [each for each in page.findChildren(QLabel) if each.text().startswith("Drop")]
    assert hint.isVisible()
    assert hint.text() == "Drop files and folders here to add them to Cases"
    shell.dropEvent(QDropEvent(place, action, data, button, no_key))
    assert not hint.isVisible()
    qtbot.waitUntil(lambda: page.pane.rows.rowCount() == 2)
    assert shell.work.is_begun


def test_what_is_wrong_with_documents_is_told_wherever_one_is(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    says = "Your documents cannot be read. Restore them from a backup."
    library.problem = Damaged(says)
    shell.collections.refresh()
    qtbot.waitUntil(lambda: shell.notice.isVisible() and shell.notice.sentence == says)
    shell.notice.button.click()
    assert shell.documents is not None
    assert shell.documents.isVisible()


def test_the_search_field_finds_chats_and_documents(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary, store: Store
) -> None:
    ask(qtbot, shell, "How long is the notice?")
    shell.collections.refresh()
    qtbot.waitUntil(lambda: shell.collections.any_documents)
    library.found = [
        found(1, NOTICE),
        found(2, "The same page again."),
        found(3, "X", page=9),
        found(4, "Something else.", page=11, score=0.14),
    ]
    search(shell, "notice")
    qtbot.waitUntil(lambda: Heading("In documents") in listed(shell))
    qtbot.waitUntil(lambda: Heading("In chats") in listed(shell))
    hits = [row for row in listed(shell) if isinstance(row, DocumentHit)]
    assert [each.found.passage.id for each in hits] == [1, 3]  # The best of each page worth it.
    assert hits[0].excerpt[hits[0].start :].startswith("notice of termination")
    assert library.queries[-1].scope.collections == (1,)


def test_a_found_passage_can_be_chosen(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    chosen: list[object] = []
    shell.sidebar.found_chosen.connect(chosen.append)
    shell.collections.refresh()
    qtbot.waitUntil(lambda: shell.collections.any_documents)
    library.found = [found(1, NOTICE)]
    search(shell, "notice")
    qtbot.waitUntil(lambda: any(isinstance(row, DocumentHit) for row in listed(shell)))
    rows = shell.sidebar.findChild(QListView, "chats")
    assert isinstance(rows, QListView)
    [place] = [i for i, row in enumerate(listed(shell)) if isinstance(row, DocumentHit)]
    index = rows.model().index(place, 0)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"Lease. page 7. …shall give {NOTICE[NOTICE.index('notice') :]}"
    qtbot.mouseClick(
        rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(index).center()
    )
    assert chosen == library.found


def test_without_documents_the_library_is_not_searched(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    library.documents_kept.clear()
    search(shell, "notice")
    qtbot.waitUntil(lambda: listed(shell) == [Heading("Nothing found")])
    assert library.queries == []


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("A part of the art of cooking", "art", "art of cooking"),
        ("three\nlines   of\ttext", "lines of", "lines of text"),
        ("房屋租赁合同的通知期限", "通知", "通知期限"),
        ("Nothing like it", "Kündigung", "Nothing like it"),
        ("The STRASSE is long", "strasse", "STRASSE is long"),
    ],
)
def test_an_excerpt_shows_what_was_searched_for(text: str, wanted: str, expected: str) -> None:
    shown, start, length = excerpt_around(text, wanted)
    assert shown[start:] == expected
    assert shown[start : start + length].casefold() == (wanted if length else "")


def test_the_lower_edge_tells_that_documents_are_read(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary
) -> None:
    library.tell(reading("/cases/Lease.pdf"))
    qtbot.waitUntil(shell.status.reading.isVisible)
    assert "Reading 3 of 10" in shell.status.words
    shell.actions_by_id["new_chat"].trigger()
    qtbot.mouseClick(shell.status.reading, Qt.MouseButton.LeftButton)
    assert page.isVisible()
    library.tell(NOTHING_LEFT)
    qtbot.waitUntil(shell.status.reading.isHidden)


def test_reading_gives_way_while_a_reply_is_written(
    qtbot: QtBot,
    shell: Shell,
    page: DocumentsPage,
    library: ScriptedLibrary,
    engine: ScriptedEngine,
) -> None:
    engine.replies = ["one two three"]
    with engine.held():
        field(shell).setPlainText("Count.")
        qtbot.keyClick(field(shell), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: library.gives_way)
        shell.chat.stop()
    qtbot.waitUntil(lambda: not library.gives_way)


def test_the_settings_lead_to_more_models(qtbot: QtBot, shell: Shell) -> None:
    shell.actions_by_id["settings"].trigger()
    [dialog] = shell.findChildren(SettingsDialog)
    dialog.documents.catalogue_asked.emit()
    assert shell.models is not None
    assert shell.models.isVisible()
    assert shell.models.tab == "catalogue"


def test_the_wished_reranker_is_used(qtbot: QtBot, shell: Shell, library: ScriptedLibrary) -> None:
    shell.settings.change(replace(shell.settings.settings, reranker="/models/reranker.gguf"))
    qtbot.waitUntil(lambda: library.reranker == Path("/models/reranker.gguf"))
    shell.settings.change(replace(shell.settings.settings, reranker=""))
    qtbot.waitUntil(lambda: library.reranker is None)


@pytest.fixture
def kept(profile: Profile) -> None:
    """Documents were added before this start."""
    profile.documents.touch()


@pytest.mark.usefixtures("kept")
def test_documents_that_are_kept_are_followed_from_the_start(qtbot: QtBot, shell: Shell) -> None:
    qtbot.waitUntil(lambda: shell.work.is_begun and shell.collections.any_documents)


def test_who_has_no_documents_starts_no_library(qtbot: QtBot, shell: Shell) -> None:
    ask(qtbot, shell, "Hello")
    assert not shell.work.is_begun
    assert not shell.collections.is_listed


@pytest.mark.parametrize("width", [340, 380, 460, 560, 700, 900])
def test_nothing_in_the_status_bar_is_cut_off(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary, width: int
) -> None:
    library.tell(reading("/cases/Expert opinion.pdf", read=1_205, waiting=3_998))
    shell.status.show_context(ContextUse(128_000, 131_072))
    shell.status.show_memory(5_100_000_000)
    qtbot.waitUntil(shell.status.reading.isVisible)
    status = shell.status
    status.setParent(None)
    qtbot.addWidget(status)
    status.resize(width, status.height())
    status.show()
    parts = [each for each in status.findChildren(QWidget) if each.isVisible()]
    labels = [each for each in parts if isinstance(each, QLabel | QPushButton)]
    assert status.reading in labels
    for each in labels:
        assert each.width() >= each.sizeHint().width(), each.text()


def test_a_chat_asks_no_more_for_what_was_removed_or_renamed(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary
) -> None:
    other = library.new_collection("Letters")
    shell.collections.refresh()
    qtbot.waitUntil(lambda: page.rows.rowCount() == 2)
    [cases] = [each for each in shell.collections.collections if each.name == "Cases"]
    shell.scope.choose(cases.id, is_chosen=True)
    shell.scope.choose(other.id, is_chosen=True)
    qtbot.waitUntil(lambda: len(shell.scope.asked) == 2)
    shell.collections.rename(cases, "Old cases", renamed=lambda: None, refused=pytest.fail)
    shell.collections.remove(other)
    qtbot.waitUntil(lambda: [each.name for each in shell.scope.asked] == ["Old cases"])


def test_the_viewer_shows_no_document_that_was_removed(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary
) -> None:
    shell.viewer.open_document(1)
    qtbot.waitUntil(lambda: shell.viewer.page is not None)
    shell.collections.remove_documents(library.documents(1))
    qtbot.waitUntil(lambda: shell.viewer.page is None)
    assert shell.viewer.notice


def test_a_document_that_waits_says_so_in_the_viewer_and_escape_closes_it(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary
) -> None:
    [waiting] = library.add(1, [Path("/cases/New letter.pdf")])
    shell.viewer.open_document(waiting.id)
    qtbot.waitUntil(lambda: bool(shell.viewer.notice))
    assert shell.viewer.notice.startswith("This document has not been read yet.")
    pane = shell.viewer_pane
    assert pane is not None
    assert pane.hasFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert pane.isHidden()


def test_files_for_a_chat_without_a_word_are_forgotten_when_the_window_closes(
    qtbot: QtBot, shell: Shell, library: ScriptedLibrary
) -> None:
    shell.chat.attach([Path("/docs/contract.pdf")])
    qtbot.waitUntil(lambda: bool(shell.scope.asked))
    shell.close_down()
    qtbot.waitUntil(lambda: [each.name for each in library.collections()] == ["Cases"])


def test_the_collection_and_the_order_are_those_of_the_last_time(
    qtbot: QtBot,
    store: Store,
    engine: ScriptedEngine,
    tasks: Tasks,
    look: Look,
    profile: Profile,
    library: ScriptedLibrary,
) -> None:
    letters = library.new_collection("Letters")
    shell = Shell(
        Opened(store, Settings(), library),
        engine,
        tasks,
        profile=profile,
        remote=Remote(profile),
        secrets=lambda: None,
        look=look,
        appearance=Appearance(collection=letters.id, documents_order="-size"),
    )
    qtbot.addWidget(shell)
    assert (shell.collections.chosen_number, shell.documents_order) == (letters.id, "-size")
    shell.actions_by_id["documents"].trigger()
    qtbot.waitUntil(lambda: shell.collections.chosen is not None)
    assert shell.documents is not None
    assert shell.documents.pane.name.text() == "Letters"
    assert shell.documents_order == "-size"
    shell.documents.pane.table.sort_as("what nobody sorts by")
    assert shell.documents_order == "name"


def reached_by_tab(shell: Shell, first: QWidget) -> list[str]:
    """The names of what has the focus, one after the other, until it comes round."""
    names = [first.accessibleName()]
    widget = first
    first.setFocus()
    while True:
        QTest.keyClick(widget, Qt.Key.Key_Tab)
        found = shell.window().focusWidget()
        assert found is not None
        if found is first or len(names) > 60:
            return names
        widget = found
        says = widget.text() if isinstance(widget, QPushButton) else ""
        names.append(widget.accessibleName() or says.strip())


def test_all_of_the_page_is_reached_by_tab(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary
) -> None:
    names = reached_by_tab(shell, page.list)
    wanted = ["Collections", "Add", "More", "Filter the documents", "Documents"]
    assert names[: len(wanted)] == wanted
    assert names[-2:] == ["Back to the chat", "New collection"]


def test_an_empty_collection_lets_the_focus_go_on(
    qtbot: QtBot, shell: Shell, page: DocumentsPage, library: ScriptedLibrary
) -> None:
    shell.collections.choose(library.new_collection("Letters").id)
    shell.collections.refresh()
    qtbot.waitUntil(lambda: page.pane.name.text() == "Letters" and page.pane.empty.isVisible())
    names = reached_by_tab(shell, page.list)
    assert names[:5] == ["Collections", "Add", "More", "Add files…", "Add a folder…"]


def test_where_the_collections_are_hidden_the_documents_have_the_focus(
    qtbot: QtBot, shell: Shell, page: DocumentsPage
) -> None:
    shell.resize(640, 600)
    qtbot.waitUntil(lambda: not page.list.isVisible())
    shell.actions_by_id["focus"].trigger()
    shell.actions_by_id["documents"].trigger()
    assert shell.window().focusWidget() is page.pane.table
