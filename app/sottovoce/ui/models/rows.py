"""The items of the shelf as a Qt model."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from sottovoce.domain.model import Role
from sottovoce.domain.text import size_in_words
from sottovoce.models.shelf import Item, Origin
from sottovoce.ui.tip import tip

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
"""The role under which an Item itself is found."""
ROLES = {
    Role.CHAT: "Chat model",
    Role.EMBEDDING: "Embedding model",
    Role.RERANKER: "Reranker",
    Role.GUARD: "Safety model",
}
ORIGINS = {
    Origin.STARTER: "Comes with Sottovoce",
    Origin.OWN: "In Sottovoce’s folder",
    Origin.LINKED: "Linked",
    Origin.SHARED: "Shared by all users",
}


class ItemRows(QAbstractListModel):
    """What the page lists."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[Item] = []
        self._in_use: Path | None = None

    def show_items(self, items: Sequence[Item]) -> None:
        """List these. What stays where it was keeps its row."""
        if [item.path for item in items] == [item.path for item in self._items]:
            self._items = list(items)
            self._redraw()
            return
        self.beginResetModel()
        self._items = list(items)
        self.endResetModel()

    def show_in_use(self, path: Path | None) -> None:
        """Mark the model that answers."""
        self._in_use = path
        self._redraw()

    def index_of(self, path: Path | None) -> QModelIndex:
        """Where the item stands; an invalid index if it is not listed."""
        for row, item in enumerate(self._items):
            if item.path == path:
                return self.index(row)
        return QModelIndex()

    def item(self, index: Index) -> Item:
        return self._items[index.row()]

    def is_in_use(self, item: Item) -> bool:
        """Whether it is the model that answers."""
        return item.path == self._in_use

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default and name.
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self._items[index.row()]
        match role:
            case _ if role == ROW:
                return item
            case Qt.ItemDataRole.DisplayRole:
                return item.name
            case Qt.ItemDataRole.ToolTipRole:
                return tip(item.trouble or str(item.path))
            case Qt.ItemDataRole.AccessibleTextRole:
                in_use = ", in use" if self.is_in_use(item) else ""
                return f"{item.name}{in_use}. {about(item)}"
        return None

    def _redraw(self) -> None:
        if self._items:
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1))


def about(item: Item) -> str:
    """What is said of an item under its name."""
    if item.trouble:
        return item.trouble
    said = [size_in_words(item.size)]
    if model := item.model:
        said = [model.quantisation, *said] if model.quantisation else said
        said += [ROLES[model.role]] if model.role is not Role.CHAT else []
    if item.origin in (Origin.LINKED, Origin.SHARED):
        said.append(ORIGINS[item.origin])
    return " · ".join(said)
