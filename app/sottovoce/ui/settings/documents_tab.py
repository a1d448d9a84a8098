"""How documents are read, and by which model they are searched."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.ui.library.embeddings_view_model import EmbeddingsViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.parts import button, icon_button, label


class DocumentsTab(QWidget):
    """What is chosen here holds from now on; collections that there are stay as they are."""

    catalogue_asked = Signal()

    def __init__(
        self, settings: SettingsViewModel, embeddings: EmbeddingsViewModel, look: Look
    ) -> None:
        super().__init__()
        self._settings = settings
        self._embeddings = embeddings
        self.rests = Check("Read no documents while a reply is written", look)
        self.rests.setChecked(settings.settings.rests_while_replying)
        self.rests.toggled.connect(self._take_rests)
        self.embedding = Choice(look, "Model for new collections")
        self.embedding.setMinimumWidth(260)
        self.embedding.currentIndexChanged.connect(self._take_embedding)
        back = icon_button(
            look,
            "undo-2",
            "Model for new collections: back to default",
            lambda: self.embedding.setCurrentIndex(0),
        )
        choice = QHBoxLayout()
        choice.addWidget(self.embedding, 1)
        choice.addWidget(back)
        more = QHBoxLayout()
        more.addWidget(button("Find more models…", self.catalogue_asked.emit))
        more.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 12)
        column.setSpacing(10)
        column.addWidget(label("Reading", "heading"))
        column.addWidget(self.rests)
        column.addWidget(
            label(
                "Otherwise they are read more slowly then, so that the reply comes as fast. "
                "On a computer with few processor cores, resting helps.",
                "muted",
                wraps=True,
            )
        )
        column.addSpacing(6)
        column.addWidget(label("Search by meaning", "heading"))
        column.addWidget(
            label(
                "The embedding model finds passages that say the same in other words or in "
                "another language. This one is used for new collections; each collection’s menu "
                "changes its own.",
                "muted",
                wraps=True,
            )
        )
        column.addLayout(choice)
        column.addLayout(more)
        column.addStretch()
        embeddings.listed.connect(self._show_embeddings)
        self._show_embeddings()
        embeddings.refresh()

    def _show_embeddings(self) -> None:
        names = self._embeddings.names
        wanted = self._settings.settings.embedding
        with QSignalBlocker(self.embedding):
            self.embedding.clear()
            for identity, name in names.items():
                self.embedding.addItem(name, identity)
            place = self.embedding.findData(wanted)
            if wanted and place < 0 and names:
                self.embedding.addItem("A model that is not here any more", wanted)
                place = self.embedding.count() - 1
            self.embedding.setCurrentIndex(max(place, 0))

    def _take_rests(self, rests: bool) -> None:
        self._settings.change(replace(self._settings.settings, rests_while_replying=rests))

    def _take_embedding(self, index: int) -> None:
        # The first came with Sottovoce: an empty setting stands for it, also after it is replaced.
        wanted = self.embedding.itemData(index) if index > 0 else ""
        self._settings.change(replace(self._settings.settings, embedding=wanted))
