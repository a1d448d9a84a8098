"""The collections as a Qt model."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from sottovoce.domain.document import Collection
from sottovoce.ui.library.words import contents
from sottovoce.ui.tip import tip

Index = QModelIndex | QPersistentModelIndex


class CollectionRows(QAbstractListModel):
    """What the page lists."""

    def __init__(self) -> None:
        super().__init__()
        self._collections: tuple[Collection, ...] = ()

    def show_collections(self, collections: Sequence[Collection]) -> None:
        """List these. What stays where it was keeps its row."""
        is_same = [each.id for each in collections] == [each.id for each in self._collections]
        if not is_same:
            self.beginResetModel()
        self._collections = tuple(collections)
        if not is_same:
            self.endResetModel()
        elif collections:
            self.dataChanged.emit(self.index(0), self.index(len(collections) - 1))

    def index_of(self, collection: int | None) -> QModelIndex:
        """Where it stands; an invalid index if it is not listed."""
        for place, each in enumerate(self._collections):
            if each.id == collection:
                return self.index(place)
        return QModelIndex()

    def collection(self, index: Index) -> Collection:
        return self._collections[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default and name.
        return 0 if parent.isValid() else len(self._collections)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        collection = self._collections[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return collection.name
            case Qt.ItemDataRole.ToolTipRole:
                return tip(collection.name)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{collection.name}. {contents(collection)}"
        return None
