"""Where Sottovoce may connect to: the switch, the hub, other hosts, and the token for the hub."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from sottovoce.system.network.switch import PUBLIC_HUB
from sottovoce.ui.network.panel import what_may_connect
from sottovoce.ui.network.token_dialog import TokenDialog
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.locked import lock, locked_note
from sottovoce.ui.widgets.parts import button, icon_button, label


class NetworkTab(QWidget):
    """Each change is used at once, or refused with a sentence beside it."""

    ledger_asked = Signal()
    link_asked = Signal(str)

    def __init__(self, network: NetworkViewModel, token: TokenViewModel, look: Look) -> None:
        super().__init__()
        self._network = network
        self._token = token
        self._look = look
        self.switch = Check("Let Sottovoce connect", look)
        self.switch.clicked.connect(self._turn)
        self._says = label("", "muted", wraps=True)
        self.endpoint = _field("Address of the hub", PUBLIC_HUB)
        self.endpoint.editingFinished.connect(self._take_endpoint)
        back = "Address of the hub: back to default"
        self.back = icon_button(look, "undo-2", back, lambda: network.use_endpoint(PUBLIC_HUB))
        self._endpoint_note = locked_note(look)
        self.host = _field("Another host to allow", "files.example.org")
        self.host.returnPressed.connect(self._take_host)
        self._hosts = QVBoxLayout()
        self._hosts.setSpacing(2)
        self._shown = ""
        self._trouble = label("", "danger", wraps=True)
        self._trouble.setAccessibleName("What is wrong")
        self._has_token = label(wraps=True)
        self.enter_token = button("Enter a token…", self._ask_for_token)
        self.forget_token = button("Forget it", token.forget, "quiet")
        self._lay_out()
        network.changed.connect(self._show)
        network.mistaken.connect(self._trouble.setText)
        network.failed.connect(self._tell)
        token.changed.connect(self._show_token)
        token.failed.connect(self._tell)
        self._show()
        self._show_token()

    def _lay_out(self) -> None:
        look = self._look
        address = QHBoxLayout()
        address.addWidget(self.endpoint, 1)
        address.addWidget(self.back)
        host = QHBoxLayout()
        host.addWidget(self.host, 1)
        host.addWidget(button("Allow", self._take_host))
        token = QHBoxLayout()
        token.addWidget(self._has_token, 1)
        token.addWidget(self.forget_token)
        token.addWidget(self.enter_token)
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(22, 20, 22, 12)
        column.setSpacing(10)
        column.addWidget(self.switch)
        if self._network.is_kept_off:
            lock(self.switch)
            column.addWidget(locked_note(look))
        column.addWidget(self._says)
        ledger = QHBoxLayout()
        ledger.addWidget(button("Ledger…", self.ledger_asked.emit))
        ledger.addStretch()
        column.addLayout(ledger)
        column.addWidget(self._trouble)
        column.addSpacing(6)
        column.addWidget(label("Hub", "heading"))
        column.addWidget(
            label(
                "Where models are searched and fetched: Hugging Face, or a mirror of it.",
                "muted",
                wraps=True,
            )
        )
        column.addLayout(address)
        column.addWidget(self._endpoint_note)
        column.addSpacing(6)
        column.addWidget(label("Other hosts", "heading"))
        column.addWidget(
            label(
                "A mirror may keep its files elsewhere. Only hosts listed here are followed to.",
                "muted",
                wraps=True,
            )
        )
        column.addLayout(self._hosts)
        if self._network.settings.only is None:
            column.addLayout(host)
        else:
            lock(self.host)
            column.addWidget(locked_note(look))
        column.addSpacing(6)
        column.addWidget(label("Access token", "heading"))
        column.addLayout(token)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _turn(self) -> None:
        self._trouble.clear()
        if self.switch.isChecked():
            self._network.turn_on()
        else:
            self._network.turn_off()

    def _take_endpoint(self) -> None:
        if self.endpoint.text().strip() != self._network.settings.endpoint:
            self._trouble.clear()
            self._network.use_endpoint(self.endpoint.text())

    def _take_host(self) -> None:
        if self.host.text().strip():
            self._trouble.clear()
            self._network.allow(self.host.text())
            self.host.clear()

    def _ask_for_token(self) -> None:
        TokenDialog(self._token, self).open()

    def _show(self) -> None:
        settings = self._network.settings
        self.switch.setChecked(settings.on)
        self._says.setText(what_may_connect(self._network))
        if settings.endpoint != self._shown:
            self._shown = settings.endpoint
            self.endpoint.setText(settings.endpoint)
            self._token.look()
        self._lock_endpoint()
        while (item := self._hosts.takeAt(0)) is not None:
            if (row := item.widget()) is not None:
                row.deleteLater()
        for host in settings.hosts if settings.only is None else ():
            self._hosts.addWidget(self._host_row(host))
        for host in settings.only or ():
            self._hosts.addWidget(label(host))

    def _lock_endpoint(self) -> None:
        """Where hosts are limited, there is only a choice while the hub is none of them."""
        settings = self._network.settings
        is_limited = settings.only is not None
        is_locked = is_limited and settings.permits(settings.endpoint_host)
        self.endpoint.setEnabled(True)
        if is_locked:
            lock(self.endpoint)
        self.back.setVisible(not is_limited)
        self._endpoint_note.setVisible(is_locked)

    def _host_row(self, host: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(label(host), 1)
        line.addWidget(
            icon_button(self._look, "x", f"Forbid {host}", lambda: self._network.forbid(host))
        )
        return row

    def _show_token(self) -> None:
        is_there = self._token.is_there
        self._has_token.setText(
            f"A token for {self._token.host} is in this computer’s keyring."
            if is_there
            else "No token is kept. Only models that ask who you are need one."
        )
        self.forget_token.setVisible(bool(is_there))

    def _tell(self, told: Trouble) -> None:
        self._trouble.setText(told.sentence)


def _field(name: str, example: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(example)
    return made
