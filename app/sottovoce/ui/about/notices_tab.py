"""Whose work is in Sottovoce: a list to search, and the licence of the chosen one beside it."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.problems import Problem
from sottovoce.system.notices import Notice, Notices, text_of
from sottovoce.ui.about.rows import NoticeRows
from sottovoce.ui.link_dialog import LinkDialog
from sottovoce.ui.theme.fonts import code_font
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import trouble
from sottovoce.ui.widgets.parts import button, follow, label
from sottovoce.ui.widgets.side_list import SideList

_LIST_WIDTH = 250
_TEXT_PIXELS = 12
_NOT_ALL = (
    "These come with Sottovoce’s source. All others are listed in an installed Sottovoce, "
    "where they come along; here they are installed packages, with licences of their own."
)


class NoticesTab(QWidget):
    """Lists the components and shows the whole licence of one."""

    def __init__(self, notices: Notices, look: Look) -> None:
        super().__init__()
        self._notices = notices
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search names and licences")
        self.search.setAccessibleName("Search the components")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        glass = QAction(self)
        self.search.addAction(glass, QLineEdit.ActionPosition.LeadingPosition)
        follow(self, look, lambda: glass.setIcon(icon("search", look.tokens.muted)))
        self.rows = NoticeRows()
        self.list = SideList("notices", "Components", width=_LIST_WIDTH)
        self.list.setModel(self.rows)
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.none = label("Nothing has these words.", "muted", wraps=True)
        self.name = label("", "heading", wraps=True)
        self.about = label("", "muted", wraps=True)
        self.text = QPlainTextEdit()
        self.text.setObjectName("template")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(code_font(_TEXT_PIXELS))
        self.text.setAccessibleName("Licence")
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.copy_button = button("Copy", self._copy)
        self.copy_button.setToolTip("Copy the whole licence")
        self.home_button = button("Website…", self._open_home)
        QShortcut(QKeySequence.StandardKey.Find, self, self._begin_search)
        self._lay_out()
        self._filter()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        left.addWidget(self.none, 1, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.about, 1)
        row.addWidget(self.home_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.name)
        right.addLayout(row)
        right.addWidget(self.text, 1)
        both = QHBoxLayout()
        both.setSpacing(20)
        both.addLayout(left)
        both.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 16, 22, 12)
        column.setSpacing(12)
        if not self._notices.are_all:
            column.addWidget(label(_NOT_ALL, "muted", wraps=True))
        column.addLayout(both, 1)
        self.search.setFixedWidth(_LIST_WIDTH)
        self.list.setFixedWidth(_LIST_WIDTH)
        self.none.setFixedWidth(_LIST_WIDTH)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the list be walked through while the search has the focus."""
        walks = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in walks:
                self.list.keyPressEvent(event)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    @property
    def chosen(self) -> Notice | None:
        """The component whose licence is shown."""
        index = self.list.currentIndex()
        return self.rows.notices[index.row()] if index.isValid() else None

    def _begin_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _filter(self) -> None:
        before = self.chosen
        found = self._notices.containing(self.search.text())
        self.rows.show_notices(found)
        self.list.setVisible(bool(found))
        self.none.setVisible(not found)
        row = found.index(before) if before in found else 0
        self.list.setCurrentIndex(self.rows.index(row))
        if not found:
            self._show()

    def _choose(self, _: QModelIndex) -> None:
        self._show()

    def _show(self) -> None:
        notice = self.chosen
        self.name.setText(notice.titled if notice else "")
        self.about.setText(_about(notice) if notice else "")
        self.home_button.setVisible(notice is not None and bool(notice.home))
        self.copy_button.setVisible(notice is not None)
        try:
            self.text.setPlainText(text_of(notice) if notice else "")
        except Problem as problem:
            self.text.setPlainText(trouble(problem).sentence)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.name.text()}\n\n{self.text.toPlainText()}")

    def _open_home(self) -> None:
        if self.chosen:
            LinkDialog(self.chosen.home, self).open()


def _about(notice: Notice) -> str:
    """The licence, and what the component is inside of."""
    return f"{notice.licence} · in {notice.part_of}" if notice.part_of else notice.licence
