"""The ledger as a table."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from sottovoce.domain.text import size_in_words
from sottovoce.system.network.ledger import Entry
from sottovoce.ui.network.ledger_csv import verdict
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip

Index = QModelIndex | QPersistentModelIndex
_COLUMNS = ("Time", "What for", "Host", "Received", "Sent", "Result")
_RIGHT = frozenset({3, 4})
_VERDICT = 5


class LedgerRows(QAbstractTableModel):
    """One row for each connection."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.entries: tuple[Entry, ...] = ()

    def show(self, entries: Sequence[Entry]) -> None:
        self.beginResetModel()
        self.entries = tuple(entries)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.entries)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_COLUMNS)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry, column = self.entries[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cells(entry)[column]
            case Qt.ItemDataRole.ToolTipRole:
                moment = entry.moment.astimezone().isoformat(" ", "seconds")
                return tip(moment if column == 0 else cells(entry)[column])
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ForegroundRole if column == _VERDICT and not entry.is_allowed:
                return QColor(self._look.tokens.danger)
        return None


def cells(entry: Entry) -> tuple[str, ...]:
    """What stands in its row."""
    host = entry.host or "unknown"
    return (
        entry.moment.astimezone().strftime("%d %b %H:%M:%S"),
        entry.purpose,
        f"{host}:{entry.port}" if entry.port not in (None, 443) else host,
        _size(entry.received),
        _size(entry.sent),
        verdict(entry),
    )


def _size(size: int | None) -> str:
    return "" if size is None else size_in_words(size)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
