from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from sottovoce.domain.document import Collection, Document, DocumentState, Folder, Format
from sottovoce.domain.problems import Interrupted
from sottovoce.domain.settings import Settings
from sottovoce.library.news import Settled, Working
from sottovoce.models.shelf import shelf_in
from sottovoce.store.store import Store
from sottovoce.system.paths import Profile
from sottovoce.ui.library import words
from sottovoce.ui.library.collections_view_model import CollectionsViewModel
from sottovoce.ui.library.document_rows import Column
from sottovoce.ui.library.name_dialog import NameDialog
from sottovoce.ui.library.page import DocumentsPage
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.settings.document_models import DocumentModelsViewModel
from sottovoce.ui.settings.documents_tab import DocumentsTab
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look
from ui.library_script import NOTHING_LEFT, NOW, ScriptedLibrary, document, reading
from ui.models_page import press


@pytest.fixture
def settings(store: Store, tasks: Tasks) -> SettingsViewModel:
    return SettingsViewModel(store, tasks, Settings())


@pytest.fixture
def collections(
    library: ScriptedLibrary, tasks: Tasks, settings: SettingsViewModel
) -> CollectionsViewModel:
    return CollectionsViewModel(library, tasks, settings)


@pytest.fixture
def is_replying() -> list[bool]:
    """Whether a reply is being written: its last item."""
    return [False]


@pytest.fixture
def work(
    library: ScriptedLibrary, tasks: Tasks, settings: SettingsViewModel, is_replying: list[bool]
) -> WorkViewModel:
    return WorkViewModel(library, tasks, settings, lambda: is_replying[-1])


@pytest.fixture
def models(profile: Profile, tasks: Tasks) -> DocumentModelsViewModel:
    return DocumentModelsViewModel(shelf_in(profile), tasks)


@pytest.fixture
def page(
    qtbot: QtBot,
    tasks: Tasks,
    collections: CollectionsViewModel,
    work: WorkViewModel,
    models: DocumentModelsViewModel,
    look: Look,
) -> Iterator[DocumentsPage]:
    """The page as it is first seen: nobody was asked what is there."""
    page = DocumentsPage(collections, work, models, look)
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    yield page
    tasks.close()


@pytest.fixture
def three(library: ScriptedLibrary) -> ScriptedLibrary:
    """Two collections: one with a good, a waiting and a bad document, and an empty one."""
    library.new_collection("Cases")
    library.new_collection("Papers")
    library.put(
        document(1, "/cases/Lease.pdf", title="Lease of 2024", pages=48),
        document(2, "/cases/letter 10.eml", format_=Format.EMAIL, pages=1, size=2_000),
        document(
            3, "/cases/letter 2.pdf", state=DocumentState.FAILED, pages=0, trouble="It is locked."
        ),
    )
    return library


@pytest.fixture
def filled(
    qtbot: QtBot, three: ScriptedLibrary, page: DocumentsPage, collections: CollectionsViewModel
) -> DocumentsPage:
    """The page with the first collection in sight."""
    collections.refresh()
    qtbot.waitUntil(lambda: page.pane.rows.rowCount() == 3)
    return page


def names(page: DocumentsPage) -> list[str]:
    """What the table lists."""
    return [each.name for each in page.pane.rows.documents]


def said(page: DocumentsPage, row: int, column: Column) -> object:
    """What stands in a cell."""
    return page.pane.rows.index(row, column).data()


def choose(qtbot: QtBot, page: DocumentsPage, number: int) -> None:
    """Click on a document."""
    table = page.pane.table
    place = table.visualRect(page.pane.rows.index_of(number)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def dialog(qtbot: QtBot, page: DocumentsPage) -> NameDialog:
    """The question for a name."""
    shown: list[NameDialog] = []

    def is_there() -> bool:
        shown[:] = [each for each in page.findChildren(NameDialog) if each.isVisible()]
        return bool(shown)

    qtbot.waitUntil(is_there)
    return shown[0]


def answer(qtbot: QtBot, page: DocumentsPage, says: str) -> str:
    """Press a button of the question that is asked, and return the question."""
    boxes = [each for each in page.findChildren(QMessageBox) if each.isVisible()]
    [button] = [each for each in boxes[0].buttons() if each.text() == says]
    question = boxes[0].text()
    button.click()
    return question


def test_without_collections_the_page_invites(
    qtbot: QtBot, page: DocumentsPage, collections: CollectionsViewModel
) -> None:
    assert not page.pane.empty.isVisible()  # Nothing is claimed before it is known.
    collections.refresh()
    qtbot.waitUntil(page.pane.empty.isVisible)
    assert page.pane.empty.title.text() == "Ask your own documents"
    assert page.list.isHidden() or not page.list.isVisible()


def test_files_that_are_added_first_make_a_collection(
    qtbot: QtBot, library: ScriptedLibrary, page: DocumentsPage, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    page.add([file])
    qtbot.waitUntil(lambda: names(page) == ["notes"])
    assert page.pane.name.text() == "Documents"
    assert [each.name for each in library.collections()] == ["Documents"]
    assert said(page, 0, Column.STATE) == "Waiting"


def test_an_empty_collection_says_how_it_is_filled(
    qtbot: QtBot, filled: DocumentsPage, collections: CollectionsViewModel
) -> None:
    collections.choose(2)
    qtbot.waitUntil(filled.pane.empty.isVisible)
    assert filled.pane.name.text() == "Papers"
    assert filled.pane.empty.title.text() == "Nothing is in this collection yet"
    assert names(filled) == []


def test_a_collection_says_what_it_holds(filled: DocumentsPage) -> None:
    assert filled.pane.facts == "3 documents · 49 pages · 482 kB"
    listed = filled.rows.index(0)
    assert listed.data(Qt.ItemDataRole.AccessibleTextRole) == "Cases. 3 documents · 1 not read"


def test_documents_stand_as_a_person_counts(filled: DocumentsPage) -> None:
    assert names(filled) == ["Lease of 2024", "letter 2", "letter 10"]


@pytest.mark.parametrize(
    ("column", "order"),
    [
        (Column.STATE, ["letter 2", "Lease of 2024", "letter 10"]),
        (Column.PAGES, ["letter 2", "letter 10", "Lease of 2024"]),
        (Column.SIZE, ["letter 10", "Lease of 2024", "letter 2"]),
    ],
)
def test_documents_are_sorted_by_a_click_on_a_head(
    filled: DocumentsPage, column: Column, order: list[str]
) -> None:
    filled.pane.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    assert names(filled) == order


def test_what_a_row_says(filled: DocumentsPage) -> None:
    assert [said(filled, 1, each) for each in Column] == [
        "letter 2",
        "Not read",
        "",
        "240 kB",
        "20 Nov",
    ]
    spoken = filled.pane.rows.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "letter 2. Not read. It is locked"
    assert said(filled, 2, Column.PAGES) == "1 part"


@pytest.mark.parametrize(
    ("typed", "found"),
    [("2024 lease", "Lease of 2024"), ("LOCKED", "letter 2"), ("/cases/letter 10", "letter 10")],
)
def test_the_filter_looks_at_names_places_and_troubles(
    qtbot: QtBot, filled: DocumentsPage, typed: str, found: str
) -> None:
    filled.pane.filter.setText(typed)
    qtbot.waitUntil(lambda: names(filled) == [found])


def test_where_no_document_fits_the_filter_stays(qtbot: QtBot, filled: DocumentsPage) -> None:
    filled.pane.filter.setText("nowhere")
    qtbot.waitUntil(lambda: names(filled) == [])
    assert not filled.pane.table.isVisible()
    assert filled.pane.filter.isVisible()


def test_problems_are_listed_alone_and_read_again(
    qtbot: QtBot, filled: DocumentsPage, library: ScriptedLibrary
) -> None:
    assert filled.pane.troubled.text().strip() == "1 problem"
    press(qtbot, filled.pane.troubled)
    assert names(filled) == ["letter 2"]
    press(qtbot, filled.pane.retry_all)
    qtbot.waitUntil(lambda: library.retried == [3])
    qtbot.waitUntil(lambda: len(names(filled)) == 3)  # There is none left: all are shown again.
    assert filled.pane.troubled.isHidden()


def test_a_removed_document_comes_back_when_undone(
    qtbot: QtBot, filled: DocumentsPage, library: ScriptedLibrary
) -> None:
    choose(qtbot, filled, 2)
    qtbot.keyClick(filled.pane.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: names(filled) == ["Lease of 2024", "letter 2"])
    qtbot.waitUntil(filled.toast.isVisible)
    assert filled.toast.accessibleName() == "letter 10 was removed"
    press(qtbot, filled.toast.button)
    qtbot.waitUntil(lambda: "letter 10" in names(filled))


def test_a_removed_document_comes_back_where_it_was(
    qtbot: QtBot,
    filled: DocumentsPage,
    library: ScriptedLibrary,
    collections: CollectionsViewModel,
) -> None:
    choose(qtbot, filled, 2)
    qtbot.keyClick(filled.pane.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(filled.toast.isVisible)
    collections.choose(2)
    press(qtbot, filled.toast.button)
    qtbot.waitUntil(lambda: len(library.documents(1)) == 3)
    assert library.documents(2) == []


def test_several_documents_are_removed_together(
    qtbot: QtBot, filled: DocumentsPage, library: ScriptedLibrary
) -> None:
    filled.pane.table.selectAll()
    bar = filled.pane.selection
    assert bar.isVisible()
    assert not bar.actions_by_icon["eye"].isEnabled()
    bar.actions_by_icon["trash-2"].trigger()
    qtbot.waitUntil(lambda: library.documents_kept == {})
    qtbot.waitUntil(filled.pane.empty.isVisible)
    assert not bar.isVisible()


def test_a_document_is_shown_by_enter_if_there_is_something_to_show(
    qtbot: QtBot, filled: DocumentsPage
) -> None:
    shown: list[object] = []
    filled.view_asked.connect(shown.append)
    choose(qtbot, filled, 3)
    qtbot.keyClick(filled.pane.table, Qt.Key.Key_Return)
    choose(qtbot, filled, 1)
    qtbot.keyClick(filled.pane.table, Qt.Key.Key_Return)
    assert shown == [filled.pane.rows.document(filled.pane.rows.index_of(1))]


def test_what_is_chosen_stays_chosen_while_the_list_changes(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, collections: CollectionsViewModel
) -> None:
    choose(qtbot, filled, 2)
    three.put(document(4, "/cases/A first.pdf"))
    collections.refresh()  # The number of documents tells that there are others.
    qtbot.waitUntil(lambda: len(names(filled)) == 4)
    assert [each.id for each in filled.pane.table.chosen] == [2]


def test_the_work_is_told_in_words(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, work: WorkViewModel
) -> None:
    work.begin()
    three.put(document(5, "/cases/new.pdf", state=DocumentState.WAITING, pages=0))
    three.tell(reading("/cases/new.pdf"))
    qtbot.waitUntil(filled.pane.work.isVisible)
    assert filled.pane.work.words.replace("\u200b", "").startswith(
        "Reading 3 of 10 documents · about 5 minutes left · new.pdf, page 12 of 80 · 42 pages/s"
    )
    three.tell(NOTHING_LEFT)
    qtbot.waitUntil(lambda: not filled.pane.work.isVisible())


def test_a_document_that_was_read_says_so_at_once(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, work: WorkViewModel
) -> None:
    work.begin()
    read = document(3, "/cases/letter 2.pdf", state=DocumentState.WORDS, pages=2)
    three.tell(Settled(read))
    qtbot.waitUntil(lambda: said(filled, 1, Column.STATE) == "Words only")
    assert filled.pane.troubled.isHidden()


def test_a_document_that_came_with_its_folder_is_listed(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, work: WorkViewModel
) -> None:
    work.begin()
    came = document(9, "/cases/came by itself.pdf")
    three.put(came)
    three.tell(Settled(came))
    qtbot.waitUntil(lambda: "came by itself" in names(filled))


def test_the_work_is_paused_and_goes_on(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, work: WorkViewModel
) -> None:
    work.begin()
    three.tell(reading("/cases/Lease.pdf"))
    press(qtbot, filled.pane.work.pause)
    qtbot.waitUntil(lambda: three.is_paused)
    assert filled.pane.work.pause.accessibleName() == "Resume reading documents"
    press(qtbot, filled.pane.work.pause)
    qtbot.waitUntil(lambda: not three.is_paused)


def test_the_work_gives_way_to_a_reply(
    qtbot: QtBot, three: ScriptedLibrary, work: WorkViewModel, is_replying: list[bool]
) -> None:
    work.begin()
    is_replying.append(True)
    work.note_replies()
    qtbot.waitUntil(lambda: three.gives_way)
    assert not three.is_paused
    is_replying.append(False)
    work.note_replies()
    qtbot.waitUntil(lambda: not three.gives_way)


def test_the_work_rests_while_a_reply_is_written_if_that_is_wished(
    qtbot: QtBot,
    three: ScriptedLibrary,
    work: WorkViewModel,
    is_replying: list[bool],
    settings: SettingsViewModel,
) -> None:
    work.begin()
    is_replying.append(True)
    settings.change(replace(settings.settings, rests_while_replying=True))
    qtbot.waitUntil(lambda: three.is_paused)
    assert not work.is_paused  # It is not the person who paused it.
    is_replying.append(False)
    work.note_replies()
    qtbot.waitUntil(lambda: not three.is_paused)


def test_work_that_broke_off_can_go_on(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, work: WorkViewModel
) -> None:
    work.begin()
    three.tell(Interrupted("The library ended in the middle. Try again."))
    qtbot.waitUntil(filled.banner.isVisible)
    assert filled.banner.sentence == "The library ended in the middle. Try again."
    assert not work.is_begun
    press(qtbot, filled.banner.button)
    qtbot.waitUntil(lambda: work.is_begun)
    assert not filled.banner.isVisible()


def test_a_new_collection_needs_a_name_of_its_own(qtbot: QtBot, filled: DocumentsPage) -> None:
    press(qtbot, filled.new)
    shown = dialog(qtbot, filled)
    assert not shown.accept_button.isEnabled()
    shown.name.setText("Cases")
    press(qtbot, shown.accept_button)
    qtbot.waitUntil(shown.trouble.isVisible)
    assert "of this name" in shown.trouble.text()
    shown.name.setText("Letters")
    press(qtbot, shown.accept_button)
    qtbot.waitUntil(lambda: filled.pane.name.text() == "Letters")


def test_a_collection_is_renamed(
    qtbot: QtBot, filled: DocumentsPage, collections: CollectionsViewModel
) -> None:
    chosen = collections.chosen
    assert chosen is not None
    filled.rename(chosen)
    shown = dialog(qtbot, filled)
    assert shown.name.text() == "Cases"
    shown.name.setText("Old cases")
    press(qtbot, shown.accept_button)
    qtbot.waitUntil(lambda: filled.pane.name.text() == "Old cases")


def test_a_collection_with_documents_is_removed_after_a_question(
    qtbot: QtBot, filled: DocumentsPage, library: ScriptedLibrary
) -> None:
    filled.list.setFocus()
    qtbot.keyClick(filled.list, Qt.Key.Key_Delete)
    asked = answer(qtbot, filled, "Remove")
    assert asked == (
        "Sottovoce forgets Cases and all it knows of its 3 documents. "
        "The files stay where they are."
    )
    qtbot.waitUntil(lambda: [each.name for each in library.collections()] == ["Papers"])
    qtbot.waitUntil(lambda: filled.pane.name.text() == "Papers")


def test_an_empty_collection_comes_back_when_undone(
    qtbot: QtBot,
    filled: DocumentsPage,
    collections: CollectionsViewModel,
    library: ScriptedLibrary,
) -> None:
    collections.choose(2)
    chosen = collections.chosen
    assert chosen is not None
    filled.ask_to_remove(chosen)
    qtbot.waitUntil(lambda: len(library.collections()) == 1)
    press(qtbot, filled.toast.button)
    qtbot.waitUntil(lambda: filled.pane.name.text() == "Papers")


def test_new_collections_are_searched_by_the_wished_model(
    qtbot: QtBot,
    library: ScriptedLibrary,
    settings: SettingsViewModel,
    collections: CollectionsViewModel,
) -> None:
    settings.change(replace(settings.settings, embedding="better"))
    collections.begin("New", refused=pytest.fail)
    qtbot.waitUntil(lambda: collections.chosen is not None)
    assert library.collection("New").embedding == "better"


def test_folders_are_followed_or_not(
    qtbot: QtBot, three: ScriptedLibrary, filled: DocumentsPage, collections: CollectionsViewModel
) -> None:
    three.folders_kept = [
        Folder(1, 1, Path("/cases")),
        Folder(2, 1, Path("/mnt/share"), trouble="It cannot be reached."),
    ]
    collections.read_contents()
    qtbot.waitUntil(lambda: len(filled.pane.folders.chips) == 2)
    first, second = filled.pane.folders.chips
    assert second.accessibleName() == "Folder /mnt/share. It cannot be reached."
    [follow] = [each for each in first.menu().actions() if each.text() == "Follow this folder"]
    follow.trigger()
    qtbot.waitUntil(lambda: not three.folders_kept[0].is_watched)


def test_a_removed_folder_can_be_added_again(
    qtbot: QtBot,
    library: ScriptedLibrary,
    page: DocumentsPage,
    collections: CollectionsViewModel,
    tmp_path: Path,
) -> None:
    (tmp_path / "cases").mkdir()
    page.add([tmp_path / "cases"])
    qtbot.waitUntil(lambda: len(page.pane.folders.chips) == 1)
    collections.remove_folder(collections.folders[0])
    qtbot.waitUntil(lambda: not page.pane.folders.isVisible())
    press(qtbot, page.toast.button)
    qtbot.waitUntil(page.pane.folders.isVisible)
    assert library.folders_kept[0].is_watched


def test_in_a_narrow_window_list_and_documents_take_turns(
    qtbot: QtBot, filled: DocumentsPage
) -> None:
    filled.resize(480, 700)
    assert filled.pane.isVisible()
    assert not filled.list.isVisible()
    press(qtbot, filled.all)
    assert filled.list.isVisible()
    assert not filled.pane.isVisible()
    qtbot.keyClick(filled.list, Qt.Key.Key_Return)
    assert filled.pane.isVisible()


def test_what_cannot_be_done_is_told(
    qtbot: QtBot, filled: DocumentsPage, three: ScriptedLibrary, collections: CollectionsViewModel
) -> None:
    three.problem = Interrupted("The library does not answer. Try again.")
    collections.refresh()
    qtbot.waitUntil(filled.banner.isVisible)
    assert filled.banner.sentence == "The library does not answer. Try again."


def test_everything_on_the_page_is_named(qtbot: QtBot, filled: DocumentsPage) -> None:
    choose(qtbot, filled, 1)
    controls = [
        each
        for each in filled.findChildren(QAbstractButton)
        if each.isVisible() and each.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert len(controls) > 8
    assert [each for each in controls if not (each.accessibleName() or each.text())] == []


def test_a_hundred_thousand_documents_are_listed_filtered_and_sorted(
    qtbot: QtBot, library: ScriptedLibrary, page: DocumentsPage, collections: CollectionsViewModel
) -> None:
    library.new_collection("All")
    library.put(*(document(number, f"/all/{number}.pdf") for number in range(100_000)))
    collections.refresh()
    qtbot.waitUntil(lambda: page.pane.rows.rowCount() == 100_000)
    page.pane.table.sortByColumn(Column.NAME, Qt.SortOrder.DescendingOrder)
    assert page.pane.rows.documents[0].name == "99999"
    page.pane.filter.setText("/9999")
    qtbot.waitUntil(lambda: page.pane.rows.rowCount() == 11)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 20, 8, 5, tzinfo=UTC), "08:05"),
        (datetime(2026, 3, 3, tzinfo=UTC), "3 Mar"),
        (datetime(2024, 3, 3, tzinfo=UTC), "3 Mar 2024"),
    ],
)
def test_a_day_is_told_as_briefly_as_it_can_be(moment: datetime, shown: str) -> None:
    said = words.day(moment, NOW)
    assert said == (f"{moment.astimezone():%H:%M}" if ":" in shown else shown)


WORKING = Working(
    path=None, page=0, pages=None, read=7, waiting=0, embedded=240, without_vectors=760
)


@pytest.mark.parametrize(
    ("change", "headline", "brief"),
    [
        (
            lambda now: now,
            "Preparing search by meaning, 240 of 1,000 passages",
            "Preparing search, 24 %",
        ),
        (
            lambda now: replace(now, is_paused=True),
            "Paused: search by meaning, 240 of 1,000 passages",
            "Reading paused",
        ),
        (
            lambda now: replace(now, waiting=1, is_paused=True),
            "Paused: 7 of 8 documents read",
            "Reading paused",
        ),
        (lambda now: replace(now, waiting=1), "Reading 8 of 8 documents", "Reading 8 of 8"),
    ],
)
def test_how_far_the_work_is(
    change: Callable[[Working], Working], headline: str, brief: str
) -> None:
    now = change(WORKING)
    assert words.headline(now) == headline
    assert words.briefly(now, is_resting=False) == brief


def test_another_model_searches_a_collection_after_a_question(
    qtbot: QtBot, filled: DocumentsPage, library: ScriptedLibrary, models: DocumentModelsViewModel
) -> None:
    qtbot.waitUntil(lambda: bool(models.embeddings))
    [identity] = models.embeddings  # The one that came with Sottovoce.
    press(qtbot, filled.pane.more)
    [menu] = [each for each in filled.findChildren(QMenu, "collection") if each.isVisible()]
    [offered] = menu.findChildren(QMenu)
    offered.actions()[0].trigger()
    menu.close()
    assert answer(qtbot, filled, "Prepare them").startswith(
        "3 documents of Cases will be prepared for Multilingual E5 Small"
    )
    qtbot.waitUntil(lambda: library.collection("Cases").embedding == identity)


def test_settings_of_documents_are_kept(
    qtbot: QtBot, settings: SettingsViewModel, models: DocumentModelsViewModel, look: Look
) -> None:
    settings.change(replace(settings.settings, embedding="of a model that is gone"))
    tab = DocumentsTab(settings, models, look)
    qtbot.addWidget(tab)
    qtbot.waitUntil(lambda: tab.embedding.count() == 2)
    assert tab.embedding.currentText() == "A model that is not here any more"
    tab.embedding.setCurrentIndex(0)
    assert tab.embedding.currentText() == "Multilingual E5 Small"
    assert settings.settings.embedding == ""
    assert tab.reranker.currentText() == "None"
    tab.rests.setChecked(True)
    assert settings.settings.rests_while_replying


def test_what_was_paused_stays_so_the_next_time(
    qtbot: QtBot,
    three: ScriptedLibrary,
    tasks: Tasks,
    work: WorkViewModel,
    settings: SettingsViewModel,
) -> None:
    work.pause(is_paused=True)
    next_time = WorkViewModel(three, tasks, settings, lambda: False)
    assert next_time.is_paused
    next_time.begin()
    qtbot.waitUntil(lambda: three.is_paused)


def test_a_list_read_before_a_collection_began_does_not_hide_it(
    qtbot: QtBot,
    library: ScriptedLibrary,
    collections: CollectionsViewModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_answer, may_add = Event(), Event()
    answers: list[list[Collection]] = []
    read, add = library.collections, library.add

    def read_slowly() -> list[Collection]:
        found = read()
        answers.append(found)
        may_answer.wait(60)
        return found

    def add_slowly(collection: int, paths: Sequence[Path], *, watch: bool) -> list[Document]:
        may_add.wait(60)
        return add(collection, paths, watch=watch)

    monkeypatch.setattr(library, "collections", read_slowly)
    monkeypatch.setattr(library, "add", add_slowly)
    collections.refresh()
    qtbot.waitUntil(lambda: answers == [[]])
    chosen: list[int] = []
    collections.chosen_changed.connect(lambda: chosen.append(collections.chosen_number))
    collections.add([Path("/notes.txt")])
    qtbot.waitUntil(lambda: chosen == [1])
    with qtbot.waitSignal(collections.listed):
        may_answer.set()
    may_add.set()
    assert chosen == [1]
