"""The left side of the window: new chat, search, chats, and the ways to all else."""

from itertools import pairwise

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.conversation import Conversation, Hit
from sottovoce.domain.settings import NARROWEST_SIDEBAR, WIDEST_SIDEBAR
from sottovoce.ui.sidebar.delegate import RowDelegate
from sottovoce.ui.sidebar.rows import DocumentHit
from sottovoce.ui.sidebar.view_model import SidebarViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, icon_button, label, picture, rounded, tint


class Sidebar(QFrame):
    """Passes on what is chosen here; the rows are the view-model's."""

    new_asked = Signal()
    temporary_asked = Signal()
    documents_asked = Signal()
    models_asked = Signal()
    settings_asked = Signal()
    hide_asked = Signal()
    lock_asked = Signal()
    chosen = Signal(int, object)
    """A conversation, and the message to show in it or None."""
    found_chosen = Signal(object)
    """A Found: a passage of a document that is to be shown."""

    def __init__(self, chats: SidebarViewModel, look: Look) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setMinimumWidth(NARROWEST_SIDEBAR)
        self.setMaximumWidth(WIDEST_SIDEBAR)
        self._chats = chats
        self._look = look
        self._current: int | None = None

        self._search = QLineEdit()
        self._search.setPlaceholderText("Search chats and documents")
        self._search.setAccessibleName("Search chats and documents")
        self._search.setToolTip("Search titles, messages and documents (Ctrl+Shift+F)")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(chats.search)
        self._glass = QAction(self)
        self._search.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._list = _ChatList(chats, look)
        self._list.chosen.connect(self._choose)
        self._list.menu_asked.connect(self._show_menu)
        self._list.delete_asked.connect(chats.delete)
        self._list.left.connect(lambda: self.show_current(self._current))
        self._empty = label("Your chats will be listed here.", "muted", wraps=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        chats.listed.connect(self._note_listed)

        new = button("  New chat", self.new_asked.emit)
        new.setObjectName("new_chat")
        new.setToolTip("Start a new chat (Ctrl+N)")
        new.setIconSize(QSize(17, 17))
        tint(new, look, "square-pen", "text")
        self.temporary = icon_button(
            look,
            "message-square-dashed",
            "Start a temporary chat, kept in memory alone (Ctrl+Shift+N)",
            self.temporary_asked.emit,
        )
        begin = QHBoxLayout()
        begin.setSpacing(6)
        begin.addWidget(new, 1)
        begin.addWidget(self.temporary)
        documents = button("  Documents", self.documents_asked.emit, "side")
        documents.setToolTip("All documents (Ctrl+Shift+D)")
        tint(documents, look, "files")
        models = button("  Models", self.models_asked.emit, "side")
        models.setToolTip("All models (Ctrl+Shift+M)")
        tint(models, look, "boxes")
        settings = button("  Settings", self.settings_asked.emit, "side")
        settings.setToolTip("Open the settings (Ctrl+,)")
        tint(settings, look, "settings")

        head = QHBoxLayout()
        head.setSpacing(9)
        head.addSpacing(5)
        head.addWidget(picture(look, "shield-check", 20))
        head.addWidget(label("Sottovoce", "name"))
        head.addStretch()
        hide = icon_button(look, "panel-left", "Hide the sidebar (Ctrl+B)", self.hide_asked.emit)
        lock = icon_button(look, "lock", "Lock now (Ctrl+Shift+L)", self.lock_asked.emit)
        head.addWidget(lock)
        head.addWidget(hide)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(begin)
        column.addWidget(self._search)
        column.addWidget(self._empty)
        column.addWidget(self._list, 1)
        foot = QVBoxLayout()
        foot.setSpacing(0)
        foot.addWidget(documents)
        foot.addWidget(models)
        foot.addWidget(settings)
        column.addLayout(foot)
        for first, then in pairwise(
            (lock, hide, new, self.temporary, self._search, self._list, documents, models, settings)
        ):
            QWidget.setTabOrder(first, then)

        look.changed.connect(self._draw)
        self._draw()

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def show_current(self, conversation: int | None) -> None:
        """Mark the chat that is on screen."""
        self._current = conversation
        if self._chats.is_searching:
            return
        index = self._chats.rows.index_of(conversation)
        self._list.setCurrentIndex(index)
        if not index.isValid():
            self._list.clearSelection()

    def rename(self, conversation: int) -> None:
        """Let the title of this chat be typed where it stands."""
        self._search.clear()
        index = self._chats.rows.index_of(conversation)
        if index.isValid():
            self._list.setCurrentIndex(index)
            self._list.edit(index)

    def _note_listed(self) -> None:
        is_empty = not (self._chats.chats or self._chats.temporary) and not self._chats.is_searching
        self._empty.setVisible(is_empty)
        if not self._list.is_in_use:
            self.show_current(self._current)

    def _choose(self, row: object) -> None:
        match row:
            case Conversation(id=number):
                self._current = number  # Marked from now on, also while it is being read.
                self.chosen.emit(number, None)
            case Hit(conversation=Conversation(id=number), message=message):
                self.chosen.emit(number, message)
            case DocumentHit(found=found):
                self.found_chosen.emit(found)

    def _show_menu(self, row: object, place: QPoint) -> None:
        if isinstance(row, DocumentHit):
            return  # It can only be shown, which a click does.
        conversation = row.conversation if isinstance(row, Hit) else row
        assert isinstance(conversation, Conversation)
        colour = self._look.tokens.muted
        menu = rounded(QMenu(self))
        if isinstance(row, Conversation):
            menu.addAction(icon("pencil", colour), "Rename\tF2", lambda: self.rename(row.id))
        says = "Close for good" if conversation.is_temporary else "Delete"
        menu.addAction(
            icon("trash-2", colour), f"{says}\tDel", lambda: self._chats.delete(conversation.id)
        )
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _draw(self) -> None:
        self._glass.setIcon(icon("search", self._look.tokens.muted, 16))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """From the search field, Down and Enter go on in the list; Escape empties the field."""
        if self._search.hasFocus():
            if event.key() == Qt.Key.Key_Escape and self._search.text():
                self._search.clear()
                return
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._list.enter(choose=event.key() != Qt.Key.Key_Down)
                return
        super().keyPressEvent(event)


class _ChatList(QListView):
    """The rows, by mouse and keyboard."""

    chosen = Signal(object)
    menu_asked = Signal(object, QPoint)
    delete_asked = Signal(int)
    left = Signal()
    """The focus has gone elsewhere in the window."""

    def __init__(self, chats: SidebarViewModel, look: Look) -> None:
        super().__init__()
        self._rows = chats.rows
        self.setObjectName("chats")
        self.setAccessibleName("Chats")
        self.setModel(chats.rows)
        self.setItemDelegate(RowDelegate(look, self))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        # Thousands of rows are measured a few at a time, so that the window stays quick.
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(200)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        self.clicked.connect(self._choose)

    @property
    def is_in_use(self) -> bool:
        """Whether someone is at a row, going through the list or typing a title."""
        is_editing = self.state() is QAbstractItemView.State.EditingState
        return is_editing or (self.hasFocus() and self.currentIndex().isValid())

    def enter(self, *, choose: bool) -> None:
        """Take the focus, at the first row that can be chosen; choose it if asked to."""
        for i in range(self._rows.rowCount()):
            index = self._rows.index(i)
            if index.flags() & Qt.ItemFlag.ItemIsSelectable:
                self.setCurrentIndex(index)
                self.setFocus(Qt.FocusReason.ShortcutFocusReason)
                if choose:
                    self._choose(index)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        is_editing = self.state() is QAbstractItemView.State.EditingState
        if index.isValid() and not is_editing:
            row = self._rows.row(index)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(index)
                return
            if event.key() == Qt.Key.Key_Delete and isinstance(row, Conversation):
                self.delete_asked.emit(row.id)
                return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        comes_back = event.reason() in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        )
        if not comes_back and self.state() is not QAbstractItemView.State.EditingState:
            self.left.emit()

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._rows.row(index))

    def _ask_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.flags() & Qt.ItemFlag.ItemIsSelectable:
            self.menu_asked.emit(self._rows.row(index), self.viewport().mapToGlobal(place))
