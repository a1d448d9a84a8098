"""The components that came with Sottovoce as a Qt model."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from sottovoce.system.notices import Notice

Index = QModelIndex | QPersistentModelIndex


class NoticeRows(QAbstractListModel):
    """What the list shows."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: tuple[Notice, ...] = ()

    def show_notices(self, notices: Sequence[Notice]) -> None:
        """List these."""
        self.beginResetModel()
        self.notices = tuple(notices)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default.
        return 0 if parent.isValid() else len(self.notices)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        notice = self.notices[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return notice.titled
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{notice.titled}, {notice.licence}"
        return None
