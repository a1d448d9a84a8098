"""When the window locks."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sottovoce.ui.settings.lock_view_model import LockViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.locked import locked_note
from sottovoce.ui.widgets.parts import button, card, label

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 240)
_NEVER = 0
_SAYS = (
    "Locking ends the reply that is being written; what is written of it stays, and it can be "
    "continued. Then the window begins anew, with nothing of your chats in memory. Unlocked, it is "
    "where you were, but for temporary chats. Downloads go on meanwhile."
)


class LockCard(QWidget):
    """After how long, with what else, and at once."""

    def __init__(self, lock: LockViewModel, look: Look) -> None:
        super().__init__()
        self._lock = lock
        self.after = Choice(look, "Lock after this long without input")
        self.after.setMinimumWidth(150)
        self.with_screen = Check("Also when the screen locks, or the computer sleeps", look)
        self.now = button("Lock now", lock.lock)
        self._by_administrator = locked_note(look)
        frame, column = card("Lock")
        column.addWidget(label(_SAYS, "muted", wraps=True))
        row = QHBoxLayout()
        row.addWidget(label("Lock after"))
        row.addWidget(self.after)
        row.addStretch()
        column.addLayout(row)
        column.addWidget(self.with_screen)
        column.addWidget(self._by_administrator)
        foot = QHBoxLayout()
        foot.addWidget(self.now)
        foot.addStretch()
        column.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self._show()
        self.after.currentIndexChanged.connect(lambda _: lock.lock_after(self.after.currentData()))
        self.with_screen.clicked.connect(lock.follow_screen)

    def _show(self) -> None:
        most = self._lock.most_minutes
        offered = {*_MINUTES, self._lock.minutes} - {_NEVER}
        for minutes in sorted(each for each in offered if most is None or each <= most):
            self.after.addItem(_in_words(minutes), minutes)
        if most is None:
            self.after.addItem("Never", _NEVER)
        self.after.setCurrentIndex(self.after.findData(self._lock.minutes))
        self.after.setEnabled(self._lock.is_kept)
        self.with_screen.setChecked(self._lock.follows_screen)
        self.with_screen.setEnabled(self._lock.is_kept and most is None)
        self._by_administrator.setVisible(most is not None)


def _in_words(minutes: int) -> str:
    if minutes % 60:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{minutes // 60} hour{'s' if minutes > 60 else ''}"
