"""The details of the item that is looked at, and what can be done with it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.model import Role
from sottovoce.domain.text import size_in_words
from sottovoce.models.shelf import Item, Origin
from sottovoce.ui.file_manager import show_in_folder
from sottovoce.ui.models.adapters_card import AdaptersCard
from sottovoce.ui.models.facts_card import FactsCard
from sottovoce.ui.models.fit_card import FitCard
from sottovoce.ui.models.installed_parts import InstalledParts
from sottovoce.ui.models.rows import ORIGINS, ROLES
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import breakable, button, label, set_kind

_WIDEST = 760
_NOT_TO_REMOVE = {
    Origin.STARTER: "This model came with Sottovoce and stays",
    Origin.SHARED: "This model belongs to all users of this computer",
}


class Details(QScrollArea):
    """Everything about one item, in cards."""

    remove_asked = Signal(object)
    """An Item: asked for, and confirmed where its files would go."""
    adapter_asked = Signal()

    def __init__(self, parts: InstalledParts, look: Look) -> None:
        super().__init__()
        self._parts = parts
        self._look = look
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.name = label("", "title", wraps=True)
        self._badges = Flow(spacing=6)
        self._shown_badges: list[QLabel] = []
        self._place = label("", "muted", wraps=True)
        self.banner = Banner(look)
        self.use = button("Use this model", self._use, "accent")
        self.verify = button("Verify", self._verify)
        self.verify.setToolTip("Compare the files with their fingerprints")
        self.show_folder = button("Show in folder", self._show_folder)
        self.show_folder.setToolTip("Show where the file lies, in your file manager")
        self.remove = button("Remove", self._remove)
        self._build_verifying()
        self.fit = FitCard(parts.fit, parts.machine, look)
        self.adapters = AdaptersCard(parts.adapters, look)
        self.adapters.import_asked.connect(self.adapter_asked)
        self.facts = FactsCard(look)
        self._lay_out()
        parts.details.changed.connect(self._show)
        parts.model.changed.connect(self._show_use)
        parts.verifying.changed.connect(self._show_verifying)
        self._show()

    def is_of(self, path: Path) -> bool:
        """Whether this item is shown."""
        item = self._parts.details.item
        return item is not None and item.path == path

    @property
    def badges(self) -> list[str]:
        """What they say."""
        return [badge.text() for badge in self._shown_badges]

    def _build_verifying(self) -> None:
        self._progress = QProgressBar()
        self._progress.setRange(0, 1000)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Verifying")
        self._progress_says = label("", "muted")
        self._stop = button("Stop", self._parts.verifying.stop, "quiet")
        self._under_way = QWidget()
        row = QHBoxLayout(self._under_way)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._progress, 1)
        row.addWidget(self._progress_says)
        row.addWidget(self._stop)
        self.outcome = label("", wraps=True)

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("scrolled")
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(self.name)
        column.addLayout(self._badges)
        column.addWidget(self._place)
        column.addWidget(self.banner)
        buttons = Flow(spacing=8)
        for each in (self.use, self.verify, self.show_folder, self.remove):
            buttons.addWidget(each)
        column.addSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self._under_way)
        column.addWidget(self.outcome)
        column.addSpacing(8)
        for frame in (self.fit, self.adapters, self.facts):
            column.addWidget(frame)
            column.addSpacing(4)
        column.addStretch()
        width = QWidget()
        width.setObjectName("scrolled")
        width.setMaximumWidth(_WIDEST)
        width.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        centred = QHBoxLayout(inside)
        centred.setContentsMargins(24, 18, 24, 18)
        centred.addWidget(width)
        self.content = inside
        """What is scrolled."""
        self.setWidget(inside)

    def _show(self) -> None:
        details = self._parts.details
        item, inspection = details.item, details.inspection
        self.content.setVisible(item is not None)
        if item is None:
            self._parts.fit.show(None, None)
            return
        is_linked = item.origin is Origin.LINKED
        self.name.setText(breakable(item.name))
        self._show_badges(item)
        self._place.setText(breakable(str(item.path)))
        self._show_trouble(item, details.trouble)
        self.remove.setEnabled(item.origin not in _NOT_TO_REMOVE)
        goes = "Take it off this list; its file stays" if is_linked else "Delete its files"
        self.remove.setToolTip(_NOT_TO_REMOVE.get(item.origin, goes))
        is_known = item.model is not None or item.record is not None
        self.verify.setEnabled(is_known and all(file.is_file() for file in item.files))
        self.facts.show_inspection(inspection)
        shape = inspection.shape if inspection and item.model else None
        is_chat = item.model is not None and item.model.role is Role.CHAT
        self._parts.fit.show(item.path, shape if is_chat else None)
        self.adapters.setVisible(is_chat)
        self._show_use()
        self._show_verifying()

    def _show_trouble(self, item: Item, sentence: str) -> None:
        is_gone = not any(file.exists() for file in item.files)
        if not sentence:
            self.banner.hide()
        elif is_gone and item.origin is Origin.LINKED:
            self.banner.tell(sentence, kind="warning", says="Remove", act=self._remove)
        else:
            self.banner.tell(sentence, kind="warning")

    def _show_badges(self, item: Item) -> None:
        model = item.model
        says = [model.quantisation if model else "", size_in_words(item.size)]
        says += [ROLES[model.role]] if model else []
        says += [ORIGINS[item.origin], self._parts.details.attribution]
        self._badges.clear()
        self._shown_badges = [label(text, "badge") for text in says if text]
        for badge in self._shown_badges:
            self._badges.addWidget(badge)

    def _show_use(self) -> None:
        item, answers = self._parts.details.item, self._parts.model.model
        if item is None:
            return
        is_in_use = answers is not None and answers.path == item.path
        self.use.setVisible(item.model is not None and item.model.role is Role.CHAT)
        inspection = self._parts.details.inspection
        trouble = inspection.trouble if inspection else ""
        self.use.setEnabled(not is_in_use and not trouble)
        self.use.setText("In use" if is_in_use else "Use this model")
        says = "This model answers" if is_in_use else "Have this model answer from now on"
        self.use.setToolTip(tip(trouble or says))

    def _show_verifying(self) -> None:
        item, verifying = self._parts.details.item, self._parts.verifying
        if item is None:
            return
        is_under_way = verifying.item is not None and verifying.item.path == item.path
        self._under_way.setVisible(is_under_way)
        self.verify.setVisible(verifying.item is None)
        if progress := verifying.progress:
            self._progress.setValue(round(1000 * progress.done / max(progress.total, 1)))
            self._progress_says.setText(
                f"{size_in_words(progress.done)} of {size_in_words(progress.total)}"
            )
        else:
            self._progress.setValue(0)
            self._progress_says.clear()
        sentence, kind = verifying.outcome(item)
        self.outcome.setVisible(bool(sentence) and not is_under_way)
        self.outcome.setText(sentence)
        set_kind(self.outcome, "kind", kind)

    def _use(self) -> None:
        if item := self._parts.details.item:
            self._parts.model.choose(item.path)

    def _verify(self) -> None:
        if item := self._parts.details.item:
            self._parts.verifying.verify(item)

    def _show_folder(self) -> None:
        if item := self._parts.details.item:
            show_in_folder(item.path)

    def _remove(self) -> None:
        item = self._parts.details.item
        if item is None:
            return
        if item.origin is Origin.LINKED:
            self.remove_asked.emit(item)
            return
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Delete this model?")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"Delete {item.name}?")
        box.setInformativeText(
            f"This frees {size_in_words(item.size)} of disk. It cannot be undone: to have the "
            "model back, you would have to download or copy it again."
        )
        delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
        delete.clicked.connect(lambda: self.remove_asked.emit(item))
        box.open()
