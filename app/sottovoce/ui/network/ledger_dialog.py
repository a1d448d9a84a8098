"""Every connection that was made or refused, to be looked through and carried away."""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from sottovoce.system.network.ledger import Entry
from sottovoce.ui.network.ledger_rows import LedgerRows, cells
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.parts import button, label

_ROW = 34


class LedgerDialog(QDialog):
    """The latest connections are first."""

    def __init__(self, network: NetworkViewModel, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Network ledger")
        self.resize(820, 520)
        self._network = network
        self._entries: list[Entry] = []
        self.rows = LedgerRows(look)
        self.table = _table(self.rows)
        self.only_refused = Check("Only refused ones", look)
        self.only_refused.toggled.connect(self._show)
        self._empty = label("", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.copy = button("Copy", self._copy)
        self.copy.setToolTip("Copy the chosen rows, or all (Ctrl+C)")
        self.export = button("Export…", self._export)
        self.export.setToolTip("Write what is shown to a CSV file for a spreadsheet")
        self.clear = button("Clear…", self._ask_to_clear)
        close = button("Close", self.accept)
        close.setDefault(True)
        QShortcut(QKeySequence.StandardKey.Copy, self, self._copy)

        head = QHBoxLayout()
        head.addWidget(label("Every connection that was made or refused", "heading"), 1)
        head.addWidget(self.only_refused)
        foot = QHBoxLayout()
        for each in (self.copy, self.export, self.clear):
            foot.addWidget(each)
        foot.addStretch()
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addWidget(self._empty, 1)
        column.addLayout(foot)
        network.ledger_read.connect(self._take)
        network.read_ledger()
        self._show()

    def _take(self, entries: list[Entry]) -> None:
        self._entries = entries
        self._show()

    def _show(self) -> None:
        only_refused = self.only_refused.isChecked()
        shown = [e for e in self._entries if not (only_refused and e.is_allowed)]
        self.rows.show(shown)
        self.table.setVisible(bool(shown))
        self._empty.setVisible(not shown)
        self._empty.setText(
            "No connection was refused."
            if self._entries
            else "No connection was made or refused so far."
        )
        for each in (self.copy, self.export):
            each.setEnabled(bool(shown))
        self.clear.setEnabled(bool(self._entries))

    def _copy(self) -> None:
        chosen = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        entries = [self.rows.entries[row] for row in chosen] or self.rows.entries
        QGuiApplication.clipboard().setText("\n".join("\t".join(cells(e)) for e in entries))

    def _export(self) -> None:
        name = f"sottovoce-network-{datetime.now().astimezone():%Y-%m-%d}.csv"
        path, _ = QFileDialog.getSaveFileName(
            self, "Export the ledger", str(Path.home() / name), "Comma-separated values (*.csv)"
        )
        if path:
            self._network.export(self.rows.entries, Path(path))

    def _ask_to_clear(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle("Clear the ledger?")
        box.setText("All entries are deleted. They cannot be brought back.")
        clear = box.addButton("Clear", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
        clear.clicked.connect(self._network.clear_ledger)
        box.open()


def _table(rows: LedgerRows) -> QTableView:
    table = QTableView()
    table.setAccessibleName("Connections")
    table.setModel(rows)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW)
    head = table.horizontalHeader()
    head.setHighlightSections(False)
    for column, width in enumerate((152, 200, 190, 100, 100, 90)):
        table.setColumnWidth(column, width)
    head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    return table
