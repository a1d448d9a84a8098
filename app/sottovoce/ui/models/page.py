"""The page of models: those on this computer, those that can be had, and those on their way."""

from collections.abc import Mapping
from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import icon_button, label


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


class ModelsPage(QWidget):
    """Stands in the place of the chat until its reader goes back."""

    left = Signal()
    """Its reader wants to go back to the chat."""

    def __init__(self, tabs: Mapping[Tab, QWidget], look: Look) -> None:
        super().__init__()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._order = tuple(tabs)
        for tab, widget in tabs.items():
            self.tabs.addTab(widget, _NAMES[tab])
        self.tabs.tabBar().setAccessibleName("Models")
        head = QHBoxLayout()
        head.setContentsMargins(18, 0, 18, 4)
        head.setSpacing(8)
        head.addWidget(icon_button(look, "arrow-left", "Back to the chat (Esc)", self.left.emit))
        head.addWidget(label("Models", "heading"))
        head.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)

    @property
    def tab(self) -> Tab:
        """The one that is shown."""
        return self._order[self.tabs.currentIndex()]

    def show_tab(self, tab: Tab) -> None:
        """Bring a tab to the front, and give it the keyboard."""
        self.tabs.setCurrentIndex(self._order.index(tab))
        self.tabs.currentWidget().setFocus(Qt.FocusReason.OtherFocusReason)

    def show_under_way(self, count: int) -> None:
        """Say at the tab how many downloads are under way."""
        name = _NAMES[Tab.DOWNLOADS]
        self.tabs.setTabText(
            self._order.index(Tab.DOWNLOADS), f"{name} ({count})" if count else name
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
