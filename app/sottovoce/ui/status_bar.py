"""The lower edge of the window: network, documents at work, context window, memory, speed."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QWidget

from sottovoce.domain.text import size_in_words
from sottovoce.system.sandbox import Confinement
from sottovoce.ui.chat.view_model import ContextUse
from sottovoce.ui.library.words import briefly, headline
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.network.panel import NetworkPanel, refused_words, what_may_connect
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.parts import button, label, set_kind

_NEARLY_FULL = 0.85
_LEAST = 340
"""Pixels."""
_MARGIN, _BETWEEN = 16, 16


class StatusBar(QFrame):
    """Figures, quiet until they matter."""

    ledger_asked = Signal()
    network_settings_asked = Signal()
    documents_asked = Signal()
    privacy_asked = Signal()

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
        self.weak_sandbox = button("Weak sandbox", self.privacy_asked.emit, "warning")
        self.weak_sandbox.hide()
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
        row.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        row.setSpacing(_BETWEEN)
        for part in (self.chip, self.reading, self._promise, self._kept, self.weak_sandbox):
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
        buttons = (self.chip, self.reading, self.weak_sandbox)
        return " ".join([*(each.text() for each in buttons if not each.isHidden()), *labels])

    def minimumSizeHint(self) -> QSize:
        """Never what keeps the window wide: its parts go one by one."""
        return QSize(_LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, what is least needed goes first."""
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        """Show as many figures as fit beside what is always there, the most needed first."""
        self.reading.setVisible(self._work.working is not None)
        parts = (self.chip, self.reading, self._kept, self.weak_sandbox)
        always = [part for part in parts if not part.isHidden()]
        room = self.width() - 2 * _MARGIN - sum(_width(part) for part in always)
        for figure, is_known in (
            (self._speed, bool(self._speed.text())),
            (self._meter, self._has_context),
            (self._context, self._has_context),
            (self._memory, bool(self._memory.text())),
            (self._promise, True),
        ):
            if is_known:
                room -= _width(figure)
            figure.setVisible(is_known and room >= 0)

    def show_temporary(self) -> None:
        """Say that nothing is kept."""
        self._kept.show()
        self._give_room()

    def show_confinement(self, confinement: Confinement) -> None:
        """Say so where what opens models and documents is not fully locked in."""
        doings = ", ".join(confinement.possible)
        says = f"What opens models and documents is not kept from {doings} on this computer."
        self.weak_sandbox.setToolTip(f"{says}\nOpen only what you trust. Click to see more.")
        self.weak_sandbox.setAccessibleDescription(says)
        self.weak_sandbox.setVisible(not confinement.is_full)
        self._give_room()

    def show_context(self, use: ContextUse | None) -> None:
        self._has_context = use is not None
        if use is None:
            self._give_room()
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
        self._give_room()

    def show_memory(self, resident: int) -> None:
        """Bytes of window and engine."""
        self._memory.setText(f"{size_in_words(resident)} RAM")
        self._give_room()

    def show_speed(self, speed: float) -> None:
        """Tokens per second; nothing to show when 0."""
        self._speed.setText(f"{speed:.1f} tok/s" if speed > 0 else "")
        self._give_room()

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
        self._give_room()

    def _show_work(self) -> None:
        working = self._work.working
        says = briefly(working, is_resting=self._work.is_resting) if working else ""
        if working is not None and self.reading.text() != says:
            self.reading.setText(says)
            self.reading.setAccessibleName(f"Documents: {says}")
            self.reading.setToolTip(tip(f"{headline(working)}\nClick for the page of documents."))
        self._give_room()

    def _open_panel(self) -> None:
        panel = NetworkPanel(self._network, self._look, self.window())
        panel.ledger_asked.connect(self.ledger_asked)
        panel.settings_asked.connect(self.network_settings_asked)
        panel.popup(self.chip)


def _width(part: QWidget) -> int:
    """What it takes of the row, with the space beside it."""
    hint = part.sizeHint().width()
    return min(max(hint, part.minimumWidth()), part.maximumWidth()) + _BETWEEN
