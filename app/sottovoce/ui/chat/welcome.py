"""What an empty chat says."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, label, picture

_WIDTH = 440
# The small starter model answers these sensibly; most others it does not.
_QUESTIONS = (
    "Give me five tips for better sleep.",
    "What is the water cycle?",
    "How do plants make food from sunlight?",
)


class Welcome(QScrollArea):
    """Who answers, where, and three questions to begin with."""

    question_chosen = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._says = label("", "body", wraps=True)
        self._says.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(3)
        centre = Qt.AlignmentFlag.AlignHCenter
        column.addWidget(picture(look, "shield-check", 40), 0, centre)
        column.addSpacing(6)
        column.addWidget(label("What is on your mind?", "title"), 0, centre)
        column.addWidget(self._says)
        column.addSpacing(18)
        for question in _QUESTIONS:
            card = button(question, partial(self.question_chosen.emit, question), "card")
            card.setMaximumWidth(_WIDTH)
            column.addWidget(card)
        column.addStretch(4)
        self._says.setMaximumWidth(_WIDTH)
        page = QWidget()
        page.setObjectName("scrolled")
        self.setWidget(page)
        row = QHBoxLayout(page)
        row.setContentsMargins(24, 12, 24, 12)
        row.addStretch(1)
        row.addLayout(column, 1000)
        row.addStretch(1)

    def show_model(self, name: str) -> None:
        """Say who answers; with an empty name, what to do so that someone can."""
        self._says.setText(
            f"{name} answers on this computer. Your words stay on it."
            if name
            else "Choose a model file (GGUF) at the top to begin. Your words stay on this computer."
        )
