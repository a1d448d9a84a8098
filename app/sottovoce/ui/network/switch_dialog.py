"""The question that comes before a connection while the network is switched off."""

from collections.abc import Callable
from enum import Enum

from PySide6.QtWidgets import QHBoxLayout, QWidget

from sottovoce.system.network.switch import KEPT_OFF
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.narrow_dialog import NarrowDialog
from sottovoce.ui.widgets.parts import button, label


class Wish(Enum):
    """What the network is wanted for, in the words of the question and of its button."""

    DOWNLOAD = ("Switch the network on for downloads?", "Switch on and download")
    SEARCH = ("Switch the network on to search?", "Switch on and search")


def when_on(
    network: NetworkViewModel,
    wish: Wish,
    parent: QWidget,
    *,
    look: Look,
    then: Callable[[], object],
) -> None:
    """Call `then` once the network is on: now, or after the person switched it on for this."""
    if network.is_on:
        then()
    else:
        SwitchDialog(network, wish, parent, look=look, then=then).open()


class SwitchDialog(NarrowDialog):
    """Names the host before anything is sent to it, or says that nothing may be."""

    def __init__(
        self,
        network: NetworkViewModel,
        wish: Wish,
        parent: QWidget,
        *,
        look: Look,
        then: Callable[[], object],
    ) -> None:
        super().__init__("Network", 460, parent)
        self._network = network
        self._then = then
        asks, does = wish.value
        if network.is_kept_off:
            asks = "The network stays off"
        says = (
            f"Sottovoce is offline. This connects to {network.host}, and to the hosts that store "
            "its files. Your chats are never sent: the process that connects does not have them."
        )
        self.until_rest = Check("Switch it off again when the downloads are done", look)
        self.until_rest.setChecked(True)
        self.until_rest.setVisible(wish is Wish.DOWNLOAD and not network.is_kept_off)
        self.turn_on = button(does, self._turn_on, "accent")
        self.turn_on.setDefault(True)
        self.turn_on.setVisible(not network.is_kept_off)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button("Close" if network.is_kept_off else "Stay offline", self.reject))
        row.addWidget(self.turn_on)
        column = self.column
        column.addWidget(label(asks, "heading"))
        column.addWidget(label(KEPT_OFF if network.is_kept_off else says, wraps=True))
        column.addWidget(self.until_rest)
        column.addSpacing(4)
        column.addLayout(row)
        self.turn_on.setFocus()

    def _turn_on(self) -> None:
        until_rest = self.until_rest.isVisible() and self.until_rest.isChecked()
        self._network.turn_on(self._then, until_rest=until_rest)
        self.accept()
