"""The page of models: those on this computer, those that can be had, and those on their way."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from sottovoce.ui.models.catalogue_tab import CatalogueTab
from sottovoce.ui.models.downloads_tab import DownloadsTab
from sottovoce.ui.models.installed import InstalledTab
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import icon_button
from sottovoce.ui.widgets.toast import Toast


class Tab(StrEnum):
    """What the page is divided into. The value is kept: it must not change."""

    INSTALLED = "installed"
    CATALOGUE = "catalogue"
    DOWNLOADS = "downloads"


_NAMES = {
    Tab.INSTALLED: "On this computer",
    Tab.CATALOGUE: "Catalogue",
    Tab.DOWNLOADS: "Downloads",
}
_BACK = 32
"""Pixels of the way back."""


class ModelsPage(QWidget):
    """Stands in the place of the chat until its reader goes back."""

    left = Signal()
    """Its reader wants to go back to the chat."""

    def __init__(
        self, installed: InstalledTab, catalogue: CatalogueTab, downloads: DownloadsTab, look: Look
    ) -> None:
        super().__init__()
        self.installed = installed
        self._catalogue = catalogue
        self._pages: dict[Tab, QWidget] = {
            Tab.INSTALLED: installed,
            Tab.CATALOGUE: catalogue,
            Tab.DOWNLOADS: downloads,
        }
        self.tabs = QTabWidget()
        for tab, widget in self._pages.items():
            self.tabs.addTab(widget, _NAMES[tab])
        self.tabs.tabBar().setAccessibleName("Models")
        back = icon_button(look, "arrow-left", "Back to the chat (Esc)", self.left.emit)
        back.setFixedSize(_BACK, _BACK)
        corner = QWidget()
        row = QHBoxLayout(corner)
        row.setContentsMargins(18, 0, 0, 0)
        row.addWidget(back)
        self.tabs.setCornerWidget(corner, Qt.Corner.TopLeftCorner)
        QWidget.setTabOrder(self.tabs.tabBar(), back)  # Else it comes amidst a tab's contents.
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        floor = QWidget()
        floor.setFixedHeight(0)
        column.addWidget(floor)
        self.toast = Toast(self, above=floor)

    @property
    def tab(self) -> Tab:
        """The one that is shown."""
        return list(self._pages)[self.tabs.currentIndex()]

    def show_tab(self, tab: Tab) -> None:
        """Bring a tab to the front, and give it the keyboard."""
        self.tabs.setCurrentWidget(self._pages[tab])
        self._pages[tab].setFocus(Qt.FocusReason.OtherFocusReason)

    def show_tab_named(self, name: str) -> None:
        """Bring the tab to the front that was in front when this was its name."""
        if name in list(Tab):
            self.tabs.setCurrentWidget(self._pages[Tab(name)])

    def show_catalogue(self) -> None:
        """Bring the models that can be had to the front."""
        self.show_tab(Tab.CATALOGUE)

    def show_under_way(self, count: int) -> None:
        """Say at the tab how many downloads are under way."""
        name = _NAMES[Tab.DOWNLOADS]
        place = self.tabs.indexOf(self._pages[Tab.DOWNLOADS])
        self.tabs.setTabText(place, f"{name} ({count})" if count else name)

    def focus_search(self) -> None:
        """Let be typed what is looked for, where the tab has something to look through."""
        match self.tab:
            case Tab.INSTALLED:
                self.installed.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
            case Tab.CATALOGUE:
                self._catalogue.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            case Tab.DOWNLOADS:
                pass

    def add(self, paths: Sequence[Path]) -> None:
        """Add files and folders to the models on this computer, in sight of their reader."""
        self.show_tab(Tab.INSTALLED)
        self.installed.add_paths(paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
