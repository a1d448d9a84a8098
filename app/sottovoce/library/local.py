"""The library in this process: what others ask for is done here."""

import threading
import time
from collections.abc import Collection as Group
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sottovoce.domain.document import Collection, Document, Folder, Found, Page, Passage
from sottovoce.domain.problems import Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.library.embedders import Embedders
from sottovoce.library.folders import changes, look_at
from sottovoce.library.ingest import Ingest
from sottovoce.library.library import Query
from sottovoce.library.news import News
from sottovoce.library.pace import Pace
from sottovoce.library.progress import Progress
from sottovoce.library.reranking import Reranking
from sottovoce.library.search import Searcher
from sottovoce.library.watch import Watcher
from sottovoce.store.document_store import DocumentStore
from sottovoce.system.audit import Audit, Event
from sottovoce.system.lock import locked
from sottovoce.system.mounts import mount_point
from sottovoce.system.sandbox import demand, possible

_LOOK_EVERY = 0.5
"""Seconds between two looks at what other processes have done."""
_TRY_AGAIN = 30.0
"""Seconds until an embedding model that could not be used is tried again."""


class LocalLibrary:
    """A Library on a store. It closes what it is given."""

    def __init__(
        self,
        store: DocumentStore,
        embedders: Embedders,
        reranking: Reranking,
        *,
        lock: Path | None = None,
        needs_sandbox: bool = False,
        audit: Audit | None = None,
    ) -> None:
        """`lock` is the file that lets one process at a time work on the store.

        `needs_sandbox`: no document is opened where the system cannot lock a process in fully.
        """
        self._store = store
        self._embedders = embedders
        self._lock = lock
        self._needs_sandbox = needs_sandbox
        self._audit = audit
        self._turn = threading.Lock()
        self._pace = Pace()
        self._reranking = reranking
        self._searcher = Searcher(store, embedders.loaded, reranking.loaded)

    # Collections and what is in them.

    def collections(self) -> list[Collection]:
        return self._store.collections()

    def collection(self, name: str) -> Collection:
        return self._store.named(name)

    def new_collection(self, name: str) -> Collection:
        return self._store.new_collection(name, self._embedders.default)

    def rename_collection(self, collection: int, name: str) -> None:
        self._store.rename_collection(collection, name)

    def remove_collection(self, collection: int) -> None:
        documents = len(self._store.documents(collection))
        self._store.remove_collection(collection)
        self._note(Event.DOCUMENTS_REMOVED, documents)

    def choose_embedding(self, collection: int, identity: str) -> None:
        self._embedders.model(identity)
        self._store.choose_embedding(collection, identity)

    def folders(self, collection: int) -> list[Folder]:
        return [each for each in self._store.folders() if each.collection == collection]

    def documents(self, collection: int) -> list[Document]:
        return self._store.documents(collection)

    def document(self, document: int) -> Document:
        return self._store.document(document)

    def attached(self, conversation: int) -> Collection:
        return self._store.attached(conversation, self._embedders.default)

    # Adding and removing.

    def add(self, collection: int, paths: Sequence[Path], *, watch: bool = True) -> list[Document]:
        self._check_sandbox()
        paths = [path.absolute() for path in paths]
        files = [look_at(path) for path in paths if not path.is_dir()]
        added = self._store.add(collection, files)
        for path in paths:
            if path.is_dir():
                added += self._add_folder(collection, path, is_watched=watch)
        self._note(Event.DOCUMENTS_ADDED, len(added))
        return added

    def _add_folder(self, collection: int, path: Path, *, is_watched: bool) -> list[Document]:
        number = self._store.add_folder(
            collection, path, mount=mount_point(path), is_watched=is_watched
        )
        folder = next(each for each in self._store.folders() if each.id == number)
        self._store.change(folder, changes(self._store, folder, [path], Stop()))
        return [each for each in self._store.documents(collection) if each.folder == number]

    def _note(self, event: Event, count: int) -> None:
        if self._audit is not None and count:
            self._audit.note(event, count=count)

    def retry(self, documents: Sequence[int]) -> None:
        self._store.retry(documents)

    def remove(self, documents: Sequence[int]) -> None:
        self._store.remove(documents)
        self._note(Event.DOCUMENTS_REMOVED, len(documents))

    def remove_folder(self, folder: int) -> None:
        kept = next((each for each in self._store.folders() if each.id == folder), None)
        came_with = self._store.documents(kept.collection) if kept else []
        self._store.remove_folder(folder)
        count = sum(document.folder == folder for document in came_with)
        self._note(Event.DOCUMENTS_REMOVED, count)

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        self._store.watch_folder(folder, is_watched=is_watched)

    def work(self, stop: Stop) -> Iterator[News]:
        progress = Progress(self._store.backlog)
        while True:
            with self._my_turn() as is_mine:
                if is_mine:
                    yield from self._ingest().work(stop)
                    return
            news = progress.news()
            yield news
            if not news.waiting and not news.without_vectors:
                return
            stop.wait(_LOOK_EVERY)

    def follow(self, stop: Stop) -> Iterator[News]:
        progress = Progress(self._store.backlog)
        while True:
            with self._my_turn() as is_mine:
                if is_mine:
                    yield from self._follow(stop)
                    return
            yield progress.news()
            stop.wait(_LOOK_EVERY)

    def _follow(self, stop: Stop) -> Iterator[News]:
        ingest, seen = self._ingest(), self._store.version()
        with closing(Watcher()) as watcher:

            def look() -> None:
                watcher.follow(self._store.folders())
                for folder, paths in watcher.due():
                    self._look(folder, paths, stop)

            def begin() -> None:
                nonlocal seen
                look()
                seen = self._store.version()

            while True:
                yield from ingest.work(stop, begin)
                again = time.monotonic() + _TRY_AGAIN
                # As it was when the work looked last: what came while it ended is read next.
                while self._store.version() == seen:
                    if ingest.lacks_model and time.monotonic() > again:
                        break
                    watcher.wait(_LOOK_EVERY, stop)
                    look()

    def _look(self, folder: Folder, paths: Group[Path], stop: Stop) -> None:
        """Keep what happened at these paths of a folder, or why nobody can look."""
        trouble = ""
        try:
            found = changes(self._store, folder, paths, stop)
        except (Missing, Refused) as problem:
            trouble = str(problem)
        else:
            if not found.is_empty:
                self._store.change(folder, found)
        if trouble != folder.trouble:
            self._store.note_trouble(folder.id, trouble)

    def _check_sandbox(self) -> None:
        if self._needs_sandbox:
            demand(possible())

    def _ingest(self) -> Ingest:
        self._check_sandbox()
        return Ingest(self._store, self._embedders, self._pace)

    @contextmanager
    def _my_turn(self) -> Iterator[bool]:
        """Whether nobody else works on this store, in this process or another, in this block."""
        if not self._turn.acquire(blocking=False):
            yield False
            return
        try:
            if self._lock is None:
                yield True
                return
            with locked(self._lock) as is_ours:
                yield is_ours
        finally:
            self._turn.release()

    def pause(self, *, is_paused: bool) -> None:
        self._pace.pause(is_paused=is_paused)

    def give_way(self, *, to_reply: bool) -> None:
        self._pace.give_way(to_reply=to_reply)

    # Searching and reading.

    def rerank_by(self, model: Path | None) -> None:
        self._reranking.choose(model)

    def search(self, query: Query, stop: Stop) -> list[Found]:
        return self._searcher.search(query, stop)

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        return self._store.neighbours(passage, before, after)

    def page(self, document: int, number: int) -> Page:
        return self._store.page(document, number)

    def text(self, document: int) -> list[Page]:
        return self._store.pages(document)

    def close(self) -> None:
        self._embedders.close()
        self._reranking.close()
        self._store.close()
