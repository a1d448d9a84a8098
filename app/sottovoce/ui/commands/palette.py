"""A field over the window: type a few letters, press Enter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sottovoce.ui.commands.fuzzy import fit
from sottovoce.ui.theme.fonts import body_font
from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.theme.tokens import SMALL_PIXELS

_WIDTH, _HEIGHT, _ROW, _FROM_TOP = 560, 420, 40, 90
_MOST_SHOWN = 60
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do, under its name."""

    name: str
    icon: str
    call: Callable[[], object]
    detail: str = ""
    """Said at the right: a shortcut, or what kind of thing it is."""


class CommandPalette(QDialog):
    """Lists what fits the typed letters best; runs what is chosen after it has closed."""

    def __init__(self, commands: Sequence[Command], look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAccessibleName("Commands")
        self._commands = commands
        self._found = _Found(self)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type a command or the name of a chat")
        self.field.setAccessibleName("Command or chat")
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._filter)
        self.list = QListView()
        self.list.setModel(self._found)
        self.list.setItemDelegate(_CommandDelegate(look, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("What fits")
        self.list.clicked.connect(lambda _: self._run())
        frame = QFrame()
        frame.setObjectName("commands")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(6, 2, 6, 6)
        inner.addWidget(self.field)
        inner.addWidget(self.list)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._filter("")
        self._place(parent)
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
            if event.key() in (
                Qt.Key.Key_Up,
                Qt.Key.Key_Down,
                Qt.Key.Key_PageUp,
                Qt.Key.Key_PageDown,
            ):
                QApplication.sendEvent(self.list, event)
                return True
        return super().eventFilter(watched, event)

    def _filter(self, typed: str) -> None:
        if not typed.strip():
            best = list(self._commands[:_MOST_SHOWN])
        else:
            fits = [(fit(typed, c.name), c) for c in self._commands]
            ranked = sorted(
                ((score, c) for score, c in fits if score is not None), key=lambda each: -each[0]
            )
            best = [c for _, c in ranked[:_MOST_SHOWN]]
        self._found.show(best)
        self.list.setCurrentIndex(self._found.index(0))

    def _run(self) -> None:
        index = self.list.currentIndex()
        if not index.isValid():
            return
        command = self._found.command(index)
        self.close()
        command.call()

    def _place(self, parent: QWidget) -> None:
        window = parent.window()
        width = min(_WIDTH, window.width() - 40)
        height = min(_HEIGHT, window.height() - 2 * _FROM_TOP)
        corner = window.mapToGlobal(window.rect().topLeft())
        self.setGeometry(
            QRect(corner.x() + (window.width() - width) // 2, corner.y() + _FROM_TOP, width, height)
        )


class _Found(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._commands: list[Command] = []

    def show(self, commands: list[Command]) -> None:
        self.beginResetModel()
        self._commands = commands
        self.endResetModel()

    def command(self, index: Index) -> Command:
        return self._commands[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default and name.
        return 0 if parent.isValid() else len(self._commands)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        command = self._commands[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.name
        if role == Qt.ItemDataRole.UserRole:
            return command
        return None


class _CommandDelegate(QStyledItemDelegate):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        command: Command = index.data(Qt.ItemDataRole.UserRole)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        tokens = self._look.tokens
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if state & QStyle.StateFlag.State_Selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.hover))
                painter.drawRoundedRect(area.adjusted(2, 1, -2, -1), 8, 8)
            ratio = painter.device().devicePixelRatio()
            painter.drawPixmap(
                area.left() + 14,
                area.top() + 11,
                icon_pixmap(command.icon, tokens.muted, 18, ratio),
            )
            painter.setFont(body_font(SMALL_PIXELS))
            painter.setPen(QColor(tokens.muted))
            words = area.adjusted(44, 0, -14, 0)
            painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, command.detail)
            room = words.width() - painter.fontMetrics().horizontalAdvance(command.detail) - 16
            painter.setFont(body_font(14))
            painter.setPen(QColor(tokens.text))
            name = painter.fontMetrics().elidedText(command.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(words, middle, name)
        finally:
            painter.restore()
