"""The chats that are kept: list, search (documents too), rename, delete and bring back."""

from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QTimer, Signal

from sottovoce.domain.conversation import Conversation, Hit
from sottovoce.domain.document import Found
from sottovoce.store.store import Store
from sottovoce.ui.library.search import DocumentSearch
from sottovoce.ui.sidebar.rows import Rows
from sottovoce.ui.tasks import Tasks

_SEARCH_MILLISECONDS = 120


class SidebarViewModel(QObject):
    """What the sidebar lists, and what can be done with a chat there."""

    listed = Signal()
    """The rows are new."""
    deleted = Signal(object)
    """A conversation that `restore` can bring back."""
    restored = Signal(int)

    def __init__(self, store: Store, tasks: Tasks, documents: DocumentSearch) -> None:
        super().__init__()
        self._documents = documents
        self._store = store
        self._tasks = tasks
        self._chats: list[Conversation] = []
        self._temporary: list[Conversation] = []
        self._changes = 0
        self._wanted = ""
        self._deleted: list[Conversation] = []
        self._hits: list[Hit] = []
        self._found: list[Found] = []
        self.rows = Rows()
        self.rows.renamed.connect(self.rename)
        self._search_timer = QTimer(self)
        self._search_timer.setSingleShot(True)
        self._search_timer.setInterval(_SEARCH_MILLISECONDS)
        self._search_timer.timeout.connect(self._search)
        documents.found.connect(self._take_found)

    @property
    def chats(self) -> tuple[Conversation, ...]:
        """All chats, newest first."""
        return tuple(self._chats)

    @property
    def temporary(self) -> tuple[Conversation, ...]:
        """Those that have words and are in memory alone, newest first."""
        return tuple(self._temporary)

    @property
    def is_searching(self) -> bool:
        return bool(self._wanted)

    def refresh(self) -> None:
        """Read the list again."""
        known = self._changes

        def read() -> tuple[list[Conversation], list[Conversation]]:
            return self._store.conversations(), self._store.temporary_conversations()

        def take(found: tuple[list[Conversation], list[Conversation]]) -> None:
            if known == self._changes:  # Else it was read before what the user has changed since.
                chats, self._temporary = found
                self._take(chats)

        self._tasks.ask(read, take)

    def search(self, text: str) -> None:
        """List where `text` occurs, and what documents say of it; all chats when it is empty."""
        self._wanted = text.strip()
        self._found = []
        if self._wanted:
            self._search_timer.start()
            return
        self._search_timer.stop()
        self._documents.stop()
        self._list()

    def rename(self, conversation: int, title: str) -> None:
        self._tasks.ask(lambda: self._store.rename(conversation, title))
        self._change([replace(c, title=title) if c.id == conversation else c for c in self._chats])

    def delete(self, conversation: int) -> None:
        """Hide the chat. It can be brought back."""
        found = [c for c in (*self._temporary, *self._chats) if c.id == conversation]
        if not found:
            return
        if found[0].is_temporary:  # Those before it are gone for good.
            self._deleted = [each for each in self._deleted if not each.is_temporary]
        self._deleted += found
        self._temporary = [c for c in self._temporary if c.id != conversation]
        self._tasks.ask(lambda: self._store.delete(conversation))
        self._change([c for c in self._chats if c.id != conversation])
        self.deleted.emit(found[0])

    def restore(self) -> None:
        """Bring back the chat deleted last."""
        if not self._deleted:
            return
        conversation = self._deleted.pop().id
        self._tasks.ask(
            lambda: self._store.restore(conversation),
            lambda _: self.restored.emit(conversation),
        )
        self.refresh()

    def neighbour(self, conversation: int | None, step: int) -> int | None:
        """The chat `step` places further down the list, if there is one."""
        ids = [c.id for c in self._chats]
        if conversation not in ids:
            return ids[0] if ids else None
        place = ids.index(conversation) + step
        return ids[place] if 0 <= place < len(ids) else None

    def _change(self, chats: list[Conversation]) -> None:
        """Show at once what the store has only been asked to do, and read it again after that."""
        self._changes += 1
        self._take(chats)
        self.refresh()
        if self._wanted:
            self._search()

    def _take(self, chats: list[Conversation]) -> None:
        self._chats = chats
        if not self._wanted:
            self._list()

    def _list(self) -> None:
        today = datetime.now(UTC).astimezone().date()
        self.rows.show_chats(self._chats, today, self._temporary)
        self.listed.emit()

    def _search(self) -> None:
        wanted, known = self._wanted, self._changes

        def show(hits: list[Hit]) -> None:
            if (wanted, known) == (self._wanted, self._changes):
                self._hits = hits
                self._list_found()

        self._tasks.ask(lambda: self._store.search(wanted), show)
        self._documents.search(wanted)

    def _take_found(self, wanted: str, found: list[Found]) -> None:
        if wanted == self._wanted:
            self._found = found
            self._list_found()

    def _list_found(self) -> None:
        self.rows.show_hits(self._hits, self._found, self._wanted)
        self.listed.emit()
