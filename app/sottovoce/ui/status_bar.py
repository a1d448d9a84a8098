"""The lower edge of the window: network, documents at work, context window, memory, speed."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar

from sottovoce.domain.text import size_in_words
from sottovoce.ui.chat.view_model import ContextUse
from sottovoce.ui.library.words import briefly, headline
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.network.panel import NetworkPanel, refused_words, what_may_connect
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, label, set_kind

_NEARLY_FULL = 0.85
_LEAST = 340
"""Pixels."""
_WIDER, _WIDE, _NARROW, _NARROWEST = 860, 680, 520, 400


class StatusBar(QFrame):
    """Figures, quiet until they matter."""

    ledger_asked = Signal()
    network_settings_asked = Signal()
    documents_asked = Signal()

    def __init__(self, network: NetworkViewModel, work: WorkViewModel, look: Look) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setFixedHeight(34)
        self._network = network
        self._work = work
        self._look = look
        self.chip = button("", self._open_panel)
        self.reading = button("", self.documents_asked.emit, "busy")
        self._promise = label()
        self._kept = label("Not saved", "warning")
        self._kept.setToolTip("These chats live in memory and are gone when the window closes.")
        self._kept.hide()
        self._has_context = False
        self._context = label()
        self._meter = QProgressBar()
        self._meter.setFixedWidth(90)
        self._meter.setTextVisible(False)
        self._meter.setAccessibleName("Context window used")
        self._memory = label()
        self._memory.setToolTip("Memory taken by the window and the model.")
        self._speed = label("", "strong")
        self._speed.setToolTip("Tokens the model writes in a second.")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(16)
        for part in (self.chip, self.reading, self._promise, self._kept):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch()
        for figure in (self._context, self._meter, self._memory, self._speed):
            row.addWidget(figure, 0, Qt.AlignmentFlag.AlignVCenter)
        network.changed.connect(self._show_network)
        work.progressed.connect(self._show_work)
        self._show_work()
        self._show_network()
        self.show_context(None)
        self.show_speed(0)

    @property
    def words(self) -> str:
        """All that is said here now."""
        labels = (part.text() for part in self.findChildren(QLabel) if not part.isHidden())
        work = [] if self.reading.isHidden() else [self.reading.text()]
        return " ".join([self.chip.text(), *work, *labels])

    def minimumSizeHint(self) -> QSize:
        """Never what keeps the window wide: its parts go one by one."""
        return QSize(_LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, what is least needed goes first."""
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        is_working = self._work.working is not None
        self._promise.setVisible(self.width() > (_WIDER if is_working else _WIDE))
        self._memory.setVisible(self.width() > (_WIDE if is_working else _NARROW))
        has_room = self.width() > (_NARROW if is_working else _NARROWEST)
        self._context.setVisible(self._has_context and has_room)
        self._meter.setVisible(self._has_context)

    def show_temporary(self) -> None:
        """Say that nothing is kept."""
        self._kept.show()

    def show_context(self, use: ContextUse | None) -> None:
        self._has_context = use is not None
        self._give_room()
        if use is None:
            return
        self._context.setText(f"Context {use.used:,} / {use.size:,}")
        self._meter.setRange(0, max(1, use.size))
        self._meter.setValue(min(use.used, use.size))
        is_full = use.used >= _NEARLY_FULL * use.size
        set_kind(self._meter, "level", "full" if is_full else "")
        says = "Tokens of the context window in use, and its size."
        if use.left_out:
            says += f"\n{use.left_out} earlier messages are not shown to the model."
        self._meter.setToolTip(says)
        self._context.setToolTip(says)

    def show_memory(self, resident: int) -> None:
        """Bytes of window and engine."""
        self._memory.setText(f"{size_in_words(resident)} RAM")

    def show_speed(self, speed: float) -> None:
        """Tokens per second; nothing to show when 0."""
        self._speed.setVisible(speed > 0)
        self._speed.setText(f"{speed:.1f} tok/s")

    def _show_network(self) -> None:
        network = self._network
        state = "Offline"
        if network.is_on:
            state = f"{network.use}… {network.host}" if network.use else "Network on"
        set_kind(self.chip, "kind", "warning" if network.is_on else "good")
        self.chip.setText(f"● {state}")
        self.chip.setAccessibleName(f"Network: {state}")
        says = what_may_connect(network)
        if network.refused:
            says += f"\n{refused_words(network.refused)}"
        self.chip.setToolTip(f"{says}\nClick for the switch and the ledger.")
        self._promise.setText(
            "Your chats stay on this computer" if network.is_on else "Nothing leaves this computer"
        )

    def _show_work(self) -> None:
        working = self._work.working
        self.reading.setVisible(working is not None)
        self._give_room()
        if working is None:
            return
        says = briefly(working, is_resting=self._work.is_resting)
        if self.reading.text() != says:
            self.reading.setText(says)
            self.reading.setAccessibleName(f"Documents: {says}")
            self.reading.setToolTip(f"{headline(working)}\nClick for the page of documents.")

    def _open_panel(self) -> None:
        panel = NetworkPanel(self._network, self._look, self.window())
        panel.ledger_asked.connect(self.ledger_asked)
        panel.settings_asked.connect(self.network_settings_asked)
        panel.popup(self.chip)
