"""The models on this computer: which there are, and all about the one that is looked at."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.text import size_in_words
from sottovoce.models.bundle.install import Installed
from sottovoce.models.elsewhere import Elsewhere
from sottovoce.models.names import BUNDLE_SUFFIX
from sottovoce.models.shelf import Item, Origin
from sottovoce.ui.models.bundle_dialog import BundleDialog
from sottovoce.ui.models.details import Details
from sottovoce.ui.models.found_dialog import FoundDialog
from sottovoce.ui.models.import_view_model import Added, Adding
from sottovoce.ui.models.installed_parts import InstalledParts
from sottovoce.ui.models.row_delegate import RowDelegate
from sottovoce.ui.models.rows import ItemRows
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.parts import button, follow, icon_button, label, rounded, tint
from sottovoce.ui.widgets.side_list import SideList

_LIST_WIDTH = 270
_NARROW = 600
"""Below this width, list and details take turns."""
_MOST_TOLD = 5
"""Files that could not be added, each with its sentence."""
_FILES = "Models and adapters (*.gguf);;All files (*)"
_BUNDLES = f"Bundles (*{BUNDLE_SUFFIX} manifest.json)"


class InstalledTab(QWidget):
    """A list, and beside it the details of what is chosen there."""

    catalogue_asked = Signal()
    update_found = Signal(object)
    """The path of what was to be installed, and is an update of Sottovoce."""
    pack_found = Signal(object)
    """The same of a pack for GPUs."""
    done = Signal(str, object)
    """A sentence about what was done, and what undoes it or None."""

    def __init__(self, parts: InstalledParts, look: Look) -> None:
        super().__init__()
        self._parts = parts
        self._look = look
        self._is_reading = False
        """Whether the details are in front, where there is room for one of both only."""
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the models")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(parts.shelf.filter)
        self._glass = QAction(self)
        self.filter.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._build_list()
        self._build_importing()
        self.details = Details(parts, look)
        self.banner = Banner(look)
        self._lay_out()
        self._connect()
        follow(self, look, self._draw)
        self.setFocusProxy(self.list)
        self._show_items()
        self._show_in_use()
        parts.adapters.refresh()

    def _build_list(self) -> None:
        self.rows = ItemRows()
        self.list = SideList("models", "Models on this computer", width=_LIST_WIDTH)
        self.list.setModel(self.rows)
        self.list.setItemDelegate(RowDelegate(self.rows, self._look, self.list))
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.list.clicked.connect(lambda _: self._read())
        self.list.opened.connect(self._read)
        self.list.remove_asked.connect(lambda: self.details.remove.click())
        self._empty = label("", "muted", wraps=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._to_catalogue = button("Open the catalogue", self.catalogue_asked.emit)

    def _build_importing(self) -> None:
        self.add = icon_button(self._look, "plus", "Add models", lambda: None)
        menu = rounded(QMenu(self.add))
        self.add_file = menu.addAction("A file…", self._add_files)
        self.add_folder = menu.addAction("A folder…", self._add_folder)
        self.add_found = menu.addAction("Found on this computer…", self._look_elsewhere)
        self.add_bundle = menu.addAction("From a bundle…", self._choose_bundle)
        menu.addSeparator()
        self.copies = menu.addAction("Copy instead of link")
        self.copies.setCheckable(True)
        self.copies.setToolTip("Puts a copy in Sottovoce’s folder; a link uses the file in place")
        menu.setToolTipsVisible(True)
        self.add.setMenu(menu)
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._adding_says = label("", "muted")
        self._adding = QProgressBar()
        self._adding.setTextVisible(False)
        self._adding.setAccessibleName("Adding models")
        self._foot = QWidget()
        stop = icon_button(self._look, "x", "Stop adding", self._parts.importing.stop)
        words = QVBoxLayout()
        words.setSpacing(5)
        words.addWidget(self._adding_says)
        words.addWidget(self._adding)
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(4, 4, 0, 4)
        row.addLayout(words, 1)
        row.addWidget(stop)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.filter, 1)
        head.addWidget(self.add)
        self._beside = QFrame()
        self._beside.setObjectName("beside")
        column = QVBoxLayout(self._beside)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._empty)
        column.addWidget(self._to_catalogue, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.list, 1)
        column.addWidget(self._foot)
        self.back = button("All models", self._go_back, "quiet")
        tint(self.back, self._look, "chevron-left")
        self._right = QWidget()
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        back = QHBoxLayout()
        back.setContentsMargins(12, 8, 12, 0)
        back.addWidget(self.back)
        back.addStretch()
        right.addLayout(back)
        right.addWidget(self.details, 1)
        both = QHBoxLayout()
        both.setSpacing(0)
        both.addWidget(self._beside, 1)
        both.addWidget(self._right, 100)
        told = QHBoxLayout()
        told.setContentsMargins(18, 0, 18, 0)
        told.addWidget(self.banner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(told)
        whole.addLayout(both, 1)
        for first, then in pairwise((self.filter, self.add, self.list)):
            QWidget.setTabOrder(first, then)  # Else what has the focus first hides the others.

    def _connect(self) -> None:
        parts = self._parts
        parts.shelf.listed.connect(self._show_items)
        parts.shelf.chosen_changed.connect(self._show_chosen)
        parts.shelf.unlinked.connect(self._offer_undo)
        parts.model.changed.connect(self._show_in_use)
        parts.importing.changed.connect(self._show_adding)
        parts.importing.ended.connect(self._tell_added)
        parts.bundle.installed.connect(self._tell_installed)
        parts.bundle.update_found.connect(self.update_found)
        parts.bundle.pack_found.connect(self.pack_found)
        for told in (parts.shelf.failed, parts.machine.failed, parts.adapters.failed):
            told.connect(self._tell)
        self.details.remove_asked.connect(self._remove)
        self.details.adapter_asked.connect(self._add_files)
        self._show_adding()

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add files and folders, as the menu says: linked or copied; or install a bundle."""
        for path in paths:
            if path.suffix.lower() == BUNDLE_SUFFIX:
                self._open_bundle(path)
                return
        self._parts.importing.add(paths, copies=self.copies.isChecked())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._divide()

    def _divide(self) -> None:
        """Show both sides where there is room, else the one that is wanted."""
        is_narrow = self.width() < _NARROW
        shows_list = not is_narrow or not self._is_reading
        shows_details = not is_narrow or self._is_reading
        self._beside.setMinimumWidth(0 if is_narrow else _LIST_WIDTH)
        self._beside.setMaximumWidth(self.width() if is_narrow else _LIST_WIDTH)
        # What goes is hidden first: both beside each other would widen a narrow window.
        for each, is_shown in ((self._beside, shows_list), (self._right, shows_details)):
            if not is_shown:
                each.hide()
        self._beside.setVisible(shows_list)
        self._right.setVisible(shows_details)
        self.back.setVisible(is_narrow and self._is_reading)

    def _read(self) -> None:
        self._is_reading = True
        self._divide()
        if self._beside.isHidden():
            self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_back(self) -> None:
        self._is_reading = False
        self._divide()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _draw(self) -> None:
        colour = self._look.tokens.muted
        self._glass.setIcon(icon("search", colour))
        self.add_file.setIcon(icon("link", colour))
        self.add_folder.setIcon(icon("folder", colour))
        self.add_found.setIcon(icon("hard-drive", colour))
        self.add_bundle.setIcon(icon("package", colour))
        self.list.viewport().update()

    def _show_items(self) -> None:
        shelf = self._parts.shelf
        self.rows.show_items(shelf.items)
        self._show_chosen()
        is_bare = shelf.is_listed and not shelf.all_items
        is_filtered_out = bool(shelf.all_items) and not shelf.items
        self._empty.setVisible(is_bare or is_filtered_out)
        self._to_catalogue.setVisible(is_bare)
        self._empty.setText(
            "There is no model yet. Add one that you have, or get one from the catalogue."
            if is_bare
            else "No model here is like that."
        )
        self.list.setVisible(not self._empty.isVisibleTo(self))

    def _show_chosen(self) -> None:
        chosen = self._parts.shelf.chosen
        index = self.rows.index_of(chosen.path if chosen else None)
        if index != self.list.currentIndex():
            self.list.setCurrentIndex(index)

    def _show_in_use(self) -> None:
        model = self._parts.model.model
        self.rows.show_in_use(model.path if model else None)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._parts.shelf.choose(self.rows.item(index).path)

    def _add_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Add models", str(Path.home()), _FILES)
        if names:
            self.add_paths([Path(name) for name in names])

    def _add_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Add a folder of models", str(Path.home()))
        if name:
            self.add_paths([Path(name)])

    def _look_elsewhere(self) -> None:
        copies = self.copies.isChecked()

        def add(found: list[Elsewhere]) -> None:
            self._parts.importing.add_found(found, copies=copies)

        dialog = FoundDialog(self._parts.importing, self._look, copies=copies, parent=self)
        dialog.chosen.connect(add)
        dialog.open()

    def _choose_bundle(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Install from a bundle", str(Path.home()), _BUNDLES
        )
        if name:
            self._open_bundle(Path(name))

    def _open_bundle(self, path: Path) -> None:
        if not self._parts.bundle.is_installing:
            self._parts.bundle.open(path)
            BundleDialog(self._parts.bundle, self._look, self).open()

    def _tell_installed(self, installed: Installed) -> None:
        self._parts.shelf.refresh()
        self._parts.adapters.refresh()
        if installed.models:
            self._parts.shelf.choose(installed.models[0])
        self.done.emit("The bundle was installed", None)

    def _show_adding(self) -> None:
        importing = self._parts.importing
        self._foot.setVisible(importing.is_busy)
        self.add.setEnabled(not importing.is_busy)
        adding = importing.adding
        self._adding_says.setText(_progress(adding) if adding else "Looking for models…")
        if adding is None or adding.transferred is None:
            done, total = (adding.number - 1, adding.count) if adding else (0, 0)
        else:
            done, total = adding.transferred.done // 1000, adding.transferred.total // 1000
        self._adding.setRange(0, total)
        self._adding.setValue(done)

    def _tell_added(self, added: Added) -> None:
        self._parts.shelf.refresh()
        self._parts.adapters.refresh()
        if there := (*added.items, *added.known):
            self._parts.shelf.choose(there[0].path)
        if says := _added_in_words(added):
            self.done.emit(says, None)
        if added.failures:
            lines = [
                f"{each.name}: {each.sentence}" if each.name else each.sentence
                for each in added.failures[:_MOST_TOLD]
            ]
            if more := len(added.failures) - len(lines):
                lines.append(f"{more} more could not be added.")
            self.banner.tell("\n".join(lines), kind="warning")
        else:
            self.banner.hide()

    def _remove(self, item: Item) -> None:
        self._parts.model.let_go(item.path, lambda: self._parts.shelf.remove(item))
        if item.origin is Origin.OWN:
            self.done.emit(f"{item.name} was deleted", None)

    def _offer_undo(self, item: Item) -> None:
        self._go_back()
        self.done.emit(f"{item.name} is no longer listed", lambda: self._parts.shelf.put_back(item))

    def _tell(self, told: Trouble) -> None:
        self.banner.tell(told.sentence, kind="warning")


def _progress(adding: Adding) -> str:
    which = f" ({adding.number} of {adding.count})" if adding.count > 1 else ""
    if adding.transferred is None:
        return f"Adding {adding.name}{which}"
    done, total = adding.transferred.done, adding.transferred.total
    return f"Copying{which}: {size_in_words(done)} of {size_in_words(total)}"


def _added_in_words(added: Added) -> str:
    """What was added, or nothing."""
    said = []
    for count, one in ((len(added.items), "model"), (len(added.adapters), "adapter")):
        if count:
            said.append(f"{count} {one}{'' if count == 1 else 's'}")
    names = [item.name for item in added.items] + [adapter.name for adapter in added.adapters]
    if len(names) == 1:
        return f"{names[0]} was added"
    if said:
        return f"{' and '.join(said)} were added"
    return f"{added.known[0].name} is listed already" if added.known else ""
