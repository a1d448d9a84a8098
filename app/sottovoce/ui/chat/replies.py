"""Every reply under way, whichever chat is on screen."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from sottovoce.chat.news import Begun, Consulted, News, Ready
from sottovoce.domain.conversation import Message
from sottovoce.domain.document import Sources
from sottovoce.domain.reply import Piece
from sottovoce.domain.stop import Stop
from sottovoce.ui.chat.awaiting import Awaiting
from sottovoce.ui.tasks import Tasks

# Often enough to look like typing, seldom enough to leave the processor to the model.
_REDRAW_MILLISECONDS = 33


@dataclass(slots=True)
class Writing:
    """A reply under way, from the question to its end."""

    stop: Stop
    message: Message | None = None
    """The reply as it began; None while the model is being loaded."""
    sources: Sources | None = None
    """What it is written from, as soon as that is known."""
    text: str = ""
    """All that is written so far, what the message began with included."""
    tokens: int = 0
    """Those that came since it began."""
    is_loaded: bool = False
    """Whether the model is in memory."""
    is_awaiting: bool = False
    """Whether it waits for documents to be read."""
    first_piece_at: float = 0.0
    unshown: list[str] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Tokens per second; 0 before there are two."""
        seconds = time.monotonic() - self.first_piece_at
        return (self.tokens - 1) / seconds if self.tokens > 1 and seconds > 0 else 0.0


class Replies(QObject):
    """At most one reply at a time in each chat; they go on when nobody looks.

    Pieces are gathered and told on a timer, so that a fast model costs no more redraws than a
    slow one.
    """

    told = Signal(int, object)
    """A conversation and its News or Awaiting, Pieces gathered."""
    failed = Signal(int, Exception)
    begun_or_ended = Signal(int)
    awaiting_changed = Signal()
    """A reply waits for documents to be read, or does so no more."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self._under_way: dict[int, Writing] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REDRAW_MILLISECONDS)
        self._timer.timeout.connect(self._show_all)

    def of(self, conversation: int) -> Writing | None:
        """The reply under way in this chat."""
        return self._under_way.get(conversation)

    @property
    def any_under_way(self) -> bool:
        return bool(self._under_way)

    @property
    def any_busy(self) -> bool:
        """Whether a reply needs the processor: none that waits for documents to be read does."""
        return any(not each.is_awaiting for each in self._under_way.values())

    def start(self, conversation: int, work: Callable[[Stop], Iterator[News | Awaiting]]) -> None:
        """Let `work` answer in this chat."""
        assert conversation not in self._under_way, "One reply at a time in each chat."
        stop = self._tasks.start(
            work,
            news=lambda news: self._hear(conversation, news),
            failed=lambda error: self._fail(conversation, error),
            ended=lambda: self._end(conversation),
        )
        self._under_way[conversation] = Writing(stop)
        self.begun_or_ended.emit(conversation)

    def stop(self, conversation: int) -> None:
        """Ask the reply in this chat to end; what is written stays."""
        if writing := self.of(conversation):
            writing.stop.set()

    def fall_silent(self) -> None:
        """Tell nothing any more: the window closes."""
        self._timer.stop()

    def _hear(self, conversation: int, news: News | Awaiting) -> None:
        writing = self._under_way[conversation]
        if writing.is_awaiting != isinstance(news, Awaiting):
            writing.is_awaiting = not writing.is_awaiting
            self.awaiting_changed.emit()
        if isinstance(news, Piece):
            writing.first_piece_at = writing.first_piece_at or time.monotonic()
            writing.tokens += news.tokens
            writing.unshown.append(news.text)
            if not self._timer.isActive():
                self._timer.start()
            return
        self._show(conversation, writing)
        match news:
            case Ready():
                writing.is_loaded = True
            case Consulted(sources):
                writing.sources = sources
            case Begun(message):
                writing.message, writing.text = message, message.text
        self.told.emit(conversation, news)

    def _show_all(self) -> None:
        began = time.monotonic()
        for conversation, writing in tuple(self._under_way.items()):
            self._show(conversation, writing)
        cost = time.monotonic() - began
        # Drawing gets half of the time at most; the other half belongs to the person typing.
        self._timer.setInterval(max(_REDRAW_MILLISECONDS, round(2000 * cost)))

    def _show(self, conversation: int, writing: Writing) -> None:
        if not writing.unshown:
            return
        piece = "".join(writing.unshown)
        writing.unshown.clear()
        writing.text += piece
        self.told.emit(conversation, Piece(piece))

    def _fail(self, conversation: int, error: Exception) -> None:
        self._show(conversation, self._under_way[conversation])
        self.failed.emit(conversation, error)

    def _end(self, conversation: int) -> None:
        self._show(conversation, self._under_way[conversation])
        del self._under_way[conversation]
        self.begun_or_ended.emit(conversation)
