"""The lower edge of the window: network, context window, memory, speed."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar

from sottovoce.system.network.gate import NetworkState
from sottovoce.ui.chat.view_model import ContextUse
from sottovoce.ui.widgets.parts import label, set_kind

_NEARLY_FULL = 0.85
_GIGABYTE = 1e9
_WIDE, _NARROW = 680, 520


class StatusBar(QFrame):
    """Figures, quiet until they matter."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setFixedHeight(34)
        self._network = label("", "good")
        self._promise = label("Nothing leaves this computer")
        self._kept = label("Not saved", "warning")
        self._kept.setToolTip("These chats live in memory and are gone when the window closes.")
        self._kept.hide()
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
        for part in (self._network, self._promise, self._kept):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch()
        for figure in (self._context, self._meter, self._memory, self._speed):
            row.addWidget(figure, 0, Qt.AlignmentFlag.AlignVCenter)
        self.show_network(NetworkState.OFFLINE, 0)
        self.show_context(None)
        self.show_speed(0)

    @property
    def words(self) -> str:
        """All that is said here now."""
        return " ".join(part.text() for part in self.findChildren(QLabel) if not part.isHidden())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, what is least needed goes first."""
        super().resizeEvent(event)
        self._promise.setVisible(self.width() > _WIDE)
        self._memory.setVisible(self.width() > _NARROW)

    def show_network(self, state: NetworkState, refused: int) -> None:
        """Say whether connections are possible, and how many attempts were refused."""
        self._network.setText(f"● {state.capitalize()}")
        says = "Sottovoce refuses every network connection."
        if refused:
            says += f"\n{refused} attempts to connect were refused since it was started."
        self._network.setToolTip(says)

    def show_temporary(self) -> None:
        """Say that nothing is kept."""
        self._kept.show()

    def show_context(self, use: ContextUse | None) -> None:
        self._context.setVisible(use is not None)
        self._meter.setVisible(use is not None)
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
        gigabytes = resident / _GIGABYTE
        self._memory.setText(
            f"{gigabytes:.1f} GB RAM" if gigabytes >= 1 else f"{resident / 1e6:.0f} MB RAM"
        )

    def show_speed(self, speed: float) -> None:
        """Tokens per second; nothing to show when 0."""
        self._speed.setVisible(speed > 0)
        self._speed.setText(f"{speed:.1f} tok/s")
