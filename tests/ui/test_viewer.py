"""A document beside the chat, from real files through the real library to pages with marks."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QClipboard, QColor, QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from library.ingesting import library as library_in_memory
from library.ingesting import read
from library.made_pdf import paragraph, save
from sottovoce.domain.document import Citation, Document, Page, Sources, Span
from sottovoce.domain.problems import Missing
from sottovoce.library.local import LocalLibrary
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.viewer.beside import Beside
from sottovoce.ui.viewer.pane import NARROWEST, ViewerPane
from sottovoce.ui.viewer.view_model import ViewerViewModel

CHAPTERS = [
    "# The lease\n\nThe tenant pays the rent on the first day of each month.\n",
    "# The deposit\n\nThe deposit is three months’ rent. It is held in an account of its own.\n",
]


@pytest.fixture
def documents() -> Iterator[LocalLibrary]:
    library = library_in_memory()
    yield library
    library.close()


@pytest.fixture
def viewer(documents: LocalLibrary, tasks: Tasks) -> Iterator[ViewerViewModel]:
    viewer = ViewerViewModel(documents, tasks)
    yield viewer
    viewer.close()


@pytest.fixture
def pane(qtbot: QtBot, viewer: ViewerViewModel, look: Look) -> ViewerPane:
    pane = ViewerPane(viewer, look)
    qtbot.addWidget(pane)
    pane.resize(500, 700)
    pane.show()
    return pane


def added(library: LocalLibrary, path: Path) -> Document:
    """A document that has been read."""
    collection = library.new_collection(path.name)
    library.add(collection.id, [path], watch=False)
    read(library)
    (document,) = library.documents(collection.id)
    return document


@pytest.fixture
def lease(documents: LocalLibrary, tmp_path: Path) -> Document:
    """A text of one page."""
    path = tmp_path / "Lease.md"
    path.write_text("\n".join(CHAPTERS), encoding="utf-8")
    return added(documents, path)


@pytest.fixture
def rules(documents: LocalLibrary, tmp_path: Path) -> Document:
    """Another text."""
    path = tmp_path / "Rules.txt"
    path.write_text("Nobody may whistle on Sundays.", encoding="utf-8")
    return added(documents, path)


def cited(library: LocalLibrary, document: Document, *quotes: str) -> Sources:
    """Citations of the places where these words stand."""
    pages = library.text(document.id)
    citations = []
    for number, quote in enumerate(quotes, start=1):
        page = next(page for page in pages if quote in page.text)
        start = page.text.index(quote)
        span = Span(page.number, start, start + len(quote))
        citations.append(
            Citation(number, document.id, document.path, "", span, quote, pages=len(pages))
        )
    return Sources(citations=tuple(citations))


def marked(pane: ViewerPane) -> list[str]:
    """The words that are marked in the text."""
    return [each.cursor.selectedText() for each in pane.text_view.extraSelections()]


def test_a_citation_is_shown_in_its_text(
    qtbot: QtBot,
    pane: ViewerPane,
    viewer: ViewerViewModel,
    documents: LocalLibrary,
    lease: Document,
) -> None:
    sources = cited(documents, lease, "three months’ rent", "first day of each month")
    viewer.open_source(sources, sources.citations[0])
    qtbot.waitUntil(lambda: marked(pane) == ["three months’ rent", "first day of each month"])
    assert pane.text_view.textCursor().position() == sources.citations[0].span.start
    assert pane.text_view.accessibleDescription() == "three months’ rent"
    assert pane.text_view.isReadOnly()
    assert pane.banner.isHidden()


def test_arrows_go_through_the_sources_of_a_reply(
    qtbot: QtBot,
    pane: ViewerPane,
    viewer: ViewerViewModel,
    documents: LocalLibrary,
    lease: Document,
    rules: Document,
) -> None:
    one, other = cited(documents, lease, "three months’ rent"), cited(documents, rules, "whistle")
    sources = Sources(citations=(*one.citations, *other.citations))
    viewer.open_source(sources, sources.citations[0])
    qtbot.waitUntil(lambda: pane._place.text() == "Source 1 of 2")
    qtbot.mouseClick(pane._place_after, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: marked(pane) == ["whistle"])
    assert pane._name.accessibleName() == "Rules"
    qtbot.mouseClick(pane._place_after, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: marked(pane) == ["three months’ rent"])


def test_words_are_found_in_the_document(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, lease: Document
) -> None:
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: viewer.page is not None)
    with qtbot.waitSignal(viewer.found) as found:
        pane.find_bar.wanted.emit("THE  deposit", True)
    assert found.args == [True]
    assert [words.casefold() for words in marked(pane)] == ["the deposit", "the deposit"]
    first = pane.text_view.textCursor().position()
    pane.find_bar.wanted.emit("THE  deposit", True)
    assert pane.text_view.textCursor().position() > first
    with qtbot.waitSignal(viewer.found) as found:
        pane.find_bar.wanted.emit("elephant", True)
    assert found.args == [False]
    pane.find_bar.close_bar()
    assert not marked(pane)


def test_what_is_cited_is_copied_unless_something_is_selected(
    qtbot: QtBot,
    pane: ViewerPane,
    viewer: ViewerViewModel,
    documents: LocalLibrary,
    lease: Document,
) -> None:
    clipboard: QClipboard = QGuiApplication.clipboard()
    sources = cited(documents, lease, "three months’ rent")
    viewer.open_source(sources, sources.citations[0])
    qtbot.waitUntil(lambda: bool(marked(pane)))
    pane.copy()
    assert clipboard.text() == "three months’ rent"
    pane.text_view.selectAll()
    pane.copy()
    assert "first day of each month" in clipboard.text()


def test_a_file_that_has_changed_is_shown_with_a_warning(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, lease: Document
) -> None:
    lease.path.write_text("Something else.", encoding="utf-8")
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: not pane.banner.isHidden())
    assert "has changed since it was read" in pane.banner.sentence
    assert "three months" in pane.text_view.toPlainText(), "What was read is shown."


def test_a_file_that_is_gone_is_shown_as_it_was_read(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, lease: Document
) -> None:
    lease.path.unlink()
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: not pane.banner.isHidden())
    assert "not where it was" in pane.banner.sentence
    assert "three months" in pane.text_view.toPlainText()


def test_a_document_that_was_removed_is_told(
    qtbot: QtBot,
    pane: ViewerPane,
    viewer: ViewerViewModel,
    documents: LocalLibrary,
    lease: Document,
) -> None:
    documents.remove([lease.id])
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: not pane.banner.isHidden())
    assert pane.banner.sentence.endswith(".")
    assert viewer.document is None


def test_escape_closes_it(qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel) -> None:
    with qtbot.waitSignal(pane.closed):
        qtbot.keyClick(pane.page_view, Qt.Key.Key_Escape)
    with qtbot.waitSignal(pane.closed):
        qtbot.keyClick(pane.text_view, Qt.Key.Key_Escape)


def test_it_takes_turns_with_the_chat_where_there_is_no_room_for_both(qtbot: QtBot) -> None:
    chat, pane = QWidget(), QWidget()
    pane.setMinimumWidth(NARROWEST)
    beside = Beside(chat, 400)
    qtbot.addWidget(beside)
    beside.resize(1000, 600)
    beside.show()
    beside.show_beside(pane)
    assert chat.isVisible()
    assert pane.width() == 400
    beside.resize(600, 600)
    assert not chat.isVisible()
    assert pane.width() >= 599
    beside.resize(1000, 600)
    assert chat.isVisible()
    assert pane.width() == 400
    beside.hide_other()
    assert not pane.isVisible()
    assert beside.other_width == 400


# Pages as they look.


@pytest.fixture
def printed(documents: LocalLibrary, tmp_path: Path) -> Document:
    """A PDF file of three pages."""
    pages = (
        ["Page one speaks of the rent."],
        ["Page two speaks of the deposit.", "The deposit is three rents."],
        ["Page three speaks of pets."],
    )
    return added(documents, save(tmp_path / "Lease.pdf", *(paragraph(*each) for each in pages)))


def drawn(qtbot: QtBot, viewer: ViewerViewModel, number: int) -> None:
    """Wait until a page is drawn."""

    def is_drawn() -> bool:
        shown = viewer._shown
        return shown is not None and shown[1] == number and not viewer._is_drawing

    qtbot.waitUntil(is_drawn)


def test_a_page_is_drawn_with_the_citation_marked(
    qtbot: QtBot,
    pane: ViewerPane,
    viewer: ViewerViewModel,
    documents: LocalLibrary,
    printed: Document,
) -> None:
    sources = cited(documents, printed, "The deposit is three rents.")
    viewer.open_source(sources, sources.citations[0])
    drawn(qtbot, viewer, 2)
    view = pane.page_view
    ((mark, (box,)),) = view._boxes
    assert mark.is_current
    page = view._page
    picture = view.viewport().grab().toImage()
    inside = page.topLeft().toPoint()
    x = inside.x() + round((box.left() + box.right()) / 2 * page.width())
    colours = {
        picture.pixelColor(x + dx, inside.y() + round(box.center().y() * page.height())).name()
        for dx in range(-30, 30)
    }
    assert QColor("#ffd94d").name() in colours
    assert pane._number.text() == "2"
    assert pane._pages.text().strip() == "of 3"


def test_pages_are_turned_by_buttons_and_keys(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, printed: Document
) -> None:
    viewer.open_document(printed.id)
    drawn(qtbot, viewer, 1)
    assert not pane._before.isEnabled()
    qtbot.mouseClick(pane._after, Qt.MouseButton.LeftButton)
    drawn(qtbot, viewer, 2)
    pane.page_view.verticalScrollBar().setValue(pane.page_view.verticalScrollBar().maximum())
    qtbot.keyClick(pane.page_view, Qt.Key.Key_PageDown)
    drawn(qtbot, viewer, 3)
    assert not pane._after.isEnabled()
    pane._number.setText("1")
    qtbot.keyClick(pane._number, Qt.Key.Key_Return)
    drawn(qtbot, viewer, 1)
    pane._number.setText("77")
    qtbot.keyClick(pane._number, Qt.Key.Key_Return)
    assert pane._number.text() == "1", "There is no such page."


def test_a_larger_page_is_drawn_in_its_size(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, printed: Document
) -> None:
    viewer.open_document(printed.id)
    drawn(qtbot, viewer, 1)
    assert viewer.rendering is not None
    before = viewer.rendering.width
    qtbot.mouseClick(pane._larger, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: viewer.rendering is not None and viewer.rendering.width > 1.2 * before)
    assert pane._size.text() == "125 %"


def test_what_is_sought_is_marked_on_the_page(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, printed: Document
) -> None:
    viewer.open_document(printed.id)
    drawn(qtbot, viewer, 1)
    viewer.find("deposit", forward=True)
    drawn(qtbot, viewer, 2)
    qtbot.waitUntil(lambda: len(pane.page_view._boxes) == 2)
    assert [mark.is_current for mark, _ in pane.page_view._boxes] == [True, False]
    viewer.find("deposit", forward=True)
    qtbot.waitUntil(lambda: [mark.is_current for mark, _ in pane.page_view._boxes] == [False, True])


def test_a_page_can_be_read_as_text(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, printed: Document
) -> None:
    viewer.open_document(printed.id)
    drawn(qtbot, viewer, 1)
    qtbot.mouseClick(pane._text, Qt.MouseButton.LeftButton)
    assert pane.text_view.isVisible()
    assert "Page one" in pane.text_view.toPlainText()
    qtbot.mouseClick(pane._text, Qt.MouseButton.LeftButton)
    assert pane.page_view.isVisible()


def test_a_file_that_cannot_be_drawn_any_more_is_shown_as_text(
    qtbot: QtBot, pane: ViewerPane, viewer: ViewerViewModel, printed: Document
) -> None:
    there = printed.path.stat()
    printed.path.write_bytes(b"x" * there.st_size)
    os.utime(printed.path, ns=(there.st_atime_ns, there.st_mtime_ns))
    viewer.open_document(printed.id)
    qtbot.waitUntil(pane.text_view.isVisible)
    assert not pane.banner.isHidden()
    assert "Page one" in pane.text_view.toPlainText()


def test_what_is_cited_stays_in_sight_while_the_page_grows(
    qtbot: QtBot, documents: LocalLibrary, viewer: ViewerViewModel, pane: ViewerPane, tmp_path: Path
) -> None:
    path = save(tmp_path / "Lease.pdf", paragraph("The tenant pays.", "The deposit is apart."))
    sources = cited(documents, added(documents, path), "The deposit is apart.")
    viewer.open_source(sources, sources.citations[0])
    view = pane.page_view
    qtbot.waitUntil(lambda: bool(view.current))
    for _ in range(4):
        view.step_zoom(1)
    assert view.zoom > 2
    assert view.viewport().rect().contains(view.current[0].center().toPoint())


def test_what_is_being_opened_is_shown_although_documents_change_meanwhile(
    qtbot: QtBot, viewer: ViewerViewModel, lease: Document, rules: Document
) -> None:
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: viewer.document is not None)
    viewer.open_document(rules.id)
    viewer.look_again()
    viewer.show_page(1)
    qtbot.waitUntil(lambda: viewer.document is not None and viewer.document.id == rules.id)


def test_a_search_in_what_is_shown_no_more_is_forgotten(
    qtbot: QtBot,
    viewer: ViewerViewModel,
    documents: LocalLibrary,
    lease: Document,
    rules: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_fail = Event()

    def fail(_: int) -> list[Page]:
        may_fail.wait(60)
        raise Missing("This document is not here any more.")

    monkeypatch.setattr(documents, "text", fail)
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: viewer.document is not None)
    viewer.find("deposit", forward=True)
    viewer.open_document(rules.id)
    qtbot.waitUntil(lambda: viewer.document is not None and viewer.document.id == rules.id)
    may_fail.set()
    with qtbot.waitSignal(viewer.changed):
        viewer.look_again()
    assert viewer.document is not None
    assert not viewer.notice


def test_enter_while_words_are_being_sought_says_nothing_yet(
    qtbot: QtBot, viewer: ViewerViewModel, lease: Document
) -> None:
    viewer.open_document(lease.id)
    qtbot.waitUntil(lambda: viewer.document is not None)
    told: list[bool] = []
    viewer.found.connect(told.append)
    viewer.find("deposit", forward=True)
    viewer.find("deposit", forward=True)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [True]
