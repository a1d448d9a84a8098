"""The settings, each used as soon as it is changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.settings import Scheme, Settings
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.settings.document_models import DocumentModelsViewModel
from sottovoce.ui.settings.documents_tab import DocumentsTab
from sottovoce.ui.settings.fields import ACCELERATION, LOAD, SAMPLING, Number, Pick
from sottovoce.ui.settings.network_tab import NetworkTab
from sottovoce.ui.settings.packs_card import PacksCard
from sottovoce.ui.settings.privacy_tab import PrivacyTab
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.parts import button, icon_button, label, scrolled_column

_TYPING_MILLISECONDS = 400
_SCHEMES = {
    Scheme.SYSTEM: "As the system",
    Scheme.LIGHT: "Light",
    Scheme.DARK: "Dark",
}


class SettingsDialog(QDialog):
    """Seven tabs. Nothing has to be confirmed, but what cannot be undone."""

    ledger_asked = Signal()
    catalogue_asked = Signal()
    """Models that can be had are to be shown."""

    def __init__(
        self,
        settings: SettingsViewModel,
        network: NetworkViewModel,
        token: TokenViewModel,
        document_models: DocumentModelsViewModel,
        *,
        packs: PacksCard,
        privacy: PrivacyTab,
        look: Look,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Settings")
        self.resize(640, 660)
        self._settings = settings
        self._look = look
        tabs = self._tabs = QTabWidget()
        tabs.addTab(self._chat(), "Chat")
        tabs.addTab(self._fields(SAMPLING, self._stop_strings()), "Sampling")
        self.packs = packs
        self._model_tab = self._model()
        tabs.addTab(self._model_tab, "Model")
        self.documents = DocumentsTab(settings, document_models, look)
        self.documents.catalogue_asked.connect(self._go_to_catalogue)
        tabs.addTab(self.documents, "Documents")
        self.network = NetworkTab(network, token, look)
        self.network.ledger_asked.connect(self.ledger_asked)
        tabs.addTab(self.network, "Network")
        self.privacy = privacy
        tabs.addTab(privacy, "Privacy")
        tabs.addTab(self._appearance(), "Appearance")
        close = button("Close", self.accept)
        close.setDefault(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(22, 0, 22, 18)
        foot.addStretch()
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(tabs, 1)
        column.addLayout(foot)

    def show_packs(self) -> None:
        """Bring what models run on to the front."""
        self._tabs.setCurrentWidget(self._model_tab)

    def show_network(self) -> None:
        """Bring what may connect to the front."""
        self._tabs.setCurrentWidget(self.network)

    def show_privacy(self) -> None:
        """Bring what protects the chats to the front."""
        self._tabs.setCurrentWidget(self.privacy)

    def _go_to_catalogue(self) -> None:
        self.accept()
        self.catalogue_asked.emit()

    def _model(self) -> QWidget:
        scroll, column = scrolled_column()
        anew = label("The model is loaded anew with the next question.", "muted", wraps=True)
        column.addWidget(self._fields((*LOAD, *ACCELERATION), anew))
        column.addWidget(self.packs)
        column.addStretch()
        return scroll

    def _chat(self) -> QWidget:
        def take(text: str) -> None:
            self._settings.change(replace(self._settings.settings, system_prompt=text.strip()))

        self.system_prompt = _text_field(
            "System prompt", self._settings.settings.system_prompt, take, self
        )
        self.system_prompt.setPlaceholderText(
            "For example: Answer briefly and in plain words. Say so when you are not sure."
        )
        page, column = _page()
        column.addWidget(label("System prompt", "heading"))
        column.addWidget(
            label(
                "The model is told this before every chat. Empty leaves it as it is.",
                "muted",
                wraps=True,
            )
        )
        column.addWidget(self.system_prompt, 1)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Back to default", self.system_prompt.clear, "quiet"))
        column.addLayout(row)
        return page

    def _stop_strings(self) -> QWidget:
        def take(text: str) -> None:
            strings = tuple(line for line in text.split("\n") if line)
            sampling = replace(self._settings.settings.sampling, stop=strings)
            self._settings.change(replace(self._settings.settings, sampling=sampling))

        self.stop_strings = _text_field(
            "Stop strings", "\n".join(self._settings.settings.sampling.stop), take, self
        )
        self.stop_strings.setPlaceholderText(
            "One on each line; a reply ends before the first of them"
        )
        self.stop_strings.setToolTip("A reply ends before the first of these texts.")
        self.stop_strings.setFixedHeight(64)
        return self.stop_strings

    def _fields(self, fields: Sequence[Number | Pick], last: QWidget) -> QWidget:
        page, column = _page()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for row, each in enumerate(fields):
            field = (
                _NumberField(each, self._settings)
                if isinstance(each, Number)
                else _PickField(each, self._settings, self._look)
            )
            name = label(each.text)
            name.setToolTip(each.says)
            name.setBuddy(field)
            back = icon_button(self._look, "undo-2", f"{each.text}: back to default", field.reset)
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1)
            grid.addWidget(back, row, 2)
        column.addLayout(grid)
        column.addSpacing(8)
        if isinstance(last, QPlainTextEdit):
            column.addWidget(label("Stop strings"))
        column.addWidget(last)
        column.addStretch()
        return page

    def _appearance(self) -> QWidget:
        self.scheme = Choice(self._look, "Colours")
        self.scheme.setMinimumWidth(180)
        for scheme, says in _SCHEMES.items():
            self.scheme.addItem(says, scheme)
        self.scheme.setCurrentIndex(list(_SCHEMES).index(self._look.scheme))
        self.scheme.currentIndexChanged.connect(lambda i: self._look.choose(list(_SCHEMES)[i]))
        page, column = _page()
        row = QHBoxLayout()
        row.addWidget(label("Colours"), 1)
        row.addWidget(self.scheme)
        row.addWidget(
            icon_button(
                self._look,
                "undo-2",
                "Colours: back to default",
                lambda: self.scheme.setCurrentIndex(0),
            )
        )
        column.addLayout(row)
        column.addStretch()
        return page


class _PickField(Choice):
    """One of the few values that a setting takes."""

    def __init__(self, pick: Pick, settings: SettingsViewModel, look: Look) -> None:
        super().__init__(look, pick.text)
        self.setToolTip(pick.says)
        self.setMinimumWidth(150)
        self.addItems([shown for shown, _ in pick.options])
        self.setCurrentIndex(pick.read(settings.settings))
        self.currentIndexChanged.connect(
            lambda index: settings.change(pick.change(settings.settings, index))
        )

    def reset(self) -> None:
        """Back to what it was before anybody changed it."""
        self.setCurrentIndex(0)


class _NumberField(QDoubleSpinBox):
    """A number, or the word that stands for none."""

    def __init__(self, number: Number, settings: SettingsViewModel) -> None:
        super().__init__()
        self._number = number
        self._settings = settings
        self.setAccessibleName(number.text)
        self.setToolTip(number.says)
        self.setDecimals(number.decimals)
        self.setSingleStep(number.step)
        self.setRange(number.lowest, number.highest)
        self.setMinimumWidth(150)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The style sheet's padding does not reach the text inside.
        self.lineEdit().setTextMargins(8, 0, 8, 0)
        if number.none:
            # Qt shows a word in place of the lowest value: it stands one below what is allowed.
            self.setMinimum(number.lowest - 1)
            self.setSpecialValueText(number.none)
        self._show(number.read(settings.settings))
        self.valueChanged.connect(self._take)

    def reset(self) -> None:
        """Back to what it was before anybody changed it."""
        self._show(self._number.read(Settings()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Have all selected, so that a number can be typed over the word that stands for none."""
        super().focusInEvent(event)
        QTimer.singleShot(0, self, self.selectAll)  # After the click, which selects nothing.

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only while it has the focus, so that nothing changes in passing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _show(self, value: float | None) -> None:
        self.setValue(self.minimum() if value is None else value)

    def _take(self, shown: float) -> None:
        number = self._number
        value: float | None = shown if number.decimals else int(shown)
        if number.none and shown < number.lowest:
            value = None
        self._settings.change(number.change(self._settings.settings, value))


def _text_field(
    name: str, text: str, take: Callable[[str], None], dialog: QDialog
) -> QPlainTextEdit:
    """A field whose words are taken when the typing pauses, and when the dialog closes."""
    field = QPlainTextEdit(text)
    field.setAccessibleName(name)
    field.setTabChangesFocus(True)
    pause = QTimer(field)
    pause.setSingleShot(True)
    pause.setInterval(_TYPING_MILLISECONDS)
    pause.timeout.connect(lambda: take(field.toPlainText()))
    field.textChanged.connect(pause.start)
    dialog.finished.connect(lambda _: take(field.toPlainText()))
    return field


def _page() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(22, 20, 22, 12)
    column.setSpacing(10)
    return page, column
