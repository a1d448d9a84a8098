"""Adding models and adapters: the person's files and folders, and what other programs left."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.parts import parts
from sottovoce.domain.problems import Missing, Problem, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.adapters import AdapterItem, AdapterShelf
from sottovoce.models.elsewhere import Elsewhere, elsewhere
from sottovoce.models.folders import gguf_files
from sottovoce.models.shelf import Item, Shelf
from sottovoce.ui.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Adding:
    """A file that is being added."""

    name: str
    number: int
    """The first is 1."""
    count: int
    transferred: Transferred | None = None
    """How far it is copied; None for a link."""


@dataclass(frozen=True, slots=True)
class NotAdded:
    """A file that cannot be added, and the sentence that says why."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it."""

    items: tuple[Item, ...]
    known: tuple[Item, ...]
    """What was on the shelf already."""
    adapters: tuple[AdapterItem, ...]
    failures: tuple[NotAdded, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    path: Path
    found: Elsewhere | None = None

    @property
    def name(self) -> str:
        return self.found.name if self.found else self.path.name


class ImportViewModel(QObject):
    """One import at a time."""

    changed = Signal()
    ended = Signal(object)
    """Added: also after it was stopped, with what was added until then."""
    found = Signal(object)
    """A tuple of what other programs have and the shelf has not."""

    def __init__(self, shelf: Shelf, adapters: AdapterShelf, tasks: Tasks) -> None:
        super().__init__()
        self._shelf = shelf
        self._adapters = adapters
        self._tasks = tasks
        self._stop: Stop | None = None
        self._adding: Adding | None = None
        self._before: set[Path] = set()
        self._items: list[Item] = []
        self._added_adapters: list[AdapterItem] = []
        self._failures: list[NotAdded] = []

    @property
    def is_busy(self) -> bool:
        return self._stop is not None

    @property
    def adding(self) -> Adding | None:
        """What is being added now; None also before the first file is found."""
        return self._adding

    def add(self, paths: Sequence[Path], *, copies: bool) -> None:
        """Add these files, and all in these folders, whether they are models or adapters."""

        def wanted(stop: Stop) -> Iterator[_Wanted]:
            for path in paths:
                yield from (_Wanted(file) for file in _model_files(path, stop))

        self._begin(wanted, copies=copies)

    def add_found(self, found: Sequence[Elsewhere], *, copies: bool) -> None:
        """Put models that other programs left on the shelf."""

        def wanted(_: Stop) -> Iterator[_Wanted]:
            yield from (_Wanted(each.files[0], each) for each in found)

        self._begin(wanted, copies=copies)

    def look_elsewhere(self) -> Stop:
        """See what other programs left on this computer. Ends with `found`, unless stopped."""

        def work(stop: Stop) -> Iterator[tuple[Elsewhere, ...]]:
            here = {file.resolve() for item in self._shelf.items() for file in item.files}
            left = (each for each in elsewhere(stop) if each.files[0].resolve() not in here)
            yield tuple(left)

        return self._tasks.start(work, news=self.found.emit)

    def stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _begin(self, wanted: Callable[[Stop], Iterator[_Wanted]], *, copies: bool) -> None:
        if self.is_busy:
            return
        self._items, self._added_adapters, self._failures = [], [], []

        def work(stop: Stop) -> Iterator[Adding | NotAdded | Item | AdapterItem]:
            all_wanted = list({each.path: each for each in wanted(stop)}.values())
            self._before = {item.path for item in self._shelf.items()}
            for number, each in enumerate(all_wanted, start=1):
                adding = Adding(each.name, number, len(all_wanted))
                yield adding
                try:
                    yield from self._put(adding, each, stop, copies=copies)
                except Problem as problem:
                    yield NotAdded(each.name, str(problem))

        self._stop = self._tasks.start(work, news=self._hear, failed=self._fail, ended=self._end)
        self.changed.emit()

    def _put(
        self, adding: Adding, wanted: _Wanted, stop: Stop, *, copies: bool
    ) -> Iterator[Adding | Item | AdapterItem]:
        try:
            yield from self._put_model(adding, wanted, stop, copies=copies)
        except Unsupported as no_model:
            try:
                yield from self._put_adapter(adding, wanted.path, stop, copies=copies)
            except Problem:
                raise no_model from None

    def _put_model(
        self, adding: Adding, wanted: _Wanted, stop: Stop, *, copies: bool
    ) -> Iterator[Adding | Item]:
        if not copies:
            known = wanted.found.record() if wanted.found else None
            yield self._shelf.link(wanted.path, stop, known)
            return
        for news in self._shelf.copy(wanted.path, stop):
            yield replace(adding, transferred=news) if isinstance(news, Transferred) else news

    def _put_adapter(
        self, adding: Adding, path: Path, stop: Stop, *, copies: bool
    ) -> Iterator[Adding | AdapterItem]:
        if not copies:
            yield self._adapters.link(path, stop)
            return
        for news in self._adapters.copy(path, stop):
            yield replace(adding, transferred=news) if isinstance(news, Transferred) else news

    def _hear(self, news: Adding | NotAdded | Item | AdapterItem) -> None:
        match news:
            case Adding():
                self._adding = news
                self.changed.emit()
            case NotAdded():
                self._failures.append(news)
            case Item():
                self._items.append(news)
            case AdapterItem():
                self._added_adapters.append(news)

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
            return
        self._failures.append(NotAdded("", str(error)))

    def _end(self) -> None:
        self._stop = self._adding = None
        self.changed.emit()
        self.ended.emit(
            Added(
                tuple(item for item in self._items if item.path not in self._before),
                tuple(item for item in self._items if item.path in self._before),
                tuple(self._added_adapters),
                tuple(self._failures),
            )
        )


def _model_files(path: Path, stop: Stop) -> Iterator[Path]:
    """The first file of each model that is meant. Raises Missing where a folder has none."""
    if not path.is_dir():
        yield parts(path)[0]
        return
    found = dict.fromkeys(parts(file)[0] for file in gguf_files(path, stop))
    if not found:
        raise Missing("There is no GGUF file in this folder. Choose another.")
    yield from found
