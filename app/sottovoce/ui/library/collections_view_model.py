"""The collections of documents: which there are, which one is looked at, and what is in it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from sottovoce.domain.document import Collection, Document, Folder
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library
from sottovoce.ui.library.words import countable
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

Result = TypeVar("Result")
_SOON_MILLISECONDS = 1500
FIRST_NAME = "Documents"
"""Of the collection that is made for those who add documents before they make one."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a collection."""

    collection: int
    documents: tuple[Document, ...]
    """By name."""
    folders: tuple[Folder, ...]


class CollectionsViewModel(QObject):
    """What is asked here is answered by the library, which may take its time: nothing waits."""

    listed = Signal()
    """The collections are new, or have other figures."""
    chosen_changed = Signal()
    """Another collection is looked at."""
    contents_read = Signal(object)
    """The Contents of the collection that is looked at."""
    adding_changed = Signal()
    altered = Signal()
    """A collection, a folder or documents are gone, or are called otherwise."""
    added = Signal()
    """There is something to read, or to be prepared for searching."""
    done = Signal(str, object)
    """A sentence about what was done, and what undoes it or None."""
    failed = Signal(object)
    """A Trouble."""

    def __init__(
        self, library: Library, tasks: Tasks, settings: SettingsViewModel, chosen: int = 0
    ) -> None:
        """`chosen` is the number of the collection that was looked at last; 0 for none."""
        super().__init__()
        self._library = library
        self._tasks = tasks
        self._settings = settings
        self._all: tuple[Collection, ...] = ()
        self._folders: tuple[Folder, ...] = ()
        self._chosen = chosen or None
        self._is_listed = False
        self._adding: list[Stop] = []
        self._lists_asked = 0
        self._contents_asked = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MILLISECONDS)
        self._soon.timeout.connect(self.refresh)

    @property
    def collections(self) -> tuple[Collection, ...]:
        """Those with names. The documents of single chats are looked after in these chats."""
        return tuple(each for each in self._all if each.conversation is None)

    @property
    def any_documents(self) -> bool:
        """Whether there is something to search, in a chat or a collection."""
        return any(each.documents for each in self._all)

    @property
    def is_listed(self) -> bool:
        """Whether it was asked at all which there are."""
        return self._is_listed

    @property
    def is_adding(self) -> bool:
        """Whether folders are being looked through."""
        return bool(self._adding)

    @property
    def chosen(self) -> Collection | None:
        """The one that is looked at."""
        return next((each for each in self.collections if each.id == self._chosen), None)

    @property
    def chosen_number(self) -> int:
        """Of the one that is looked at, or was before they were listed; 0 if none is."""
        return self._chosen or 0

    @property
    def folders(self) -> tuple[Folder, ...]:
        """Those of the collection that is looked at."""
        return self._folders

    def refresh(self) -> None:
        """Ask again which there are, with their figures."""
        self._lists_asked += 1
        asked = self._lists_asked

        def take(collections: list[Collection]) -> None:
            if asked == self._lists_asked:
                self._take(sorted(collections, key=lambda each: countable(each.name)))

        self._ask(self._library.collections, take)

    def refresh_soon(self) -> None:
        """Ask again in a while, however often this is called meanwhile."""
        if not self._soon.isActive():
            self._soon.start()

    def choose(self, collection: int | None) -> None:
        """Look at this one."""
        if collection == self._chosen:
            return
        self._chosen = collection
        self._folders = ()
        self.chosen_changed.emit()

    def read_contents(self) -> None:
        """Ask again what is in the collection that is looked at."""
        chosen = self.chosen
        self._contents_asked += 1
        asked = self._contents_asked
        if chosen is None:
            return

        def question() -> Contents:
            documents = sorted(
                self._library.documents(chosen.id), key=lambda each: countable(each.name)
            )
            folders = tuple(self._library.folders(chosen.id))
            return Contents(chosen.id, tuple(documents), folders)

        def take(contents: Contents) -> None:
            if asked == self._contents_asked:
                self._folders = contents.folders
                self.contents_read.emit(contents)

        self._ask(question, take)

    # Collections.

    def begin(
        self,
        name: str,
        *,
        begun: Callable[[], object] = lambda: None,
        refused: Callable[[str], object],
    ) -> None:
        """Make a collection and look at it; `refused` hears why it cannot be made."""

        def take(collection: Collection) -> None:
            self._all = (*self._all, collection)
            self.choose(collection.id)
            self.refresh()
            begun()

        self._ask(lambda: self._begin(name), take, _telling(refused, self._tell))

    def rename(
        self,
        collection: Collection,
        name: str,
        *,
        renamed: Callable[[], object],
        refused: Callable[[str], object],
    ) -> None:
        """Call it otherwise; `refused` hears why that cannot be."""

        def take(_: None) -> None:
            self.refresh()
            self.altered.emit()
            renamed()

        self._ask(
            lambda: self._library.rename_collection(collection.id, name),
            take,
            _telling(refused, self._tell),
        )

    def remove(self, collection: Collection) -> None:
        """Forget it and its documents. An empty one can be brought back."""

        def put_back() -> None:
            self.begin(collection.name, refused=lambda says: self.done.emit(says, None))

        def end(_: None) -> None:
            self.done.emit(
                f"{collection.name} was removed", None if collection.documents else put_back
            )
            self.refresh()
            self.altered.emit()

        if collection.id == self._chosen:
            others = [each.id for each in self.collections if each.id != collection.id]
            self.choose(others[0] if others else None)
        self._ask(lambda: self._library.remove_collection(collection.id), end)

    def choose_embedding(self, collection: Collection, identity: str) -> None:
        """Search it by another embedding model, once its vectors are there."""
        self._change(
            lambda: self._library.choose_embedding(collection.id, identity),
            lambda _: self.added.emit(),
        )

    # What is in them.

    def add(
        self, paths: Sequence[Path], *, watch: bool = True, collection: int | None = None
    ) -> None:
        """Have files and folders read: in this collection, the one looked at, or a first one."""
        known = collection or self._chosen

        def work(_: Stop) -> Iterator[Collection]:
            number = known
            if number is None:
                begun = self._begin(FIRST_NAME)
                number = begun.id
                yield begun
            self._library.add(number, paths, watch=watch)

        def take(begun: Collection) -> None:
            self._all = (*self._all, begun)
            self.choose(begun.id)
            self.refresh()  # What was asked before does not know it.

        def end() -> None:
            self._adding.remove(stop)
            self.adding_changed.emit()
            self.refresh()
            self.read_contents()
            self.added.emit()

        stop = self._tasks.start(work, news=take, failed=self._tell, ended=end)
        self._adding.append(stop)
        self.adding_changed.emit()

    def remove_folder(self, folder: Folder) -> None:
        """Forget a folder and the documents that came with it. It can be added again."""

        def put_back() -> None:
            self.add([folder.path], watch=folder.is_watched, collection=folder.collection)

        self._change(
            lambda: self._library.remove_folder(folder.id),
            lambda _: self._tell_removed(f"{folder.path.name} was removed", put_back),
        )

    def watch_folder(self, folder: Folder, *, is_watched: bool) -> None:
        """Follow what happens in it from now on, or no more."""
        self._change(lambda: self._library.watch_folder(folder.id, is_watched=is_watched))

    def retry(self, documents: Sequence[Document]) -> None:
        """Have them read again."""
        numbers = [each.id for each in documents]
        self._change(lambda: self._library.retry(numbers), lambda _: self.added.emit())

    def remove_documents(self, documents: Sequence[Document]) -> None:
        """Forget them, to the last trace. Bringing them back is reading them again."""
        numbers, paths = [each.id for each in documents], [each.path for each in documents]
        says = (
            f"{documents[0].name} was removed"
            if len(documents) == 1
            else f"{len(documents):,} documents were removed"
        )
        collection = documents[0].collection

        def put_back() -> None:
            self.add(paths, collection=collection)

        self._change(
            lambda: self._library.remove(numbers), lambda _: self._tell_removed(says, put_back)
        )

    def _tell_removed(self, says: str, put_back: Callable[[], None]) -> None:
        self.done.emit(says, put_back)
        self.altered.emit()

    def _begin(self, name: str) -> Collection:
        collection = self._library.new_collection(name)
        embedding = self._settings.settings.embedding
        if embedding and embedding != collection.embedding:
            self._library.choose_embedding(collection.id, embedding)
        return collection

    def _take(self, collections: list[Collection]) -> None:
        self._all = tuple(collections)
        self._is_listed = True
        if self.chosen is None:
            self.choose(self.collections[0].id if self.collections else None)
        self.listed.emit()

    def _change(
        self, change: Callable[[], None], changed: Callable[[None], object] = lambda _: None
    ) -> None:
        def take(nothing: None) -> None:
            changed(nothing)
            self.refresh()
            self.read_contents()

        self._ask(change, take)

    def _ask(
        self,
        question: Callable[[], Result],
        answered: Callable[[Result], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Ask in a thread of its own: a chat's questions must not wait behind the library's."""

        def work(_: Stop) -> Iterator[Result]:
            yield question()

        self._tasks.start(work, news=answered, failed=failed or self._tell)

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)


def _telling(
    refused: Callable[[str], object], otherwise: Callable[[Exception], None]
) -> Callable[[Exception], None]:
    """Tells a Problem to `refused`, anything else to `otherwise`."""

    def tell(error: Exception) -> None:
        if isinstance(error, Problem):
            refused(str(error))
        else:
            otherwise(error)

    return tell
