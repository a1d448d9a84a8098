"""Runs blocking work off the screen's thread and brings its news back to it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from sottovoce.domain.problems import Cancelled
from sottovoce.domain.stop import Stop

News = TypeVar("News")
Result = TypeVar("Result")


def _ignore(_: object) -> None:
    """Nothing to do."""


class Tasks(QObject):
    """Every thread the window starts. It belongs to the application and outlives all screens."""

    crashed = Signal(Exception)
    """Work failed in a way that is neither a Problem the caller handles nor the user's choice."""
    _due = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="task")
        self._line = ThreadPoolExecutor(max_workers=1, thread_name_prefix="question")
        self._stops: set[Stop] = set()
        self._closed = False
        self._due.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        work: Callable[[Stop], Iterator[News]],
        *,
        news: Callable[[News], None] = _ignore,
        failed: Callable[[Exception], None] | None = None,
        ended: Callable[[], None] | None = None,
    ) -> Stop:
        """Run `work` in the background and call the others in the screen's thread, `ended` always.

        `failed` hears Problems and everything else but Cancelled; without it, `crashed` is emitted.
        """
        stop = Stop()
        if self._closed:
            return stop
        self._stops.add(stop)
        self._threads.submit(self._run, work, stop, news, failed or self.crashed.emit, ended)
        return stop

    def ask(
        self,
        question: Callable[[], Result],
        answered: Callable[[Result], None] = _ignore,
        *,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call `question` in the background and hand what it returns to the screen's thread.

        Questions are short, and put one after the other in the order they come: what was written
        first is read by the next.
        """

        def work(_: Stop) -> Iterator[Result]:
            yield question()

        if not self._closed:
            self._line.submit(self._run, work, Stop(), answered, failed or self.crashed.emit, None)

    def close(self) -> None:
        """Stop all work, answer the questions that wait, and drop the news that is on its way."""
        self._closed = True
        for stop in self._stops.copy():
            stop.set()
        self._threads.shutdown(cancel_futures=True)
        self._line.shutdown()

    def _run(
        self,
        work: Callable[[Stop], Iterator[News]],
        stop: Stop,
        news: Callable[[News], None],
        failed: Callable[[Exception], None],
        ended: Callable[[], None] | None,
    ) -> None:
        try:
            for item in work(stop):
                self._due.emit(partial(news, item))
        except Cancelled:
            pass
        except Exception as error:  # noqa: BLE001  Any failure of background work is told here.
            self._due.emit(partial(failed, error))
        finally:
            self._stops.discard(stop)
            if ended is not None:
                self._due.emit(ended)

    @Slot(object)
    def _call(self, due: Callable[[], None]) -> None:
        if not self._closed:
            due()
