"""The collection that is looked at: what it is, its folders, its documents."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.document import Collection, Document
from sottovoce.ui.library.collections_view_model import CollectionsViewModel, Contents
from sottovoce.ui.library.document_rows import DocumentRows
from sottovoce.ui.library.document_table import DocumentTable
from sottovoce.ui.library.empty_state import EmptyState
from sottovoce.ui.library.folder_chips import FolderChips
from sottovoce.ui.library.selection_bar import SelectionBar
from sottovoce.ui.library.words import counted, facts
from sottovoce.ui.library.work_card import WorkCard
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import button, follow, icon_button, label, rounded

_TYPING_MILLISECONDS = 120
_LOWEST = 120
"""Pixels of the table."""
_MANY = 3000
"""Documents that are not listed anew just because some of them got their vectors."""
_FIRST = (
    "Ask your own documents",
    "Sottovoce reads them here, on this computer, and answers with the page and the sentence.",
)
_EMPTY = (
    "Nothing is in this collection yet",
    "What you add is read on this computer. The files stay where they are.",
)


class DocumentsPane(QWidget):
    """A head, a table, and what can be done with the chosen documents."""

    view_asked = Signal(object)
    """A Document that is to be shown."""
    menu_asked = Signal(object)
    """The button under which what can be done with the collection is to be listed."""

    def __init__(self, collections: CollectionsViewModel, work: WorkViewModel, look: Look) -> None:
        super().__init__()
        self._collections = collections
        self._work = work
        self._look = look
        self._contents_of: int | None = None
        self.rows = DocumentRows()
        self.table = DocumentTable(self.rows, look)
        self.empty = EmptyState(look, self.add_files, self.add_folder)
        self.folders = FolderChips(collections, look)
        self.work = WorkCard(work, look)
        self.banner = Banner(look)
        self.selection = SelectionBar(look)
        self._build_head()
        self._build_filter()
        self._lay_out()
        self._connect()
        follow(self, look, self._draw)
        self._show()

    @property
    def facts(self) -> str:
        """What is said of the collection under its name."""
        return " · ".join(each.text() for each in self._facts_shown)

    def add_files(self) -> None:
        """Let files be chosen, and add them."""
        names, _ = QFileDialog.getOpenFileNames(self, "Add documents", str(Path.home()))
        if names:
            self._collections.add([Path(name) for name in names])

    def add_folder(self) -> None:
        """Let a folder be chosen, and add it."""
        name = QFileDialog.getExistingDirectory(self, "Add a folder", str(Path.home()))
        if name:
            self.add([Path(name)])

    def add(self, paths: list[Path]) -> None:
        """Add files and folders; folders are followed if the menu says so."""
        self._collections.add(paths, watch=self.follows.isChecked())

    def focus_first(self) -> None:
        """Let keys go to the documents, or to what adds the first ones."""
        first: QWidget = self.empty.add_files
        if self._middle.currentWidget() is self.table:
            first = self.table
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def tabs(self) -> tuple[QWidget, ...]:
        """What Tab goes through, from the top."""
        empty, selection = self.empty, self.selection
        shown = (self.add_button, self.more, self.folders, self.work.pause, self.filter)
        rest = (self.troubled, self.retry_all, self.table, empty.add_files, empty.add_folder)
        return (*shown, *rest, *selection.findChildren(QToolButton))

    def _build_head(self) -> None:
        self.name = label("", "title", wraps=True)
        self._facts = Flow(spacing=6)
        self._facts_shown: list[QLabel] = []
        self.add_button = button(" Add", lambda: None, "accent")
        self.add_button.setToolTip("Add files or folders to this collection")
        menu = rounded(QMenu(self.add_button))
        self.files_action = menu.addAction("Files…", self.add_files)
        self.folder_action = menu.addAction("A folder…", self.add_folder)
        menu.addSeparator()
        self.follows = menu.addAction("Follow added folders")
        self.follows.setCheckable(True)
        self.follows.setChecked(True)
        self.follows.setToolTip("New and changed files in them are read by themselves")
        menu.setToolTipsVisible(True)
        self.add_button.setMenu(menu)
        self.more = icon_button(
            self._look, "ellipsis", "More", lambda: self.menu_asked.emit(self.more)
        )

    def _build_filter(self) -> None:
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the documents")
        self.filter.setClearButtonEnabled(True)
        self._glass = QAction(self)
        self.filter.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MILLISECONDS)
        self._typing.timeout.connect(self._filter)
        self.filter.textChanged.connect(self._typing.start)
        self.troubled = QPushButton()
        self.troubled.setCheckable(True)
        self.troubled.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.troubled.setProperty("kind", "toggle")
        self.troubled.setToolTip("Only documents that could not be read, or not all of them")
        self.troubled.toggled.connect(lambda _: self._filter())
        self.retry_all = button(
            "Read them again", lambda: self._collections.retry(self.rows.troubled)
        )

    def _lay_out(self) -> None:
        title = QHBoxLayout()
        title.setSpacing(8)
        title.addWidget(self.name, 1)
        title.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        title.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        self._filter_row = QWidget()
        row = QHBoxLayout(self._filter_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.filter, 1)
        row.addWidget(self.troubled)
        row.addWidget(self.retry_all)
        self._nothing = label("", "muted", wraps=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._nothing.setContentsMargins(0, 40, 0, 0)
        self._middle = QStackedWidget()
        for each in (self.table, self._nothing, self.empty):
            self._middle.addWidget(each)
        # Its largest page would press together what is above it where the window is low.
        self._middle.setMinimumHeight(_LOWEST)
        self._head = QWidget()
        head = QVBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(10)
        head.addLayout(title)
        head.addLayout(self._facts)
        head.addWidget(self.folders)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 14)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addWidget(self._head)
        column.addWidget(self.work)
        column.addWidget(self._filter_row)
        column.addWidget(self._middle, 1)
        column.addWidget(self.selection)

    def _connect(self) -> None:
        collections, work = self._collections, self._work
        collections.listed.connect(self._show)
        collections.chosen_changed.connect(self._turn)
        collections.adding_changed.connect(self._show_middle)
        collections.contents_read.connect(self._take)
        work.settled.connect(self._settle)
        work.progressed.connect(self._show_at_work)
        self.table.chosen_changed.connect(lambda: self.selection.show_chosen(self.table.chosen))
        self.table.opened.connect(self.selection.view)
        self.table.menu_asked.connect(self._show_menu)
        self.table.remove_asked.connect(self._remove_chosen)
        self.selection.view_asked.connect(self.view_asked)
        self.selection.retry_asked.connect(collections.retry)
        self.selection.remove_asked.connect(collections.remove_documents)

    def _draw(self) -> None:
        tokens = self._look.tokens
        self._glass.setIcon(icon("search", tokens.muted))
        self.add_button.setIcon(icon("plus", tokens.on_accent))
        self.troubled.setIcon(icon("triangle-alert", tokens.warning, 16))
        self.files_action.setIcon(icon("file-plus", tokens.muted))
        self.folder_action.setIcon(icon("folder-plus", tokens.muted))
        self.table.viewport().update()

    def _turn(self) -> None:
        """Another collection: nothing of the one before stays in sight."""
        self._contents_of = None
        self.filter.clear()
        self.troubled.setChecked(False)
        self.rows.show_documents(())
        self._show()

    def _take(self, contents: Contents) -> None:
        self._contents_of = contents.collection
        self.rows.show_documents(contents.documents)
        self._show_trouble()
        self._show_middle()

    def _settle(self, documents: tuple[Document, ...]) -> None:
        chosen = self._collections.chosen
        here = [each for each in documents if chosen and each.collection == chosen.id]
        if here and not self.rows.update(here):
            self._collections.read_contents()  # It came with a folder that is followed.
        self._show_trouble()

    def _show_at_work(self) -> None:
        working = self._work.working
        self.rows.note_at_work(working.path if working else None)
        self.table.viewport().update()

    def _filter(self) -> None:
        self._typing.stop()
        self.rows.filter(self.filter.text(), only_troubled=self.troubled.isChecked())
        self.retry_all.setVisible(self.troubled.isChecked())
        self._show_middle()

    def _show(self) -> None:
        chosen = self._collections.chosen
        self._head.setVisible(chosen is not None)
        if chosen is not None:
            self.name.setText(chosen.name)
            said = facts(chosen)
            if [each.text() for each in self._facts_shown] != said:
                self._facts.clear()
                self._facts_shown = [label(each, "badge") for each in said]
                for each in self._facts_shown:
                    self._facts.addWidget(each)
            if self._is_out_of_date(chosen):
                self._collections.read_contents()
        self._show_middle()

    def _is_out_of_date(self, chosen: Collection) -> bool:
        """Whether another collection is listed, or not what its figures say."""
        if (self._contents_of, self.rows.count) != (chosen.id, chosen.documents):
            return True  # Files came or went in a folder that is followed, for one.
        is_worth_it = self._work.working is None or self.rows.count < _MANY
        return is_worth_it and self.rows.unready != chosen.waiting + chosen.without_vectors

    def _show_trouble(self) -> None:
        count = len(self.rows.troubled)
        self.troubled.setText(f" {counted(count, 'problem')}")
        if not count:
            self.troubled.setChecked(False)
        self.troubled.setVisible(count > 0)
        self.retry_all.setVisible(self.troubled.isChecked())

    def _show_middle(self) -> None:
        """The table, or what stands in its place."""
        chosen = self._collections.chosen
        is_known = chosen is not None and self._contents_of == chosen.id
        has_documents = is_known and self.rows.count > 0
        self._filter_row.setVisible(has_documents)
        if has_documents and self.rows.documents:
            self._middle.setCurrentWidget(self.table)
            return
        is_empty = self._collections.is_listed and (chosen is None or is_known)
        if is_empty and not has_documents and not self._collections.is_adding:
            self.empty.say(*(_EMPTY if chosen else _FIRST))
            self._middle.setCurrentWidget(self.empty)
            return
        says = "No document here is like that." if has_documents else ""
        self._nothing.setText("Looking for documents…" if self._collections.is_adding else says)
        self._middle.setCurrentWidget(self._nothing)

    def _show_menu(self, place: QPoint) -> None:
        menu = self.selection.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _remove_chosen(self) -> None:
        if chosen := self.table.chosen:
            self._collections.remove_documents(chosen)
