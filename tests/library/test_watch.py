"""Folders that are followed while things happen in them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fakes import ScriptedEmbedder
from sottovoce.domain.document import Collection, DocumentState
from sottovoce.domain.problems import Cancelled
from sottovoce.domain.stop import Stop
from sottovoce.library.local import LocalLibrary
from sottovoce.library.news import Working
from sottovoce.store.document_store import DocumentStore


class Following:
    """A library that follows its folders in a thread, and tells what it holds when it rests."""

    def __init__(self, shelf: LocalLibrary, collection: Collection) -> None:
        self.shelf = shelf
        self.collection = collection
        self.stop = Stop()
        self._rested = threading.Condition()
        self._thread = threading.Thread(target=self._follow)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self._thread.join()

    def until(self, names: set[str]) -> None:
        """Return when just these documents are ready."""
        with self._rested:
            assert self._rested.wait_for(lambda: self._ready() == names, timeout=30), self._ready()

    def _ready(self) -> set[str]:
        documents = self.shelf.documents(self.collection.id)
        return {
            each.path.name if each.state is DocumentState.READY else f"{each.path.name}?"
            for each in documents
        }

    def _follow(self) -> None:
        with suppress(Cancelled):
            for news in self.shelf.follow(self.stop):
                if isinstance(news, Working) and news.path is None:
                    with self._rested:
                        self._rested.notify_all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    put(folder / "first.txt")
    return folder


@contextmanager
def followed(shelf: LocalLibrary, folder: Path) -> Iterator[Following]:
    collection = shelf.new_collection("Papers")
    shelf.add(collection.id, [folder])
    following = Following(shelf, collection)
    following.start()
    try:
        following.until({path.name for path in folder.rglob("*.txt")})
        yield following
    finally:
        following.end()


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or f"All about {path.stem}.", encoding="utf-8")
    return path


def test_files_that_come_change_and_go_are_followed(shelf: LocalLibrary, folder: Path) -> None:
    with followed(shelf, folder) as following:
        put(folder / "second.txt")
        put(folder / "deep" / "third.txt")
        following.until({"first.txt", "second.txt", "third.txt"})
        (folder / "second.txt").unlink()
        following.until({"first.txt", "third.txt"})


def test_a_file_that_was_renamed_is_the_same_document(
    shelf: LocalLibrary, folder: Path, embedder: ScriptedEmbedder
) -> None:
    with followed(shelf, folder) as following:
        [before] = shelf.documents(following.collection.id)
        (folder / "first.txt").rename(folder / "renamed.txt")
        following.until({"renamed.txt"})
        [after] = shelf.documents(following.collection.id)
    assert after.id == before.id
    assert len(embedder.embedded) == 1


def test_a_folder_that_was_moved_out_takes_its_documents_along(
    shelf: LocalLibrary, folder: Path, tmp_path: Path
) -> None:
    put(folder / "deep" / "second.txt")
    with followed(shelf, folder) as following:
        (folder / "deep").rename(tmp_path / "elsewhere")
        following.until({"first.txt"})


def test_what_happened_while_nobody_followed_comes_first(shelf: LocalLibrary, folder: Path) -> None:
    with followed(shelf, folder) as following:
        pass
    put(folder / "second.txt")
    (folder / "first.txt").unlink()
    again = Following(shelf, following.collection)
    again.start()
    again.until({"second.txt"})
    again.end()


def test_a_folder_that_is_not_there_is_no_reason_to_forget(
    shelf: LocalLibrary, folder: Path, tmp_path: Path
) -> None:
    with followed(shelf, folder) as following:
        pass
    folder.rename(tmp_path / "unplugged")
    for news in shelf.follow(Stop()):
        if isinstance(news, Working) and news.path is None:
            break
    assert [each.path.name for each in shelf.documents(following.collection.id)] == ["first.txt"]
    [kept] = shelf.folders(following.collection.id)
    assert "not there now" in kept.trouble


def test_what_was_removed_by_hand_does_not_come_back(shelf: LocalLibrary, folder: Path) -> None:
    put(folder / "second.txt")
    with followed(shelf, folder) as following:
        documents = shelf.documents(following.collection.id)
        shelf.remove([each.id for each in documents if each.path.name == "second.txt"])
        put(folder / "third.txt")
        following.until({"first.txt", "third.txt"})
        put(folder / "second.txt", "It has changed since.")
        put(folder / "fourth.txt")
        following.until({"first.txt", "third.txt", "fourth.txt"})


def test_a_folder_that_is_no_longer_followed_stays_as_it_was(
    shelf: LocalLibrary, folder: Path
) -> None:
    with followed(shelf, folder) as following:
        [kept] = shelf.folders(following.collection.id)
        shelf.watch_folder(kept.id, is_watched=False)
        (folder / "first.txt").unlink()
        other = put(folder.parent / "by itself.txt")
        shelf.add(following.collection.id, [other])
        following.until({"first.txt", "by itself.txt"})


def test_what_comes_while_the_work_ends_is_read(
    shelf: LocalLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with followed(shelf, folder) as following:
        late = put(folder.parent / "late.txt")
        end = DocumentStore.change_embeddings

        def end_late(store: DocumentStore) -> None:
            monkeypatch.undo()
            shelf.add(following.collection.id, [late])
            end(store)

        monkeypatch.setattr(DocumentStore, "change_embeddings", end_late)
        put(folder / "second.txt")
        following.until({"first.txt", "second.txt", "late.txt"})


def test_a_burst_of_changes_is_followed_to_its_end(shelf: LocalLibrary, folder: Path) -> None:
    names = {"first.txt"}
    with followed(shelf, folder) as following:
        for number in range(60):
            names.add(put(folder / f"{number}.txt", "The same in all of them.").name)
        following.until(names)
        for number in range(60):
            (folder / f"{number}.txt").rename(folder / f"renamed {number}.txt")
        following.until({"first.txt"} | {f"renamed {number}.txt" for number in range(60)})
