import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from sottovoce.domain.document import Collection, DocumentState, Scope
from sottovoce.domain.problems import Cancelled, Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Query
from sottovoce.library.news import Settled, Working
from sottovoce.library.process import LIBRARY_PROCESS, ProcessLibrary
from sottovoce.system.paths import Profile

KEY = bytes(range(48))
HARBOUR = "The harbour of Genoa was rebuilt in 1992.\n"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    folder = tmp_path / "profile"
    folder.mkdir()
    return Profile(folder)


@pytest.fixture
def library(profile: Profile) -> Iterator[ProcessLibrary]:
    with closing(ProcessLibrary(profile, KEY)) as opened:
        yield opened


@pytest.fixture
def papers(library: ProcessLibrary, tmp_path: Path) -> Collection:
    (tmp_path / "harbour.txt").write_text(HARBOUR)
    papers = library.new_collection("Papers")
    library.add(papers.id, [tmp_path / "harbour.txt"])
    return papers


def test_documents_are_read_searched_and_shown_over_there(
    library: ProcessLibrary, papers: Collection
) -> None:
    settled = [each.document for each in library.work(Stop()) if isinstance(each, Settled)]
    assert [each.path.name for each in settled] == ["harbour.txt"]
    [document] = library.documents(papers.id)
    assert document.state is DocumentState.READY
    [found] = library.search(Query("Genoa harbour", Scope(collections=(papers.id,))), Stop())
    assert found.passage.text == HARBOUR.strip()
    assert library.neighbours(found.passage, 1, 1) == [found.passage]
    assert library.page(document.id, 1).text.strip() == HARBOUR.strip()


def test_a_problem_over_there_is_one_here(library: ProcessLibrary, papers: Collection) -> None:
    with pytest.raises(Refused, match="another name"):
        library.new_collection("Papers")
    with pytest.raises(Missing):
        library.document(99)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every path is a text")
def test_paths_that_are_no_text_come_through(library: ProcessLibrary, tmp_path: Path) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.txt"))
    path.write_text(HARBOUR)
    papers = library.new_collection("Papers")
    [added] = library.add(papers.id, [path])
    assert added.path == path


def test_another_question_is_answered_while_work_goes_on(
    library: ProcessLibrary, papers: Collection
) -> None:
    library.pause(is_paused=True)
    stop = Stop()
    work = library.work(stop)
    news = next(work)
    assert isinstance(news, Working)
    assert news.is_paused
    assert library.collection("Papers").waiting == 1
    stop.set()
    with pytest.raises(Cancelled):
        for _ in work:
            pass


def test_work_goes_on_in_a_new_process_when_one_is_killed(
    library: ProcessLibrary, papers: Collection
) -> None:
    library.pause(is_paused=True)
    work = library.work(Stop())
    next(work)
    children = psutil.Process().children()
    [process] = [child for child in children if LIBRARY_PROCESS in child.cmdline()]
    process.kill()
    for news in work:
        if isinstance(news, Working) and news.is_paused and not process.is_running():
            library.pause(is_paused=False)
    assert library.documents(papers.id)[0].state is DocumentState.READY


def test_it_ends_with_its_parent(library: ProcessLibrary, papers: Collection) -> None:
    list(library.work(Stop()))
    children = psutil.Process().children(recursive=True)
    assert children
    library.close()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []


def test_another_key_opens_nothing(
    library: ProcessLibrary, papers: Collection, profile: Profile
) -> None:
    with closing(ProcessLibrary(profile, bytes(48))) as other, pytest.raises(Refused, match="key"):
        other.collections()


def test_without_a_key_documents_live_in_memory(profile: Profile, tmp_path: Path) -> None:
    with closing(ProcessLibrary(profile, None)) as library:
        library.new_collection("Papers")
        assert [each.name for each in library.collections()] == ["Papers"]
    assert not profile.documents.exists()
