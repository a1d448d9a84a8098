"""What Sottovoce is, which version this is, and whose work is in it."""

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from sottovoce import __version__
from sottovoce.models.attributions import attributions, model_notices
from sottovoce.models.catalogue import Catalogue
from sottovoce.system.notices import Notices
from sottovoce.ui.about.notices_tab import NoticesTab
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, label

_PURPOSE = (
    "A private chat with language models that run on your own computer. "
    "Nothing of it leaves the machine."
)
_TERMS = (
    "Sottovoce is free software under the Apache License 2.0. It stands on the work of many "
    "others, who are named under Licences with their terms. Qt, copyright The Qt Company Ltd. and "
    "other contributors, is used under the GNU LGPL, version 3; its libraries can be replaced by "
    "others, as its licence there explains."
)


class AboutDialog(QDialog):
    """Two tabs: about the program, and the licences of all that it is made of."""

    def __init__(
        self,
        notices: Notices,
        shelf: ShelfViewModel,
        known: Catalogue,
        *,
        look: Look,
        parent: QWidget,
    ) -> None:
        """What the licences of models on the shelf want to be shown, `known` tells."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About Sottovoce")
        self.resize(1000, 660)  # The lines of licences have eighty letters.
        self.licences = NoticesTab(notices, look)
        self._shelf = shelf
        self._known = known
        self.attributions = label("", "heading", wraps=True)
        self.model_notices = label("", "muted", wraps=True)
        self.facts = label(facts(), "muted", wraps=True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._about(), "About")
        self.tabs.addTab(self.licences, "Licences")
        close = button("Close", self.accept)
        close.setDefault(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(22, 0, 22, 18)
        foot.addStretch()
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.tabs, 1)
        column.addLayout(foot)
        shelf.listed.connect(self._show_attributions)
        shelf.refresh()
        self._show_attributions()

    def show_licences(self) -> None:
        """Bring the licences to the front."""
        self.tabs.setCurrentWidget(self.licences)

    def _show_attributions(self) -> None:
        for shown, sentences in (
            (self.attributions, attributions(self._shelf.all_items, self._known)),
            (self.model_notices, model_notices(self._shelf.all_items, self._known)),
        ):
            shown.setText("\n".join(sentences))
            shown.setVisible(bool(sentences))

    def _about(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(22, 20, 22, 12)
        column.setSpacing(12)
        column.addWidget(label("Sottovoce", "title"))
        column.addWidget(label(_PURPOSE, wraps=True))
        column.addWidget(self.attributions)
        column.addWidget(self.model_notices)
        column.addWidget(label(_TERMS, "muted", wraps=True))
        column.addSpacing(6)
        column.addWidget(self.facts)
        row = QHBoxLayout()
        copy = button("Copy", self._copy)
        copy.setToolTip("Copy what version this is, for a report")
        row.addWidget(copy)
        row.addWidget(button("Licences", self.show_licences))
        row.addStretch()
        column.addLayout(row)
        column.addStretch()
        return made

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(facts())


def facts() -> str:
    """Which version this is, and on what it runs."""
    return (
        f"Sottovoce {__version__}\n"
        f"Python {platform.python_version()}, Qt {qVersion()}\n"
        f"{platform.system()} {platform.release()}, {platform.machine()}"
    )
