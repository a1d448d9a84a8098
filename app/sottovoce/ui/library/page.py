"""The page of documents: the collections, and beside them what is in one."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.document import Collection
from sottovoce.ui.library.collection_delegate import CollectionDelegate
from sottovoce.ui.library.collection_rows import CollectionRows
from sottovoce.ui.library.collections_view_model import CollectionsViewModel
from sottovoce.ui.library.documents_pane import DocumentsPane
from sottovoce.ui.library.name_dialog import NameDialog
from sottovoce.ui.library.words import counted
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.settings.document_models import DocumentModelsViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.parts import button, icon_button, label, rounded, tint
from sottovoce.ui.widgets.side_list import SideList
from sottovoce.ui.widgets.toast import Toast

_LIST_WIDTH = 250
_NARROW = 680
"""Below this width, list and documents take turns."""
_BACK = 32
"""Pixels of the way back."""


class DocumentsPage(QWidget):
    """Stands in the place of the chat until its reader goes back."""

    left = Signal()
    """Its reader wants to go back to the chat."""
    view_asked = Signal(object)
    """A Document that is to be shown."""
    catalogue_asked = Signal()
    """Models that can be had are to be shown."""

    def __init__(
        self,
        collections: CollectionsViewModel,
        work: WorkViewModel,
        models: DocumentModelsViewModel,
        look: Look,
    ) -> None:
        super().__init__()
        self._models = models
        self._collections = collections
        self._work = work
        self._look = look
        self._is_reading = True
        """Whether the documents are in front, where there is room for one of both only."""
        self.pane = DocumentsPane(collections, work, look)
        self.banner = self.pane.banner
        self._drop_hint = label("", "drop")
        self._drop_hint.setParent(self)
        self._drop_hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._drop_hint.hide()
        self._build_list()
        self._lay_out()
        self._connect()
        models.refresh()
        self._show()

    def focus_first(self) -> None:
        """Let keys go to the collections; where these are not in sight, to the documents."""
        if self._beside.isVisible():
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.pane.focus_first()

    def focus_search(self) -> None:
        """Let be typed what is looked for among the documents."""
        self._read()
        self.pane.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def add(self, paths: Sequence[Path]) -> None:
        """Add files and folders to the collection in sight."""
        self.pane.add(list(paths))

    def show_drop_hint(self, *, is_shown: bool) -> None:
        """Say what happens to files that are dropped here, while they are dragged."""
        chosen = self._collections.chosen
        self._drop_hint.setText(f"Drop files and folders here to add them{_to(chosen)}")
        self._drop_hint.setGeometry(self.rect().adjusted(16, 8, -16, -12))
        self._drop_hint.setVisible(is_shown)
        self._drop_hint.raise_()

    def begin_collection(self) -> None:
        """Ask for a name, and make a collection of it."""
        NameDialog(
            self,
            title="New collection",
            does="Make it",
            take=lambda name, taken, refused: self._collections.begin(
                name, begun=taken, refused=refused
            ),
        ).open()

    def rename(self, collection: Collection) -> None:
        """Ask for another name."""
        NameDialog(
            self,
            title="Rename the collection",
            does="Rename",
            name=collection.name,
            take=lambda name, taken, refused: self._collections.rename(
                collection, name, renamed=taken, refused=refused
            ),
        ).open()

    def ask_to_remove(self, collection: Collection) -> None:
        """Forget it: at once if nothing is in it, else after a question."""
        if not collection.documents:
            self._collections.remove(collection)
            return
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Remove the collection?")
        box.setText(
            f"Sottovoce forgets {collection.name} and all it knows of its "
            f"{counted(collection.documents, 'document')}. The files stay where they are."
        )
        remove = box.addButton("Remove", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(lambda: self._collections.remove(collection))
        box.open()

    def ask_to_search_by(self, collection: Collection, identity: str) -> None:
        """Search it by another model: at once if nothing is in it, else after a question."""
        if not collection.documents:
            self._collections.choose_embedding(collection, identity)
            return
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Search by another model?")
        box.setText(
            f"{counted(collection.documents, 'document')} of {collection.name} will be prepared "
            f"for {self._models.embeddings[identity]}, which can take a while. Until that is done "
            "they are searched as before."
        )
        prepare = box.addButton("Prepare them", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Leave it", QMessageBox.ButtonRole.RejectRole))
        prepare.clicked.connect(lambda: self._collections.choose_embedding(collection, identity))
        box.open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._divide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _build_list(self) -> None:
        self.rows = CollectionRows()
        self.list = SideList("collections", "Collections", width=_LIST_WIDTH)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.setModel(self.rows)
        self.list.setItemDelegate(CollectionDelegate(self.rows, self._look, self.list))
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.list.clicked.connect(lambda _: self._read())
        self.list.opened.connect(self._read)
        self.list.remove_asked.connect(self._remove_chosen)
        self.list.customContextMenuRequested.connect(self._ask_menu)
        self.new = icon_button(self._look, "folder-plus", "New collection", self.begin_collection)

    def _lay_out(self) -> None:
        back = self._back = icon_button(
            self._look, "arrow-left", "Back to the chat (Esc)", self.left.emit
        )
        back.setFixedSize(_BACK, _BACK)
        self.all = button("Collections", self._go_back, "quiet")
        tint(self.all, self._look, "chevron-left")
        top = QFrame()
        top.setObjectName("page_head")
        head = QHBoxLayout(top)
        head.setContentsMargins(18, 2, 18, 6)
        head.setSpacing(10)
        head.addWidget(back)
        head.addWidget(label("Documents", "heading"))
        head.addStretch()
        head.addWidget(self.all)
        beside_head = QHBoxLayout()
        beside_head.setContentsMargins(10, 0, 0, 0)
        beside_head.addWidget(label("Collections", "muted"), 1)
        beside_head.addWidget(self.new)
        self._beside = QFrame()
        self._beside.setObjectName("beside")
        beside = QVBoxLayout(self._beside)
        beside.setContentsMargins(12, 10, 12, 8)
        beside.setSpacing(6)
        beside.addLayout(beside_head)
        beside.addWidget(self.list, 1)
        both = QHBoxLayout()
        both.setSpacing(0)
        both.addWidget(self._beside, 1)
        both.addWidget(self.pane, 100)
        floor = QWidget()
        floor.setFixedHeight(0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(top)
        whole.addLayout(both, 1)
        whole.addWidget(floor)
        self.toast = Toast(self, above=floor)
        tabs = (back, self.all, self.new, self.list, *self.pane.tabs)
        for first, then in pairwise(tabs):
            QWidget.setTabOrder(first, then)

    def _connect(self) -> None:
        collections = self._collections
        collections.listed.connect(self._show)
        collections.chosen_changed.connect(self._show_chosen)
        collections.done.connect(self.toast.tell)
        collections.failed.connect(self._tell)
        self._work.failed.connect(self._tell_stopped)
        self.pane.view_asked.connect(self.view_asked)
        self.pane.menu_asked.connect(self._show_menu)

    def _divide(self) -> None:
        """Show both sides where there is room, else the one that is wanted."""
        has_collections = bool(self._collections.collections)
        is_narrow = self.width() < _NARROW
        shows_list = has_collections and (not is_narrow or not self._is_reading)
        shows_pane = not (is_narrow and shows_list)
        self._beside.setMinimumWidth(0 if is_narrow else _LIST_WIDTH)
        self._beside.setMaximumWidth(self.width() if is_narrow else _LIST_WIDTH)
        # What goes is hidden first: both beside each other would widen a narrow window.
        for each, is_shown in ((self._beside, shows_list), (self.pane, shows_pane)):
            if not is_shown:
                each.hide()
        self._beside.setVisible(shows_list)
        self.pane.setVisible(shows_pane)
        self.all.setVisible(is_narrow and has_collections and self._is_reading)

    def _read(self) -> None:
        self._is_reading = True
        self._divide()
        if self._beside.isHidden():
            self.all.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_back(self) -> None:
        self._is_reading = False
        self._divide()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self) -> None:
        self.rows.show_collections(self._collections.collections)
        self._divide()
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self._collections.chosen
        index = self.rows.index_of(chosen.id if chosen else None)
        if index != self.list.currentIndex():
            self.list.setCurrentIndex(index)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._collections.choose(self.rows.collection(index).id)

    def _remove_chosen(self) -> None:
        if chosen := self._collections.chosen:
            self.ask_to_remove(chosen)

    def _ask_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if index.isValid():
            self._collection_menu(self.rows.collection(index)).popup(
                self.list.viewport().mapToGlobal(place)
            )

    def _show_menu(self, under: QWidget) -> None:
        if chosen := self._collections.chosen:
            menu = self._collection_menu(chosen)
            corner = under.rect().bottomRight() - QPoint(menu.sizeHint().width(), -4)
            menu.popup(under.mapToGlobal(corner))

    def _collection_menu(self, collection: Collection) -> QMenu:
        colour = self._look.tokens.muted
        menu = rounded(QMenu(self))
        menu.setObjectName("collection")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("pencil", colour), "Rename…", lambda: self.rename(collection))
        self._add_embeddings(menu, collection)
        menu.addSeparator()
        menu.addAction(
            icon("trash-2", colour),
            "Remove the collection…" if collection.documents else "Remove the collection",
            lambda: self.ask_to_remove(collection),
        )
        return menu

    def _add_embeddings(self, menu: QMenu, collection: Collection) -> None:
        """The models to search it by, the present one marked."""
        models = rounded(menu.addMenu("Search by meaning with"))
        models.setIcon(icon("search", self._look.tokens.muted))
        for identity, name in self._models.embeddings.items():
            is_present = identity == collection.embedding
            action = models.addAction(name)
            action.setCheckable(True)
            action.setChecked(is_present)
            action.setEnabled(not is_present)
            action.triggered.connect(
                lambda _, identity=identity: self.ask_to_search_by(collection, identity)
            )
        models.addSeparator()
        models.addAction("Find more models…", self.catalogue_asked.emit)

    def _tell(self, told: Trouble) -> None:
        self.banner.tell(told.sentence, kind="warning")

    def _tell_stopped(self, told: Trouble) -> None:
        self.banner.tell(told.sentence, kind="warning", says="Go on reading", act=self._go_on)

    def _go_on(self) -> None:
        self.banner.hide()
        self._work.begin()


def _to(collection: Collection | None) -> str:
    return f" to {collection.name}" if collection else ""
