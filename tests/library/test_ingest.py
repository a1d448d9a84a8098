import os
from itertools import islice
from pathlib import Path

import pytest

from fakes import ScriptedEmbedder
from library.ingesting import DEFAULT, OTHER, library, read
from sottovoce.domain.document import Collection, DocumentState, Scope
from sottovoce.domain.problems import Cancelled, Interrupted, Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Query
from sottovoce.library.local import LocalLibrary
from sottovoce.library.news import Settled, Working

HARBOUR = "The harbour of Genoa was rebuilt in 1992.\n"


@pytest.fixture
def papers(shelf: LocalLibrary) -> Collection:
    return shelf.new_collection("Papers")


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def found(shelf: LocalLibrary, collection: Collection, text: str) -> list[str]:
    query = Query(text, Scope(collections=(collection.id,)))
    return [each.passage.path.name for each in shelf.search(query, Stop())]


def test_a_file_is_read_and_embedded(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    path = put(tmp_path / "harbour.txt", HARBOUR)
    [added] = shelf.add(papers.id, [path])
    assert added.state is DocumentState.WAITING
    [settled] = read(shelf)
    assert settled.path == path
    assert shelf.document(added.id).state is DocumentState.READY
    assert shelf.page(added.id, 1).text.strip() == HARBOUR.strip()
    assert found(shelf, papers, "Genoa") == ["harbour.txt"]


def test_a_document_without_a_title_is_found_by_the_name_of_its_file(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / "lease_2023.txt", HARBOUR), put(tmp_path / "b.txt", "b")])
    read(shelf)
    assert found(shelf, papers, "lease")[:1] == ["lease_2023.txt"]


def test_words_are_searchable_before_the_vectors_are_there(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / "harbour.txt", HARBOUR)])
    for news in shelf.work(Stop()):
        if isinstance(news, Settled):
            assert news.document.state is DocumentState.WORDS
            assert found(shelf, papers, "Genoa") == ["harbour.txt"]
            return
    pytest.fail("nothing was settled")


def test_a_folder_is_read_without_what_is_hidden_or_no_document(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    put(tmp_path / "a" / "one.txt", "one")
    put(tmp_path / "a" / "deep" / "er" / "two.md", "two")
    put(tmp_path / "a" / ".git" / "three.txt", "three")
    put(tmp_path / "a" / "~$four.txt", "four")
    put(tmp_path / "a" / "five.exe", "five")
    (tmp_path / "a" / "round").symlink_to(tmp_path / "a")
    shelf.add(papers.id, [tmp_path / "a"])
    assert {each.path.name for each in read(shelf)} == {"one.txt", "two.md"}
    [folder] = shelf.folders(papers.id)
    assert folder.path == tmp_path / "a"
    assert folder.is_watched


def test_a_file_that_is_no_document_costs_a_sentence(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(os.urandom(5000))
    shelf.add(papers.id, [path, put(tmp_path / "harbour.txt", HARBOUR)])
    states = {each.path.name: each for each in read(shelf)}
    assert states["noise.bin"].state is DocumentState.FAILED
    assert states["noise.bin"].trouble.endswith(".")
    assert found(shelf, papers, "Genoa") == ["harbour.txt"]
    assert shelf.collections()[0].failed == 1


def test_what_failed_can_be_tried_again(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    path = put(tmp_path / "late.txt", HARBOUR)
    [added] = shelf.add(papers.id, [path])
    path.unlink()
    [failed] = read(shelf)
    assert failed.state is DocumentState.FAILED
    put(path, HARBOUR)
    shelf.retry([added.id])
    read(shelf)
    assert shelf.document(added.id).state is DocumentState.READY


def test_the_same_bytes_are_embedded_once(
    shelf: LocalLibrary, papers: Collection, embedder: ScriptedEmbedder, tmp_path: Path
) -> None:
    other = shelf.new_collection("Others")
    shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR), put(tmp_path / "b.txt", HARBOUR)])
    shelf.add(other.id, [tmp_path / "a.txt"])
    assert len(read(shelf)) == 3
    assert len(embedder.embedded) == 1
    assert found(shelf, other, "Genoa") == ["a.txt"]


def test_what_is_known_and_unchanged_is_left_alone(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    path = put(tmp_path / "a.txt", HARBOUR)
    shelf.add(papers.id, [path])
    read(shelf)
    [again] = shelf.add(papers.id, [path])
    assert again.state is DocumentState.READY
    put(path, "Nothing about towns any more, but longer.")
    [changed] = shelf.add(papers.id, [path])
    assert changed.state is DocumentState.WAITING
    read(shelf)
    [best] = shelf.search(Query("Genoa", Scope(collections=(papers.id,))), Stop())
    assert "Genoa" not in best.passage.text
    assert found(shelf, papers, "towns") == ["a.txt"]


def test_adding_what_is_not_there_is_refused_before_anything_is_added(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    with pytest.raises(Missing):
        shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR), tmp_path / "none.txt"])
    assert shelf.documents(papers.id) == []


def test_removing_a_document_leaves_those_that_say_the_same(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    first, second = shelf.add(
        papers.id, [put(tmp_path / "a.txt", HARBOUR), put(tmp_path / "b.txt", HARBOUR)]
    )
    read(shelf)
    shelf.remove([first.id])
    assert found(shelf, papers, "Genoa") == ["b.txt"]
    shelf.remove([second.id])
    assert found(shelf, papers, "Genoa") == []
    assert shelf.documents(papers.id) == []


def test_what_is_stopped_goes_on_where_it_was(
    shelf: LocalLibrary, papers: Collection, embedder: ScriptedEmbedder, tmp_path: Path
) -> None:
    paths = [put(tmp_path / f"{n}.txt", f"{HARBOUR} And pier {n}.") for n in range(6)]
    shelf.add(papers.id, paths)
    stop = Stop()
    settled = (news for news in shelf.work(stop) if isinstance(news, Settled))
    done = list(islice(settled, 3))
    stop.set()
    with pytest.raises(Cancelled):
        done.extend(settled)  # What was kept together with the third.
    assert len(done) + len(read(shelf)) == 6
    assert all(each.state is DocumentState.READY for each in shelf.documents(papers.id))
    assert len(embedder.embedded) == 6


def test_an_engine_that_dies_costs_nothing(
    shelf: LocalLibrary, papers: Collection, embedder: ScriptedEmbedder, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR)])
    embedder.problem = Interrupted("The engine ended unexpectedly.")
    read(shelf)
    assert shelf.documents(papers.id)[0].state is DocumentState.READY


def test_the_model_is_loaded_while_the_first_document_is_read(
    shelf: LocalLibrary, papers: Collection, embedder: ScriptedEmbedder, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / "empty.txt", " ")])
    read(shelf)
    assert embedder.loads
    assert not embedder.embedded


def test_long_and_short_documents_all_get_their_vectors(
    shelf: LocalLibrary, papers: Collection, embedder: ScriptedEmbedder, tmp_path: Path
) -> None:
    for number in range(40):
        lines = (f"{HARBOUR} And pier {number}.{line}. " for line in range(number % 7 * 50 + 1))
        put(tmp_path / "a" / f"{number}.txt", "\n\n".join(lines))
    shelf.add(papers.id, [tmp_path / "a"])
    read(shelf)
    documents = shelf.documents(papers.id)
    assert all(each.state is DocumentState.READY for each in documents)
    assert len(embedder.embedded) == sum(each.passages for each in documents)


def test_another_embedding_model_takes_over_when_its_vectors_are_there(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR)])
    read(shelf)
    shelf.choose_embedding(papers.id, OTHER)
    before = shelf.collection("Papers")
    assert (before.embedding, before.next_embedding) == (DEFAULT, OTHER)
    assert before.without_vectors == 1
    read(shelf)
    after = shelf.collection("Papers")
    assert (after.embedding, after.next_embedding) == (OTHER, "")
    assert shelf.documents(papers.id)[0].state is DocumentState.READY


def test_a_model_that_is_gone_leaves_the_words(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    with pytest.raises(Missing):
        shelf.choose_embedding(papers.id, "gone")
    shelf._store.choose_embedding(papers.id, "gone")
    shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR)])
    *_, last = shelf.work(Stop())
    assert isinstance(last, Working)
    assert "on the shelf" in last.trouble
    assert last.path is None
    assert found(shelf, papers, "Genoa") == ["a.txt"]


def test_paused_work_rests_until_it_may_go_on(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR)])
    shelf.pause(is_paused=True)
    for news in shelf.work(Stop()):
        if isinstance(news, Working) and news.is_paused:
            assert news.waiting == 1
            shelf.pause(is_paused=False)
    assert shelf.documents(papers.id)[0].state is DocumentState.READY


def test_what_was_read_no_longer_waits(
    shelf: LocalLibrary, papers: Collection, tmp_path: Path
) -> None:
    shelf.add(papers.id, [put(tmp_path / f"{n}.txt", f"{HARBOUR} And pier {n}.") for n in range(4)])
    told = [news for news in shelf.work(Stop()) if isinstance(news, Working)]
    assert {news.read + news.waiting for news in told} == {4}
    assert all(0 <= news.embedded + news.without_vectors <= 4 for news in told)
    assert (told[-1].read, told[-1].waiting) == (4, 0)
    assert (told[-1].embedded, told[-1].without_vectors) == (4, 0)


def test_names_of_collections_are_taken_once(shelf: LocalLibrary, papers: Collection) -> None:
    other = shelf.new_collection("Others")
    with pytest.raises(Refused):
        shelf.new_collection("Papers")
    with pytest.raises(Refused):
        shelf.rename_collection(other.id, "Papers")
    shelf.rename_collection(papers.id, "Papers")  # Its own.
    shelf.rename_collection(other.id, "Letters")
    assert [each.name for each in shelf.collections()] == ["Letters", "Papers"]


def test_a_chat_has_a_collection_of_its_own(shelf: LocalLibrary, papers: Collection) -> None:
    attached = shelf.attached(7)
    assert attached.conversation == 7
    assert shelf.attached(7).id == attached.id
    assert [each.id for each in shelf.collections()] == [papers.id, attached.id]


def test_while_one_works_another_tells_how_far_that_is(tmp_path: Path) -> None:
    shelf = library()
    papers = shelf.new_collection("Papers")
    shelf.add(papers.id, [put(tmp_path / "a.txt", HARBOUR)])
    mine = shelf.work(Stop())
    next(mine)
    others = shelf.work(Stop())
    news = next(others)
    assert isinstance(news, Working)
    assert news.waiting == 1
    for _ in mine:
        pass
    assert [each for each in others if isinstance(each, Settled)] == []
    assert shelf.documents(papers.id)[0].state is DocumentState.READY
    shelf.close()
