"""The reading of documents while the window is open: how far it is, and how it rests."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from sottovoce.domain.document import Document
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library
from sottovoce.library.news import News, Settled, Working
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_TELL_MILLISECONDS = 150


class WorkViewModel(QObject):
    """Follows the library's work from `begin` on.

    News come faster than anybody reads: they are gathered, and told a few times a second.
    """

    progressed = Signal()
    settled = Signal(object)
    """A tuple of Documents that were read, or could not be."""
    failed = Signal(object)
    """A Trouble: the work ended, and is not begun again by itself."""

    def __init__(
        self,
        library: Library,
        tasks: Tasks,
        settings: SettingsViewModel,
        is_replying: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._library = library
        self._tasks = tasks
        self._settings = settings
        self._is_replying = is_replying
        self._stop: Stop | None = None
        self._working: Working | None = None
        self._settled: dict[int, Document] = {}
        self._told = (False, False)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TELL_MILLISECONDS)
        self._timer.timeout.connect(self._tell_news)
        settings.changed.connect(self.note_replies)

    @property
    def is_begun(self) -> bool:
        return self._stop is not None

    @property
    def working(self) -> Working | None:
        """What is being done; None where nothing is left to do."""
        working = self._working
        is_over = working is None or not (working.waiting or working.without_vectors)
        return None if is_over else working

    @property
    def is_paused(self) -> bool:
        """Whether the person wants it to rest, today or since an earlier day."""
        return self._settings.settings.reading_is_paused

    @property
    def is_resting(self) -> bool:
        """Whether it rests, because the person wants it or because a reply is being written."""
        return self._told[0]

    def begin(self) -> None:
        """Read what waits and follow the watched folders from now on, if that is not so already."""
        if self._stop is not None:
            return
        self._told = (False, False)  # The library's process may be a new one.
        self._stop = self._tasks.start(
            self._library.follow, news=self._hear, failed=self._fail, ended=self._end
        )
        self.note_replies()

    def pause(self, *, is_paused: bool) -> None:
        """Let it rest until it is to go on, beyond the end of the program."""
        self._settings.change(replace(self._settings.settings, reading_is_paused=is_paused))
        self.progressed.emit()

    def note_replies(self) -> None:
        """A reply began or ended, or its reader wants the library to behave otherwise meanwhile."""
        if self._stop is None:
            return  # What never began needs no rest, and its process need not be started.
        is_replying = self._is_replying()
        rests = self.is_paused or (is_replying and self._settings.settings.rests_while_replying)
        if self._told == (rests, is_replying):
            return
        self._told = (rests, is_replying)

        def tell() -> None:
            self._library.pause(is_paused=rests)
            self._library.give_way(to_reply=is_replying)

        self._tasks.ask(tell, failed=self._fail)
        self.progressed.emit()

    def _hear(self, news: News) -> None:
        match news:
            case Working():
                self._working = news
            case Settled(document):
                self._settled[document.id] = document
        if not self._timer.isActive():
            self._timer.start()

    def _tell_news(self) -> None:
        settled, self._settled = tuple(self._settled.values()), {}
        if settled:
            self.settled.emit(settled)
        self.progressed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)

    def _end(self) -> None:
        self._stop = self._working = None
        self._tell_news()
