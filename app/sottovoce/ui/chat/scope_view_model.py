"""The documents that the chat on screen is answered from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.document import Collection, Document, DocumentState, Scope
from sottovoce.domain.problems import Missing, Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library
from sottovoce.library.news import Working
from sottovoce.store.store import Store
from sottovoce.ui.library.words import countable, counted, pages
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_Result = TypeVar("_Result")


class Readiness(Enum):
    """How far something can be searched."""

    READY = "ready"
    READING = "reading"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that is searched for answers, as the composer shows it."""

    what: Collection | Document
    is_attached: bool = False
    """Whether it is for this chat alone."""
    detail: str = ""
    tip: str = ""
    readiness: Readiness = Readiness.READY

    @property
    def name(self) -> str:
        return self.what.name if isinstance(self.what, Collection) else self.what.path.name


class ScopeViewModel(QObject):
    """A choice for each chat, kept with it. A chat that is not begun has its own."""

    changed = Signal()
    """What is asked is another, or further read."""
    listed = Signal()
    """The collections there are were read."""
    added = Signal()
    """There is something to read."""
    attached = Signal(int)
    """What was attached to this chat is in its collection, as far as it could be."""
    failed = Signal(object)
    """A Trouble."""

    def __init__(self, store: Store, library: Library, tasks: Tasks) -> None:
        super().__init__()
        self._store = store
        self._library = library
        self._tasks = tasks
        self._conversation: int | None = None
        self._scopes: dict[int | None, Scope] = {}
        self._asked: tuple[Asked, ...] = ()
        self._collections: tuple[Collection, ...] = ()
        self._working: Working | None = None
        self._questions = 0
        self._lists_asked = 0
        self._leaving: set[int] = set()
        """Attached documents that are being forgotten: nobody is to see them any more."""
        self._adding: dict[int | None, int] = {}
        """How many times files are being attached to a chat at this moment."""

    @property
    def scope(self) -> Scope:
        """What the chat on screen asks."""
        return self._scopes.get(self._conversation, Scope())

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The same, in the order it is shown."""
        return self._asked

    @property
    def collections(self) -> tuple[Collection, ...]:
        """Those that can be chosen, as far as they were listed."""
        return self._collections

    @property
    def is_adding(self) -> bool:
        """Whether files are being attached to the chat on screen at this moment."""
        return bool(self._adding.get(self._conversation))

    def show(self, conversation: int | None, kept: Scope | None = None) -> None:
        """Be about this chat; `kept` is what was chosen for it before this window was opened."""
        self._conversation = conversation
        if kept is not None:
            self._scopes.setdefault(conversation, kept)
        self._asked = ()
        self.changed.emit()
        self.refresh()

    def begin(self, conversation: int) -> None:
        """The chat that was not begun is this one now: what was chosen goes along."""
        self._scopes[conversation] = self._scopes.pop(None, Scope())
        self._keep(conversation)

    def forget_attached(self) -> None:
        """Forget what is for the chat on screen alone: nobody will come back to it."""
        attached = {
            each.what.collection
            for each in self._asked
            if isinstance(each.what, Document) and each.is_attached
        }
        for collection in attached:
            self._ask(partial(self._library.remove_collection, collection), lambda _: None)

    def refresh(self) -> None:
        """Ask again how far everything is that is asked."""
        scope, conversation = self.scope, self._conversation
        self._questions += 1
        question = self._questions
        if scope.is_empty:
            self._take(scope, ())
            return

        def take(found: tuple[Scope, tuple[Asked, ...]]) -> None:
            if question == self._questions and conversation == self._conversation:
                self._take(*found)

        self._ask(lambda: self._read(scope, conversation), take)

    def list_collections(self) -> None:
        """Ask which collections there are."""
        self._lists_asked += 1
        asked = self._lists_asked

        def take(collections: list[Collection]) -> None:
            if asked == self._lists_asked:
                self.note_collections([each for each in collections if each.conversation is None])

        self._ask(self._library.collections, take)

    def note_collections(self, collections: Sequence[Collection]) -> None:
        """These can be chosen, as far as is known."""
        self._lists_asked += 1  # What was asked before knows less.
        self._collections = tuple(sorted(collections, key=lambda each: countable(each.name)))
        self.listed.emit()

    def choose(self, collection: int, *, is_chosen: bool) -> None:
        """Ask a collection, or ask it no more."""
        others = tuple(each for each in self.scope.collections if each != collection)
        self._change(
            replace(self.scope, collections=(*others, collection) if is_chosen else others)
        )

    def ask_document(self, document: Document) -> None:
        """Ask a document by itself, unless it is asked already."""
        scope = self.scope
        if document.collection not in scope.collections and document.id not in scope.documents:
            self._change(replace(scope, documents=(*scope.documents, document.id)))

    def attach(self, paths: Sequence[Path]) -> None:
        """Have files read for this chat alone, which must be begun, and ask them."""
        conversation = self._conversation
        assert conversation is not None, "What is attached belongs to a chat."

        def work(_: Stop) -> Iterator[int]:
            collection = self._library.attached(conversation).id
            yield collection  # A question that comes meanwhile asks it already.
            self._library.add(collection, paths, watch=False)

        def take(collection: int) -> None:
            scope = self._scopes.get(conversation, Scope())
            if collection not in scope.collections:
                scope = replace(scope, collections=(*scope.collections, collection))
                self._scopes[conversation] = scope
                self._keep(conversation)
                if conversation == self._conversation:
                    self.refresh()  # What was asked about the choice before counts no more.

        def end() -> None:
            self._adding[conversation] -= 1
            self.added.emit()
            if conversation == self._conversation:
                self.refresh()
            self.attached.emit(conversation)

        self._adding[conversation] = self._adding.get(conversation, 0) + 1
        self.changed.emit()
        self._tasks.start(work, news=take, failed=self._tell, ended=end)

    def remove(self, asked: Asked) -> None:
        """Ask this no more; what is for this chat alone is forgotten."""
        scope = self.scope
        if isinstance(asked.what, Collection):
            self.choose(asked.what.id, is_chosen=False)
        elif asked.is_attached:
            number = asked.what.id
            self._leaving.add(number)
            self._take(scope, self._asked)

            def work(_: Stop) -> Iterator[None]:
                self._library.remove([number])
                yield

            def end() -> None:
                self._leaving.discard(number)
                self.refresh()

            self._tasks.start(work, failed=self._tell, ended=end)
        else:
            left = tuple(each for each in scope.documents if each != asked.what.id)
            self._change(replace(scope, documents=left))

    def note_working(self, working: Working | None) -> None:
        """What the library reads at this moment."""
        self._working = working
        asked = tuple(
            _of_document(each.what, working, is_attached=each.is_attached)
            if isinstance(each.what, Document)
            else each
            for each in self._asked
        )
        if asked != self._asked:
            self._asked = asked
            self.changed.emit()

    def note_settled(self, documents: Sequence[Document]) -> None:
        """The library has read these, or could not."""
        scope = self.scope
        if any(
            each.collection in scope.collections or each.id in scope.documents for each in documents
        ):
            self.refresh()

    def _read(self, scope: Scope, conversation: int | None) -> tuple[Scope, tuple[Asked, ...]]:
        """What is asked, and how far it is; without what is not there any more."""
        known = {each.id: each for each in self._library.collections()}
        collections = [known[number] for number in scope.collections if number in known]
        asked: list[Asked] = []
        for collection in collections:
            if collection.conversation is None:
                asked.append(_of_collection(collection))
            elif collection.conversation == conversation:
                asked += [
                    _of_document(each, self._working, is_attached=True)
                    for each in self._library.documents(collection.id)
                ]
        documents: list[int] = []
        for number in scope.documents:
            try:
                asked.append(_of_document(self._library.document(number), self._working))
            except Missing:
                continue
            documents.append(number)
        left = replace(
            scope,
            collections=tuple(each.id for each in collections),
            documents=tuple(documents),
        )
        return left, tuple(asked)

    def _take(self, scope: Scope, asked: tuple[Asked, ...]) -> None:
        if scope != self.scope:
            self._scopes[self._conversation] = scope
            self._keep(self._conversation)
        self._asked = tuple(
            each for each in asked if not (each.is_attached and each.what.id in self._leaving)
        )
        self.changed.emit()

    def _change(self, scope: Scope) -> None:
        self._scopes[self._conversation] = scope
        self._keep(self._conversation)
        self.refresh()

    def _keep(self, conversation: int | None) -> None:
        if conversation is not None:
            scope = self._scopes[conversation]
            self._tasks.ask(lambda: self._store.keep_scope(conversation, scope))

    def _ask(
        self,
        question: Callable[[], _Result],
        answered: Callable[[_Result], None],
    ) -> None:
        """Ask in a thread of its own: a chat's words must not wait behind the library."""

        def work(_: Stop) -> Iterator[_Result]:
            yield question()

        self._tasks.start(work, news=answered, failed=self._tell)

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)


def _of_collection(collection: Collection) -> Asked:
    if not collection.documents:
        return Asked(collection, detail="empty", tip="There are no documents in it yet.")
    if collection.waiting:
        read = collection.documents - collection.waiting
        return Asked(
            collection,
            detail=f"{read:,} of {collection.documents:,} read",
            tip="What is read already is searched; the rest follows.",
            readiness=Readiness.READING,
        )
    return Asked(collection, detail=counted(collection.documents, "document"))


def _of_document(
    document: Document, working: Working | None, *, is_attached: bool = False
) -> Asked:
    detail, readiness = "", Readiness.READY
    match document.state:
        case DocumentState.WAITING:
            readiness, detail = Readiness.READING, "waiting"
            if working is not None and working.path == document.path:
                of = f" of {working.pages:,}" if working.pages else ""
                detail = f"reading page {working.page:,}{of}" if working.page else "reading"
            if working is not None and working.is_paused:
                detail = "paused"
        case DocumentState.FAILED:
            readiness, detail = Readiness.FAILED, "not read"
        case _ if document.pages > 1:
            detail = pages(document)
    return Asked(document, is_attached, detail, document.trouble, readiness)
