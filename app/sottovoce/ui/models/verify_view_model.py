"""Whether the files of a model are still what they were: read whole, which takes a while."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.shelf import Item
from sottovoce.models.verify import Verdict, Verified
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class VerifyViewModel(QObject):
    """One verification at a time. What came out is remembered while the window is open."""

    changed = Signal()

    def __init__(self, shelf: ShelfViewModel, tasks: Tasks) -> None:
        super().__init__()
        self._shelf = shelf
        self._tasks = tasks
        self._stop: Stop | None = None
        self._item: Item | None = None
        self._progress: Transferred | None = None
        self._said: dict[Path, tuple[str, str]] = {}

    @property
    def item(self) -> Item | None:
        """The item that is being verified."""
        return self._item

    @property
    def progress(self) -> Transferred | None:
        """How far it is read; None before the first bytes."""
        return self._progress

    def outcome(self, item: Item) -> tuple[str, str]:
        """What came out last, and its kind: good, warning or danger. Empty if it was not asked."""
        return self._said.get(item.path, ("", ""))

    def verify(self, item: Item) -> None:
        """Read it whole, and compare."""
        if self._stop is not None:
            return

        def work(stop: Stop) -> Iterator[Transferred | Verified]:
            # As it is recorded now: what was listed may be older than the last verification.
            shelf = self._shelf.shelf
            yield from shelf.verify(shelf.item(str(item.path), usable=False), stop)

        def hear(news: Transferred | Verified) -> None:
            match news:
                case Transferred():
                    self._progress = news
                case Verified():
                    self._said[item.path] = _outcome(news)
            self.changed.emit()

        def fail(error: Exception) -> None:
            self._said[item.path] = (trouble(error).sentence, "danger")
            if not isinstance(error, Problem):
                self._tasks.crashed.emit(error)

        self._item, self._progress = item, None
        self._stop = self._tasks.start(work, news=hear, failed=fail, ended=self._end)
        self.changed.emit()

    def stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _end(self) -> None:
        self._stop = self._item = self._progress = None
        self.changed.emit()
        self._shelf.refresh()


def _outcome(verified: Verified) -> tuple[str, str]:
    since = f"{verified.record.added.astimezone():%d %B %Y}".lstrip("0")
    match verified.verdict:
        case Verdict.UNCHANGED:
            return f"Unchanged since {since}.", "good"
        case Verdict.FIRST:
            return "First fingerprint taken. From now on every change will be noticed.", "good"
        case Verdict.CHANGED:
            names = ", ".join(path.name for path in verified.changed)
            return (
                f"Changed since {since}: {names}. If you did not change it, fetch it again.",
                "danger",
            )
