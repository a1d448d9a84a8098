"""How documents are read, and by which models they are searched."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.ui.settings.document_models import DocumentModelsViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.parts import button, icon_button, label

_GONE = "A model that is not here any more"


class DocumentsTab(QWidget):
    """Each choice holds from now on."""

    catalogue_asked = Signal()

    def __init__(
        self, settings: SettingsViewModel, models: DocumentModelsViewModel, look: Look
    ) -> None:
        super().__init__()
        self._settings = settings
        self._models = models
        self._look = look
        self.rests = Check("Read no documents while a reply is written", look)
        self.rests.setChecked(settings.settings.rests_while_replying)
        self.rests.toggled.connect(self._take_rests)
        self.embedding = Choice(look, "Embedding model for new collections")
        self.embedding.currentIndexChanged.connect(self._take_embedding)
        self.reranker = Choice(look, "Reranker")
        self.reranker.currentIndexChanged.connect(self._take_reranker)
        self._lay_out()
        models.listed.connect(self._show_models)
        self._show_models()
        models.refresh()

    def _lay_out(self) -> None:
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
                "Otherwise they are read more slowly meanwhile, so that the reply comes as fast. "
                "On a computer with few processor cores, resting helps.",
                "muted",
                wraps=True,
            )
        )
        column.addSpacing(6)
        column.addWidget(label("Search by meaning", "heading"))
        column.addWidget(
            label(
                "The embedding model finds what says the same in other words, or in another "
                "language. This one is for new collections; the menu of a collection changes its "
                "own.",
                "muted",
                wraps=True,
            )
        )
        column.addLayout(self._row(self.embedding))
        column.addSpacing(6)
        column.addWidget(label("Order of what is found", "heading"))
        column.addWidget(
            label(
                "A reranker reads the best passages once more and puts them in a better order. "
                "It takes memory, and without a graphics card some seconds for each question.",
                "muted",
                wraps=True,
            )
        )
        column.addLayout(self._row(self.reranker))
        column.addSpacing(6)
        column.addLayout(more)
        column.addStretch()

    def _row(self, choice: Choice) -> QHBoxLayout:
        back = f"{choice.accessibleName()}: back to default"
        row = QHBoxLayout()
        row.addWidget(choice, 1)
        row.addWidget(icon_button(self._look, "undo-2", back, lambda: choice.setCurrentIndex(0)))
        return row

    def _show_models(self) -> None:
        settings = self._settings.settings
        embeddings = dict(self._models.embeddings)
        first = next(iter(embeddings), "")
        # What came with Sottovoce is meant by an empty setting, also after it was replaced.
        offers = {"" if each == first else each: name for each, name in embeddings.items()}
        _fill(self.embedding, offers, settings.embedding)
        _fill(self.reranker, {"": "None", **self._models.rerankers}, settings.reranker)

    def _take_rests(self, rests: bool) -> None:
        self._settings.change(replace(self._settings.settings, rests_while_replying=rests))

    def _take_embedding(self, index: int) -> None:
        wanted = self.embedding.itemData(index)
        self._settings.change(replace(self._settings.settings, embedding=wanted))

    def _take_reranker(self, index: int) -> None:
        wanted = self.reranker.itemData(index)
        self._settings.change(replace(self._settings.settings, reranker=wanted))


def _fill(choice: Choice, offers: dict[str, str], wanted: str) -> None:
    """Offer these, by what stands for them; what is wanted is there in any case."""
    if wanted not in offers:
        offers = {**offers, wanted: _GONE}
    with QSignalBlocker(choice):
        choice.clear()
        for each, name in offers.items():
            choice.addItem(name, each)
        choice.setCurrentIndex(choice.findData(wanted))
