"""What the system keeps the opening of models and documents from."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.system.sandbox import (
    TO_CONNECT,
    TO_READ,
    Confinement,
    possible_errand,
    possible_offline,
)
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import card, label, picture

_SAYS = (
    "Models and documents are made by strangers. What opens them is a process of its own, which "
    "locks itself in before it reads the first byte."
)
_ADVICE = "This system does not offer more. Open only models and documents that you trust."


class SandboxCard(QWidget):
    """Each thing that is refused, or is not, but for what a process is there for."""

    def __init__(self, confinement: Confinement, look: Look) -> None:
        super().__init__()
        frame, column = card("Sandbox")
        column.addWidget(label(_SAYS, "muted", wraps=True))
        _add_rows(column, look, confinement)
        if not confinement.is_full:
            column.addWidget(label(_ADVICE, "warning", wraps=True))
        column.addWidget(label("What keeps your documents", "muted"))
        _add_rows(column, look, possible_offline(), TO_READ)
        column.addWidget(label("What uses the network for you", "muted"))
        _add_rows(column, look, possible_errand(), TO_CONNECT)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)


def _add_rows(column: QVBoxLayout, look: Look, held: Confinement, purpose: str = "") -> None:
    for doing in held.refused:
        column.addLayout(_row(look, f"Refused: {doing}", "shield-check", "accent"))
    for doing in held.possible_but(purpose):
        column.addLayout(_row(look, f"Not refused: {doing}", "triangle-alert", "warning"))


def _row(look: Look, says: str, icon: str, colour: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(picture(look, icon, 16, colour))
    row.addWidget(label(says, wraps=True), 1)
    return row
