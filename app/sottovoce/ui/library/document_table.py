"""The documents of a collection as a table."""

from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from sottovoce.domain.document import Document, DocumentState, Format
from sottovoce.ui.library.document_rows import Column, DocumentRows, Index
from sottovoce.ui.library.words import short_path
from sottovoce.ui.theme.fonts import body_font
from sottovoce.ui.theme.icons import icon_pixmap
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.plates import draw_line

_ROW, _INSET, _ICON, _SIGN = 52, 9, 20, 15
_WIDTHS = {Column.STATE: 142, Column.PAGES: 96, Column.SIZE: 84, Column.MODIFIED: 106}
_GIVES_WAY = {Column.MODIFIED: 690, Column.PAGES: 590, Column.SIZE: 500, Column.STATE: 340}
"""Below this width of the table, a column is left out."""
_MIDDLE = Qt.TextElideMode.ElideMiddle
_MOST_REMEMBERED = 500
"""Chosen documents that stay so while the list changes around them."""
_ICONS = {
    Format.SLIDES: "presentation",
    Format.SHEET: "file-spreadsheet",
    Format.CSV: "file-spreadsheet",
    Format.EPUB: "book-open",
    Format.HTML: "globe",
    Format.EMAIL: "mail",
    Format.CODE: "file-code",
    Format.IMAGE: "image",
}


class DocumentTable(QTableView):
    """Opens by Enter or a double click, removes by Delete."""

    opened = Signal(object)
    """A Document."""
    remove_asked = Signal()
    chosen_changed = Signal()
    menu_asked = Signal(QPoint)

    def __init__(self, rows: DocumentRows, look: Look) -> None:
        super().__init__()
        self._rows = rows
        self._under_pointer = -1
        self._kept: list[int] = []
        self._current: int | None = None
        self.setObjectName("documents")
        self.setAccessibleName("Documents")
        self.setModel(rows)
        self.setItemDelegate(_Delegate(rows, look, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setSortingEnabled(True)
        self.sortByColumn(Column.NAME, Qt.SortOrder.AscendingOrder)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        head = self.horizontalHeader()
        head.setStretchLastSection(False)
        head.setSectionsMovable(False)
        head.setHighlightSections(False)
        head.setMinimumSectionSize(60)
        head.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        self.doubleClicked.connect(lambda index: self.opened.emit(rows.document(index)))
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())
        rows.modelAboutToBeReset.connect(self._remember)
        rows.modelReset.connect(self._choose_remembered)

    @property
    def chosen(self) -> list[Document]:
        """What is selected, from the top."""
        documents = self._rows.documents
        # Not by row: a hundred thousand may be chosen, in a few stretches.
        selection = self.selectionModel().selection()
        ranges = (selection.at(place) for place in range(selection.count()))
        stretches = sorted((each.top(), each.bottom() + 1) for each in ranges)
        return [each for top, end in stretches for each in documents[top:end]]

    @property
    def order(self) -> str:
        """What it is sorted by, as it is remembered: "size", or "-size" from the last on."""
        head = self.horizontalHeader()
        is_reversed = head.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
        return f"{'-' if is_reversed else ''}{Column(head.sortIndicatorSection()).name.lower()}"

    def sort_as(self, order: str) -> None:
        """Sort as it was remembered; by name if that says nothing."""
        named = {column.name.lower(): column for column in Column}
        column = named.get(order.removeprefix("-"), Column.NAME)
        is_reversed = order.startswith("-")
        self.sortByColumn(
            column, Qt.SortOrder.DescendingOrder if is_reversed else Qt.SortOrder.AscendingOrder
        )

    @property
    def row_under_pointer(self) -> int:
        """Its place; -1 where there is none."""
        return self._under_pointer

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, what is least needed goes first."""
        super().resizeEvent(event)
        for column, width in _GIVES_WAY.items():
            self.setColumnHidden(column, self.width() < width)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point_at(self.rowAt(event.position().toPoint().y()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.opened.emit(self._rows.document(self.currentIndex()))
            return
        if event.key() == Qt.Key.Key_Delete:
            self.remove_asked.emit()
            return
        super().keyPressEvent(event)

    def _point_at(self, row: int) -> None:
        if row != self._under_pointer:
            self._under_pointer = row
            self.viewport().update()

    def _ask_menu(self, place: QPoint) -> None:
        if self.indexAt(place).isValid():
            self.menu_asked.emit(self.viewport().mapToGlobal(place))

    def _remember(self) -> None:
        self._kept = [each.id for each in self.chosen[:_MOST_REMEMBERED]]
        current = self.currentIndex()
        self._current = self._rows.document(current).id if current.isValid() else None

    def _choose_remembered(self) -> None:
        select = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        model = self.selectionModel()
        for index in map(self._rows.index_of, self._kept):
            if index.isValid():
                model.select(index, select)
        if self._current is not None:
            index = self._rows.index_of(self._current)
            model.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.chosen_changed.emit()


class _Delegate(QStyledItemDelegate):
    """A document: its kind, name and place; how far it is; and its figures."""

    def __init__(self, rows: DocumentRows, look: Look, table: DocumentTable) -> None:
        super().__init__(table)
        self._table = table
        self._rows = rows
        self._look = look
        self._home = Path.home()
        self._font = body_font(14, QFont.Weight.Medium)
        self._small_font = body_font(12)
        self._cell_font = body_font(13)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        document, tokens = self._rows.document(index), self._look.tokens
        area: QRect = option.rect
        painter.save()
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw_ground(painter, area, option, index.row())
            inner = area.adjusted(_INSET, 0, -_INSET, 0)
            match Column(index.column()):
                case Column.NAME:
                    self._draw_name(painter, inner, document)
                case Column.STATE:
                    self._draw_state(painter, inner, document)
                case _:
                    painter.setFont(self._cell_font)
                    painter.setPen(QColor(tokens.muted))
                    side: Qt.AlignmentFlag = index.data(Qt.ItemDataRole.TextAlignmentRole)
                    painter.drawText(inner, side, index.data())
        finally:
            painter.restore()

    def _draw_ground(
        self, painter: QPainter, area: QRect, option: QStyleOptionViewItem, row: int
    ) -> None:
        """What lies behind a row, and the line under it."""
        tokens, table = self._look.tokens, self._table
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.chosen))
        elif row == table.row_under_pointer:
            painter.fillRect(area, QColor(tokens.hover))
        has_focus = table.hasFocus() and row == table.currentIndex().row()
        line = QRect(area.left(), area.bottom(), area.width(), 1)
        painter.fillRect(line, QColor(tokens.accent if has_focus else tokens.line))

    def _draw_name(self, painter: QPainter, area: QRect, document: Document) -> None:
        tokens = self._look.tokens
        _draw_icon(painter, _kind(document), tokens.muted, area, _ICON)
        words = area.adjusted(_ICON + 12, 0, 0, 0)
        painter.setFont(self._font)
        is_readable = document.state is not DocumentState.FAILED
        painter.setPen(QColor(tokens.text if is_readable else tokens.muted))
        # What tells files apart is mostly at the end of their names.
        draw_line(painter, words.adjusted(0, 6, 0, -26), document.name, _MIDDLE)
        painter.setFont(self._small_font)
        painter.setPen(QColor(tokens.warning if document.trouble else tokens.muted))
        below = words.adjusted(0, 27, 0, -7)
        if document.trouble:
            draw_line(painter, below, document.trouble)
            return
        folder = short_path(document.path.parent, self._home)
        file = f"{document.path.name} · " if document.title else ""
        draw_line(painter, below, f"{file}{folder}", _MIDDLE)

    def _draw_state(self, painter: QPainter, area: QRect, document: Document) -> None:
        tokens = self._look.tokens
        sign, colour = self._sign(document)
        _draw_icon(painter, sign, colour, area, _SIGN)
        painter.setFont(self._cell_font)
        is_quiet = document.state is DocumentState.WAITING
        painter.setPen(QColor(tokens.muted if is_quiet else tokens.text))
        draw_line(painter, area.adjusted(_SIGN + 7, 0, 0, 0), self._rows.state(document))

    def _sign(self, document: Document) -> tuple[str, str]:
        """An icon and its colour."""
        tokens = self._look.tokens
        if document.trouble or document.state is DocumentState.FAILED:
            return "triangle-alert", tokens.warning
        if self._rows.is_at_work(document):
            return "book-open", tokens.accent
        return {
            DocumentState.WAITING: ("clock", tokens.muted),
            DocumentState.WORDS: ("check", tokens.muted),
        }.get(document.state, ("check", tokens.good))


def _draw_icon(painter: QPainter, name: str, colour: str, area: QRect, pixels: int) -> None:
    """An icon at the left of `area`."""
    ratio = painter.device().devicePixelRatio()
    top = area.top() + (area.height() - pixels) // 2
    painter.drawPixmap(QPoint(area.left(), top), icon_pixmap(name, colour, pixels, ratio))


def _kind(document: Document) -> str:
    """The icon of its format."""
    return _ICONS.get(document.format, "file-text") if document.format else "file-text"
