"""The downloads: those in the queue, and those that were finished since the window was opened."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem, Refused, Unidentified
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.download import Checking, Choice, Download, Installed, State
from sottovoce.models.downloads import Downloads
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_NEWS_SECONDS = 0.1
_USE = "Downloading"


class Step(Enum):
    """How a download stands, as a person sees it."""

    QUEUED = auto()
    """It is run when those before it are done."""
    STARTING = auto()
    RUNNING = auto()
    CHECKING = auto()
    PAUSED = auto()
    INTERRUPTED = auto()
    """It was under way when the program ended, or the network was switched off."""
    ELSEWHERE = auto()
    """Another window or command runs it."""
    FAILED = auto()
    DONE = auto()


class Remedy(Enum):
    """What a person can do about a failed download. The value is what the button says."""

    IDENTIFY = "Enter a token…"
    NETWORK = "Network settings…"


@dataclass(frozen=True, slots=True)
class Row:
    """A download as it is listed."""

    id: str
    choice: Choice
    step: Step
    done: int = 0
    """Bytes that are there, or that were checked."""
    total: int | None = None
    speed: float = 0.0
    """Bytes per second; 0 while it is not known."""
    seconds_left: float | None = None
    trouble: str = ""
    remedy: Remedy | None = None
    """What would mend the trouble, besides trying again."""
    path: Path | None = None
    """The first file of the model, once it is done."""

    @property
    def is_under_way(self) -> bool:
        return self.step in _UNDER_WAY


_UNDER_WAY = frozenset({Step.QUEUED, Step.STARTING, Step.RUNNING, Step.CHECKING})


class DownloadsViewModel(QObject):
    """Runs one download after the other, those that a click in this window asked for."""

    listed = Signal()
    """The rows are others, or stand otherwise."""
    progressed = Signal()
    """The row that is running came further."""
    installed = Signal(object)
    """A Row that is done."""
    failed = Signal(object)
    """A Trouble with an order that has no row."""
    rested = Signal()
    """What was asked for is done, failed or paused: nothing is under way any more."""

    def __init__(self, downloads: Downloads, tasks: Tasks, network: NetworkViewModel) -> None:
        super().__init__()
        self._downloads = downloads
        self._tasks = tasks
        self._network = network
        self._queue: tuple[Download, ...] = ()
        self._asked_for: set[str] = set()
        self._finished: list[Row] = []
        self._problems: dict[str, Exception] = {}
        self._running: Download | None = None
        self._stop: Stop | None = None
        self._is_busy = False
        self._news: Transferred | Checking | None = None
        network.changed.connect(self._heed_network)
        self.rested.connect(network.rest)

    @property
    def network(self) -> NetworkViewModel:
        """What they come through."""
        return self._network

    @property
    def rows(self) -> tuple[Row, ...]:
        """The queue, the next first; then what is done, the latest first."""
        return (*map(self._row, self._queue), *reversed(self._finished))

    @property
    def running(self) -> Row | None:
        """The one that bytes are fetched for now."""
        return self._row(self._running) if self._running else None

    @property
    def under_way(self) -> int:
        """How many are running or have their turn next."""
        return sum(row.is_under_way for row in self.rows)

    @property
    def wanted(self) -> tuple[str, ...]:
        """What somebody asked for and is not done."""
        return tuple(sorted(self._asked_for))

    def go_on(self, wanted: Sequence[str]) -> None:
        """Go on with what was wanted of the window before this one."""

        def take(queue: list[Download]) -> None:
            self._asked_for |= set(wanted)
            self._take(queue)

        self._network.look()
        self._tasks.ask(self._downloads.list, take)

    def refresh(self) -> None:
        """Read the queue again."""
        self._tasks.ask(self._downloads.list, self._take)

    def add(self, choice: Choice) -> None:
        """Download a model, after those asked for before. The network has to be on."""
        self._order(lambda: self._downloads.add(choice))

    def resume(self, id_: str) -> None:
        """Let one that rests or failed go on, when its turn comes."""
        if download := self._find(id_):
            self._problems.pop(id_, None)
            self._order(lambda: self._downloads.resume(download))

    def pause(self, id_: str) -> None:
        """Let it rest, with all that was fetched."""
        if download := self._find(id_):
            self._asked_for.discard(id_)
            self._change(lambda: self._downloads.pause(download))

    def cancel(self, id_: str) -> None:
        """Take it out of the queue, and delete what was fetched."""
        if download := self._find(id_):
            self._asked_for.discard(id_)
            self._change(lambda: self._downloads.cancel(download))

    def move_up(self, id_: str) -> None:
        """Let it come before the one before it."""
        ids = [download.id for download in self._queue]
        if (place := ids.index(id_) if id_ in ids else 0) > 0:
            download, before = self._queue[place], self._queue[place - 1]
            self._change(lambda: self._downloads.move(download, before))

    def clear_finished(self) -> None:
        """List no more what is done. The models stay."""
        self._finished.clear()
        self.listed.emit()

    def _order(self, order: Callable[[], Download]) -> None:
        def take(download: Download) -> None:
            if self._network.is_on:
                self._asked_for.add(download.id)
            self.refresh()

        self._tasks.ask(order, take, failed=self._tell)

    def _change(self, change: Callable[[], object]) -> None:
        self._tasks.ask(change, lambda _: self.refresh(), failed=self._tell)

    def _take(self, queue: list[Download]) -> None:
        done = {row.id for row in self._finished}
        self._queue = tuple(download for download in queue if download.id not in done)
        self._asked_for &= {download.id for download in queue}
        self._run_next()
        self.listed.emit()
        was_busy, self._is_busy = self._is_busy, self.under_way > 0
        if was_busy and not self._is_busy:
            self.rested.emit()

    def _run_next(self) -> None:
        if self._running is not None or not self._network.is_on:
            return
        waiting = (d for d in self._queue if d.state is State.WAITING and d.id in self._asked_for)
        download = next(waiting, None)
        if download is None:
            return
        self._running, self._news = download, None
        self._network.begin_use(_USE)

        def work(stop: Stop) -> Iterator[Transferred | Checking | Installed]:
            told = 0.0
            for news in self._downloads.run(download, stop):
                # The screen needs no more than this, and each piece of news costs it something.
                if isinstance(news, Installed) or time.monotonic() - told > _NEWS_SECONDS:
                    told = time.monotonic()
                    yield news

        self._stop = self._tasks.start(work, news=self._hear, failed=self._fail, ended=self._end)

    def _hear(self, news: Transferred | Checking | Installed) -> None:
        if isinstance(news, Installed):
            self._take_off(news.path)
            return
        was_checking = isinstance(self._news, Checking)
        had_none = self._news is None
        self._news = news
        if had_none or was_checking is not isinstance(news, Checking):
            self.listed.emit()
        self.progressed.emit()

    def _take_off(self, path: Path) -> None:
        """Have the download that is running among those that are done."""
        download = self._running
        assert download is not None
        size = self._news.total if isinstance(self._news, Transferred) else download.choice.size
        row = Row(download.id, download.choice, Step.DONE, total=size, path=path)
        self._queue = tuple(each for each in self._queue if each.id != download.id)
        self._finished.append(row)
        self.listed.emit()
        self.installed.emit(row)

    def _fail(self, error: Exception) -> None:
        assert self._running is not None
        self._asked_for.discard(self._running.id)
        self._problems[self._running.id] = error
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)

    def _end(self) -> None:
        """Call it ended only together with how it stands now, so that no row lies in between."""

        def settle(queue: list[Download]) -> None:
            self._running = self._stop = self._news = None
            self._take(queue)

        self._network.end_use(_USE)
        self._tasks.ask(self._downloads.list, settle)

    def _heed_network(self) -> None:
        """Where the network is switched off, what is under way rests until somebody resumes it."""
        if not self._network.is_on and self._asked_for:
            self._asked_for.clear()
            if self._stop:
                self._stop.set()
            self.refresh()

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
        if not self.under_way:
            self.rested.emit()
        self.refresh()

    def _find(self, id_: str) -> Download | None:
        return next((download for download in self._queue if download.id == id_), None)

    def _row(self, download: Download) -> Row:
        choice, done, total = download.choice, download.done, download.choice.size
        if self._running and download.id == self._running.id:
            match self._news:
                case Transferred(done, total, speed):
                    left = self._news.seconds_left
                    return Row(download.id, choice, Step.RUNNING, done, total, speed, left)
                case Checking(done, total):
                    return Row(download.id, choice, Step.CHECKING, done, total)
                case None:
                    return Row(download.id, choice, Step.STARTING, done, total)
        error = self._problems.get(download.id)
        return Row(
            download.id,
            choice,
            self._step(download),
            done,
            total,
            trouble=download.trouble or (str(error) if isinstance(error, Problem) else ""),
            remedy=_remedy(error),
        )

    def _step(self, download: Download) -> Step:
        match download.state:
            case State.RUNNING:
                return Step.ELSEWHERE
            case State.PAUSED:
                return Step.PAUSED
            case State.FAILED:
                return Step.FAILED
            case State.WAITING if download.id in self._problems:
                return Step.FAILED  # The disk was so full that not even this could be kept.
            case State.WAITING:
                is_next = download.id in self._asked_for
                return Step.QUEUED if is_next else Step.INTERRUPTED


def _remedy(error: Exception | None) -> Remedy | None:
    match error:
        case Unidentified():
            return Remedy.IDENTIFY
        case Refused():
            return Remedy.NETWORK
    return None
