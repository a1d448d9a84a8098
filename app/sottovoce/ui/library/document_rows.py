"""The documents of a collection as a Qt model: filtered and sorted, however many they are."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from sottovoce.domain.document import Document, DocumentState
from sottovoce.domain.text import size_in_words
from sottovoce.ui.library import words
from sottovoce.ui.tip import tip

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
"""The role under which a Document itself is found."""


class Column(IntEnum):
    """What is told of a document, from the left."""

    NAME = 0
    STATE = 1
    PAGES = 2
    SIZE = 3
    MODIFIED = 4


_HEADS = ("Name", "State", "Length", "Size", "Modified")
_STATES = (
    DocumentState.FAILED,
    DocumentState.WAITING,
    DocumentState.WORDS,
    DocumentState.READY,
)
"""What needs a look comes first."""
_UNREADY = frozenset({DocumentState.WAITING, DocumentState.WORDS})


class DocumentRows(QAbstractTableModel):
    """Those that fit the filter, in the order that is wished."""

    def __init__(self) -> None:
        super().__init__()
        self._all: dict[int, Document] = {}
        self._troubled: dict[int, Document] = {}
        self._unready: set[int] = set()
        self._said: dict[int, str] = {}
        """What the filter looks at; made when it is first used."""
        self._shown: list[Document] = []
        self._places: dict[int, int] = {}
        self._wanted: tuple[str, ...] = ()
        self._only_troubled = False
        self._sorted_by = Column.NAME
        self._order = Qt.SortOrder.AscendingOrder
        self._at_work: Path | None = None

    @property
    def documents(self) -> Sequence[Document]:
        """Those that are shown, from the top."""
        return self._shown

    @property
    def count(self) -> int:
        """How many there are, shown or not."""
        return len(self._all)

    @property
    def unready(self) -> int:
        """How many still wait for something."""
        return len(self._unready)

    @property
    def troubled(self) -> list[Document]:
        """Those that could not be read, or not all of them."""
        return list(self._troubled.values())

    def show_documents(self, documents: Iterable[Document]) -> None:
        """Have these, which come sorted by name, in place of what was there."""
        self._all = {each.id: each for each in documents}
        self._troubled = {each.id: each for each in self._all.values() if each.trouble}
        self._unready = {each.id for each in self._all.values() if each.state in _UNREADY}
        self._said = {}
        self._arrange()

    def update(self, documents: Iterable[Document]) -> bool:
        """Show how these are now. Returns whether all of them were known."""
        are_known = True
        for each in documents:
            if each.id not in self._all:
                are_known = False
                continue
            self._all[each.id] = each
            self._said.pop(each.id, None)
            self._troubled.pop(each.id, None)
            self._unready.discard(each.id)
            if each.trouble:
                self._troubled[each.id] = each
            if each.state in _UNREADY:
                self._unready.add(each.id)
            place = self._places.get(each.id)
            if place is not None:
                self._shown[place] = each
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(Column) - 1))
        return are_known

    def filter(self, text: str, *, only_troubled: bool) -> None:
        """Show only what has these words in its name, its path or its trouble."""
        self._wanted = tuple(text.casefold().split())
        self._only_troubled = only_troubled
        self._arrange()

    def note_at_work(self, path: Path | None) -> None:
        """Know which file is being read. Whoever draws the rows draws them anew."""
        self._at_work = path

    def document(self, index: Index) -> Document:
        return self._shown[index.row()]

    def is_at_work(self, document: Document) -> bool:
        """Whether it is being read."""
        return document.path == self._at_work and document.state is DocumentState.WAITING

    def index_of(self, document: int) -> QModelIndex:
        """Where it stands; an invalid index if it is not shown."""
        place = self._places.get(document)
        return QModelIndex() if place is None else self.index(place, 0)

    def state(self, document: Document) -> str:
        """How far it is, in words."""
        return "Reading…" if self.is_at_work(document) else words.state(document)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default and name.
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default and name.
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        document = self._shown[index.row()]
        match role:
            case _ if role == ROW:
                return document
            case Qt.ItemDataRole.DisplayRole:
                return self._cell(document, index.column())
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case Qt.ItemDataRole.ToolTipRole:
                return tip(self._tip(document, index.column()))
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == Column.NAME:
                said = [document.name, self.state(document), document.trouble]
                return ". ".join(each.rstrip(".") for each in said if each)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by, self._order = Column(column), order
        self._arrange()

    def _cell(self, document: Document, column: int) -> str:
        match Column(column):
            case Column.NAME:
                return document.name
            case Column.STATE:
                return self.state(document)
            case Column.PAGES:
                return words.pages(document)
            case Column.SIZE:
                return size_in_words(document.size)
            case Column.MODIFIED:
                return words.day(document.modified, datetime.now(UTC))

    def _tip(self, document: Document, column: int) -> str:
        match Column(column):
            case Column.STATE:
                return document.trouble or words.STATE_TIPS[document.state]
            case Column.MODIFIED:
                return f"{document.modified.astimezone():%d %B %Y, %H:%M}"
            case _:
                return f"{document.path}\n{document.trouble}".strip()

    def _arrange(self) -> None:
        wanted = self._troubled if self._only_troubled else self._all
        found = [each for each in wanted.values() if self._fits(each)]
        is_reversed = self._order is Qt.SortOrder.DescendingOrder
        found = _in_order(found, self._sorted_by, is_reversed=is_reversed)
        self.beginResetModel()
        self._shown = found
        self._places = {each.id: place for place, each in enumerate(found)}
        self.endResetModel()

    def _fits(self, document: Document) -> bool:
        if not self._wanted:
            return True
        said = self._said.get(document.id)
        if said is None:
            said = f"{document.title} {document.path} {document.trouble}".casefold()
            self._said[document.id] = said
        return all(word in said for word in self._wanted)


def _in_order(found: list[Document], column: Column, *, is_reversed: bool) -> list[Document]:
    """Sorted by a column; what is equal there stays sorted by name, as it comes."""
    match column:
        case Column.NAME:
            pass
        case Column.STATE:
            found.sort(key=lambda each: (_STATES.index(each.state), not each.trouble))
        case Column.PAGES:
            found.sort(key=lambda each: each.pages)
        case Column.SIZE:
            found.sort(key=lambda each: each.size)
        case Column.MODIFIED:
            found.sort(key=lambda each: each.modified)
    return found[::-1] if is_reversed else found


def _alignment(column: int) -> Qt.AlignmentFlag:
    is_figure = column in (Column.PAGES, Column.SIZE)
    side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
