"""The rows of the sidebar as a Qt model: headings, chats, and what a search found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from sottovoce.domain.conversation import Conversation, Hit
from sottovoce.domain.document import Found
from sottovoce.ui.sidebar.excerpt import excerpt_around
from sottovoce.ui.sidebar.groups import group
from sottovoce.ui.tip import tip

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
"""The role under which a row itself is found."""
UNNAMED = "New chat"


@dataclass(frozen=True, slots=True)
class Heading:
    """What the rows below have in common."""

    text: str


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A place in a document that a search brought up."""

    found: Found
    excerpt: str
    start: int
    """Where words that were searched for begin in `excerpt`, if they are there, in characters."""
    length: int

    @property
    def page(self) -> str:
        """What the page is called; empty where there is only one."""
        passage = self.found.passage
        return (passage.label or f"page {passage.span.page}") if passage.pages > 1 else ""


Row = Heading | Conversation | Hit | DocumentHit


class Rows(QAbstractListModel):
    """What the sidebar lists."""

    renamed = Signal(int, str)
    """The user gave a conversation another title."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []

    def show_chats(
        self, chats: Sequence[Conversation], today: date, temporary: Sequence[Conversation] = ()
    ) -> None:
        """List temporary chats, then `chats`, newest first, under the headings of their days."""
        rows: list[Row] = []
        if temporary:
            rows += [Heading("Temporary"), *temporary]
        for heading, members in groupby(
            chats, lambda chat: group(chat.updated.astimezone().date(), today)
        ):
            rows += [Heading(heading), *members]
        self._show(rows)

    def show_hits(self, hits: Sequence[Hit], found: Sequence[Found], wanted: str) -> None:
        """List where `wanted` was found: in chats, then in documents."""
        rows: list[Row] = []
        if hits or not found:
            rows += [Heading("In chats" if found else "Found" if hits else "Nothing found"), *hits]
        if found:
            rows.append(Heading("In documents"))
            rows += [
                DocumentHit(each, *excerpt_around(each.passage.text, wanted)) for each in found
            ]
        self._show(rows)

    def index_of(self, conversation: int | None) -> QModelIndex:
        """Where this chat stands; an invalid index if it is not listed."""
        for i, row in enumerate(self._rows):
            if isinstance(row, Conversation) and row.id == conversation:
                return self.index(i)
        return QModelIndex()

    def row(self, index: Index) -> Row:
        return self._rows[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default and name.
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return title(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = [title(row)]
            said += [row.page] if isinstance(row, DocumentHit) and row.page else []
            said += [row.excerpt] if isinstance(row, Hit | DocumentHit) else []
            return ". ".join(said)
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, DocumentHit):
            return tip(f"{row.found.passage.path}\n{row.page}".strip())
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self._rows[index.row()]
        if isinstance(row, Heading):
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if isinstance(row, Conversation) else flags

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self._rows[index.row()]
        name = str(value).strip()
        if not isinstance(row, Conversation) or not name or name == row.title:
            return False
        # At once, so that what follows finds it done: a reset would close the editor under way.
        self._put(index.row(), replace(row, title=name))
        self.renamed.emit(row.id, name)
        return True

    def _show(self, rows: list[Row]) -> None:
        if list(map(_identity, rows)) == list(map(_identity, self._rows)):
            for place, row in enumerate(rows):
                self._put(place, row)
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _put(self, place: int, row: Row) -> None:
        if row != self._rows[place]:
            self._rows[place] = row
            self.dataChanged.emit(self.index(place), self.index(place))


def _identity(row: Row) -> object:
    """What stays the same while a row changes."""
    match row:
        case Conversation(id=number):
            return number
        case Hit():
            return row.conversation.id, row.message
        case DocumentHit():
            return row.found.passage.id, row.excerpt
        case _:
            return row


def title(row: Row) -> str:
    """What a row is called."""
    match row:
        case Heading(text):
            return text
        case Hit():
            return row.conversation.title or UNNAMED
        case DocumentHit():
            return row.found.passage.title or row.found.passage.path.stem
        case Conversation():
            return row.title or UNNAMED
