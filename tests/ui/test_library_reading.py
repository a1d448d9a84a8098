"""The page of documents on a library that reads real files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from library.ingesting import library as opened_library
from sottovoce.domain.document import DocumentState, Found
from sottovoce.domain.settings import Settings
from sottovoce.library.local import LocalLibrary
from sottovoce.models.shelf import shelf_in
from sottovoce.store.store import Store
from sottovoce.system.paths import Profile
from sottovoce.ui.library.collections_view_model import CollectionsViewModel
from sottovoce.ui.library.page import DocumentsPage
from sottovoce.ui.library.search import DocumentSearch
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.settings.document_models import DocumentModelsViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.scheme import Look

HARBOUR = "The harbour of Genoa was rebuilt in 1992."


@pytest.fixture
def real(tasks: Tasks) -> Iterator[LocalLibrary]:
    """A library whose embedding model knows words alone; all else is real."""
    opened = opened_library()
    yield opened
    tasks.close()  # Before the library: its work must have ended.
    opened.close()


@pytest.fixture
def settings(store: Store, tasks: Tasks) -> SettingsViewModel:
    return SettingsViewModel(store, tasks, Settings())


@pytest.fixture
def collections(
    real: LocalLibrary, tasks: Tasks, settings: SettingsViewModel
) -> CollectionsViewModel:
    return CollectionsViewModel(real, tasks, settings)


@pytest.fixture
def work(real: LocalLibrary, tasks: Tasks, settings: SettingsViewModel) -> WorkViewModel:
    return WorkViewModel(real, tasks, settings, lambda: False)


@pytest.fixture
def page(
    qtbot: QtBot,
    profile: Profile,
    tasks: Tasks,
    collections: CollectionsViewModel,
    work: WorkViewModel,
    look: Look,
) -> DocumentsPage:
    """The page, while the library works."""
    collections.added.connect(work.begin)
    work.progressed.connect(collections.refresh_soon)
    page = DocumentsPage(collections, work, DocumentModelsViewModel(shelf_in(profile), tasks), look)
    qtbot.addWidget(page)
    page.show()
    return page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A text, a picture that is none, and a program."""
    made = tmp_path / "papers"
    made.mkdir()
    (made / "harbour.txt").write_text(HARBOUR, encoding="utf-8")
    (made / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing follows")
    (made / "program.exe").write_bytes(b"MZ")
    return made


def states(page: DocumentsPage) -> dict[str, DocumentState]:
    return {each.path.name: each.state for each in page.pane.rows.documents}


def test_a_folder_is_read_and_says_what_of_it_could_not_be(
    qtbot: QtBot, page: DocumentsPage, folder: Path
) -> None:
    page.add([folder])
    wanted = {"harbour.txt": DocumentState.READY, "broken.pdf": DocumentState.FAILED}
    qtbot.waitUntil(lambda: states(page) == wanted)
    assert page.pane.troubled.text().strip() == "1 problem"
    [broken] = page.pane.rows.troubled
    assert broken.trouble.endswith(".")
    qtbot.waitUntil(page.pane.work.isHidden)
    assert len(page.pane.folders.chips) == 1


def test_a_new_file_in_a_followed_folder_appears_by_itself(
    qtbot: QtBot, page: DocumentsPage, folder: Path
) -> None:
    page.add([folder])
    qtbot.waitUntil(lambda: len(states(page)) == 2)
    (folder / "later.md").write_text("# Later\n\nIt came by itself.", encoding="utf-8")
    qtbot.waitUntil(lambda: states(page).get("later.md") is DocumentState.READY)
    (folder / "later.md").unlink()
    qtbot.waitUntil(lambda: "later.md" not in states(page))


def test_passages_are_found_beside_chats(
    qtbot: QtBot,
    page: DocumentsPage,
    collections: CollectionsViewModel,
    real: LocalLibrary,
    tasks: Tasks,
    folder: Path,
) -> None:
    search = DocumentSearch(real, tasks, collections)
    told: list[list[Found]] = []
    search.found.connect(lambda _, found: told.append(found))
    page.add([folder / "harbour.txt"])
    qtbot.waitUntil(lambda: states(page) == {"harbour.txt": DocumentState.READY})
    qtbot.waitUntil(lambda: collections.any_documents)
    search.search("Genoa")
    qtbot.waitUntil(lambda: bool(told))
    [[found]] = told
    assert found.passage.text.strip() == HARBOUR
