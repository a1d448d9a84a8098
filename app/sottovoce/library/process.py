"""The library in a process of its own, so that reading and searching never hold up the window."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Concatenate, ParamSpec, TypeVar

from sottovoce.domain.document import Collection, Document, Folder, Found, Page, Passage
from sottovoce.domain.problems import Cancelled, Interrupted
from sottovoce.domain.stop import Stop
from sottovoce.library import library_wire as wire
from sottovoce.library.library import Library, Query
from sottovoce.library.news import News
from sottovoce.system.child import Child
from sottovoce.system.paths import Profile

LIBRARY_PROCESS = "--library-process"

_START = 60.0
"""Seconds that the process is given to open the documents."""
_STEADY = 60.0
"""Seconds of life after which an end counts as the first one."""
_ENDS_IN_A_ROW = 3
_LOST = "The process that reads your documents ended unexpectedly. Try again."
_NO_START = "The process that reads your documents could not be started. Try again."

Given = ParamSpec("Given")
Result = TypeVar("Result")


class ProcessLibrary:
    """A Library in a child process, which starts with the first question and after a crash."""

    def __init__(self, profile: Profile, key: bytes | None) -> None:
        """Without a key, the documents live in the memory of that process."""
        self._opening = wire.Open(wire.written(profile), key)
        self._log = profile.logs / "library.log"
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._is_paused = False
        self._gives_way = False
        self._reranker: Path | None = None
        self._is_closed = False

    def collections(self) -> list[Collection]:
        return self._ask(Library.collections)

    def collection(self, name: str) -> Collection:
        return self._ask(Library.collection, name)

    def new_collection(self, name: str) -> Collection:
        return self._ask(Library.new_collection, name)

    def rename_collection(self, collection: int, name: str) -> None:
        self._ask(Library.rename_collection, collection, name)

    def remove_collection(self, collection: int) -> None:
        self._ask(Library.remove_collection, collection)

    def choose_embedding(self, collection: int, identity: str) -> None:
        self._ask(Library.choose_embedding, collection, identity)

    def folders(self, collection: int) -> list[Folder]:
        return self._ask(Library.folders, collection)

    def documents(self, collection: int) -> list[Document]:
        return self._ask(Library.documents, collection)

    def document(self, document: int) -> Document:
        return self._ask(Library.document, document)

    def attached(self, conversation: int) -> Collection:
        return self._ask(Library.attached, conversation)

    def add(self, collection: int, paths: Sequence[Path], *, watch: bool = True) -> list[Document]:
        # Here, where the user's own folder is: a child may have another.
        absolute = [path.absolute() for path in paths]
        return self._ask(Library.add, collection, absolute, watch=watch)

    def retry(self, documents: Sequence[int]) -> None:
        self._ask(Library.retry, documents)

    def remove(self, documents: Sequence[int]) -> None:
        self._ask(Library.remove, documents)

    def remove_folder(self, folder: int) -> None:
        self._ask(Library.remove_folder, folder)

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        self._ask(Library.watch_folder, folder, is_watched=is_watched)

    def work(self, stop: Stop) -> Iterator[News]:
        return self._told(Library.work, stop)

    def follow(self, stop: Stop) -> Iterator[News]:
        return self._told(Library.follow, stop)

    def pause(self, *, is_paused: bool) -> None:
        self._is_paused = is_paused
        self._ask(Library.pause, is_paused=is_paused)

    def give_way(self, *, to_reply: bool) -> None:
        self._gives_way = to_reply
        self._ask(Library.give_way, to_reply=to_reply)

    def rerank_by(self, model: Path | None) -> None:
        self._reranker = model
        if self._process is not None:  # Else it is told when it starts.
            self._ask(Library.rerank_by, model)

    def search(self, query: Query, stop: Stop) -> list[Found]:
        return self._ask(Library.search, query, stop)

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        return self._ask(Library.neighbours, passage, before, after)

    def page(self, document: int, number: int) -> Page:
        return self._ask(Library.page, document, number)

    def text(self, document: int) -> list[Page]:
        return self._ask(Library.text, document)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                self._process.end()

    def _ask(
        self,
        method: Callable[Concatenate[Library, Given], Result],
        *values: Given.args,
        **named: Given.kwargs,
    ) -> Result:
        """What a method of the library over there returns, or raises."""
        stop = next((value for value in values if isinstance(value, Stop)), Stop())
        question = wire.question(method, *values, **named)
        try:
            for reply in self._running().ask(question, stop):
                if isinstance(reply, wire.Returned):
                    result: Result = wire.read_value(method, reply.value)
                    return result
        except _Lost as lost:
            raise Interrupted(_LOST) from lost
        raise AssertionError("the last reply is the answer")

    def _told(
        self, method: Callable[[Library, Stop], Iterator[News]], stop: Stop
    ) -> Iterator[News]:
        """The news of work over there, which goes on in a new process when one is lost."""
        question = wire.question(method, stop)
        ends = 0
        while True:
            begun = time.monotonic()
            try:
                with closing(self._running().ask(question, stop)) as replies:
                    for reply in replies:
                        if isinstance(reply, wire.Told):
                            yield wire.read_news(reply)
                return
            except _Lost as lost:
                ends = ends + 1 if time.monotonic() - begun < _STEADY else 1
                if self._is_closed or ends == _ENDS_IN_A_ROW:
                    raise Interrupted(_LOST) from lost

    def _running(self) -> "_Process":
        """The process, started if need be. Raises what opening the documents raises."""
        with self._lock:
            if self._is_closed:
                raise Interrupted(_LOST)
            if self._process is None or not self._process.lives:
                self._process = _Process(self._opening, self._log)
                for wish in (
                    wire.question(Library.pause, is_paused=self._is_paused),
                    wire.question(Library.give_way, to_reply=self._gives_way),
                    wire.question(Library.rerank_by, self._reranker),
                ):
                    for _ in self._process.ask(wish, Stop()):
                        pass
            return self._process


class _Lost(Exception):
    """The process ended before it answered."""


class _Process:
    """The process, from its start to its end. Any thread may ask."""

    def __init__(self, opening: wire.Open, log: Path) -> None:
        """Return when the documents are open. Raises the Problem if they cannot be."""
        try:
            self._child = Child[wire.Reply](LIBRARY_PROCESS, wire.Reply, log=log, largest=None)
        except OSError as error:
            raise Interrupted(_NO_START) from error
        self._numbers = count(1)
        self._waiting: dict[int, SimpleQueue[wire.Reply | None]] = {}
        self._is_lost = False
        try:
            self._open(opening)
        except BaseException:
            self._child.kill()
            raise
        threading.Thread(target=self._listen, name="library", daemon=True).start()

    @property
    def lives(self) -> bool:
        return not self._is_lost

    def ask(self, question: wire.Question, stop: Stop) -> Generator[wire.Told | wire.Returned]:
        """All replies to a question, the answer last. Raises its Problem, Cancelled, or _Lost."""
        number = next(self._numbers)
        replies = self._waiting[number] = SimpleQueue[wire.Reply | None]()
        is_answered = False
        try:
            self._tell(wire.Ask(number, question))
            with stop.calling(partial(replies.put, wire.Cancelled(number))):
                while not is_answered:
                    reply = None if self._is_lost and replies.empty() else replies.get()
                    is_answered = not isinstance(reply, wire.Told | wire.Cancelled)
                    match reply:
                        case wire.Told() | wire.Returned():
                            yield reply
                        case wire.Failed():
                            raise reply.as_problem
                        case wire.Cancelled():
                            raise Cancelled
                        case _:
                            raise _Lost
        finally:
            del self._waiting[number]
            if not is_answered:
                with suppress(_Lost):
                    self._tell(wire.Stop(number))

    def end(self) -> None:
        """End it politely, then by force."""
        self._child.end()

    def _open(self, opening: wire.Open) -> None:
        channel = self._child.channel
        try:
            channel.tell(opening)
            first = channel.hear_within(_START, Stop())
        except (EOFError, OSError) as error:
            raise Interrupted(_NO_START) from error
        if isinstance(first, wire.Failed):
            raise first.as_problem

    def _tell(self, order: wire.Order) -> None:
        try:
            self._child.channel.tell(order)
        except OSError as error:
            raise _Lost from error

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                reply = self._child.channel.hear()
                assert not isinstance(reply, wire.Opened)
                if replies := self._waiting.get(reply.number):
                    replies.put(reply)
        self._is_lost = True
        self._child.kill()  # It may live on without being heard, and is to leave nothing behind.
        for replies in self._waiting.copy().values():
            replies.put(None)
