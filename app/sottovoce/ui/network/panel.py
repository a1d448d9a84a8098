"""What the network may do now, in a small panel over the lower edge of the window."""

from PySide6.QtCore import QPoint, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.system.network.switch import PUBLIC_HUB
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.locked import lock, locked_note
from sottovoce.ui.widgets.parts import button, label

_GAP = 8


class NetworkPanel(QFrame):
    """The switch, one sentence on what may connect, and the ways to more."""

    ledger_asked = Signal()
    settings_asked = Signal()

    def __init__(self, network: NetworkViewModel, look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("network_panel")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(372)
        self._network = network
        self.switch = Check("Let Sottovoce connect", look)
        self.switch.setToolTip("Only for what you ask for: searching and downloading models.")
        self.switch.clicked.connect(self._turn)
        self._says = label(wraps=True)
        self._refused = label("", "muted", wraps=True)
        row = QHBoxLayout()
        row.addWidget(button("Ledger…", lambda: self._leave_for(self.ledger_asked)))
        row.addWidget(button("Network settings…", lambda: self._leave_for(self.settings_asked)))
        row.addStretch()
        self._corner = QPoint()
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        column.addWidget(self.switch)
        if network.is_kept_off:
            lock(self.switch)
            column.addWidget(locked_note(look))
        column.addWidget(self._says)
        column.addWidget(self._refused)
        column.addSpacing(2)
        column.addLayout(row)
        network.changed.connect(self._show)
        self._show()

    @property
    def words(self) -> str:
        """All that is said here now."""
        return f"{self._says.text()} {self._refused.text()}"

    def popup(self, anchor: QWidget) -> None:
        """Stand over `anchor`, and take the keyboard."""
        self._corner = anchor.mapToGlobal(QPoint(0, -_GAP))
        self._fit()
        self.show()
        self.switch.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fit(self) -> None:
        """Grow upwards: what is said may have become longer."""
        height = self._column.totalHeightForWidth(self.width())
        self.setGeometry(self._corner.x(), self._corner.y() - height, self.width(), height)

    def _turn(self) -> None:
        if self.switch.isChecked():
            self._network.turn_on()
        else:
            self._network.turn_off()

    def _leave_for(self, asked: SignalInstance) -> None:
        asked.emit()
        self.close()

    def _show(self) -> None:
        self.switch.setChecked(self._network.is_on)
        self._says.setText(what_may_connect(self._network))
        self._refused.setText(refused_words(self._network.refused))
        self.setAccessibleName(self._says.text())
        if self.isVisible():
            self._fit()


def what_may_connect(network: NetworkViewModel) -> str:
    """One sentence or two on what the network lets through now."""
    if not network.is_on:
        return "Nothing may connect. Your models and chats work without."
    hosts, only = network.host, network.settings.only
    if only is not None:
        hosts = f"{', '.join(only) or 'no host'}, as your administrator allows"
    elif network.settings.endpoint == PUBLIC_HUB:
        hosts += " and its file hosts"
    if network.settings.hosts and only is None:
        hosts += f", {', '.join(network.settings.hosts)}"
    does = f"{network.use} now. " if network.use else ""
    return f"{does}Searching and downloading models may connect to {hosts}, and nothing else may."


def refused_words(count: int) -> str:
    """A sentence on how many attempts the ledger knows that were refused."""
    if count == 0:
        return "No attempt to connect was refused so far."
    if count == 1:
        return "One attempt to connect was refused."
    return f"{count:,} attempts to connect were refused."
