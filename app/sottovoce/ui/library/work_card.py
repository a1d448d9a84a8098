"""What the library is reading, how long that takes, and how it is paused."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from sottovoce.domain.text import time_left
from sottovoce.ui.library.words import detail, headline, progress
from sottovoce.ui.library.work_view_model import WorkViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import breakable, button, follow, label, set_kind


class WorkCard(QFrame):
    """Hidden while nothing is left to do."""

    def __init__(self, work: WorkViewModel, look: Look) -> None:
        super().__init__()
        self.setObjectName("card")
        self._work = work
        self._look = look
        self.says = label("", wraps=True)
        self._left = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("How far the documents are read")
        self._detail = label("", "muted", wraps=True)
        self._trouble = label("", "caution", wraps=True)
        self.pause = button("", self._turn)
        words = QHBoxLayout()
        words.setSpacing(12)
        words.addWidget(self.says, 1)
        words.addWidget(self._left)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(words)
        column.addWidget(self._bar)
        column.addWidget(self._detail)
        column.addWidget(self._trouble)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 11, 12, 11)
        row.setSpacing(16)
        row.addLayout(column, 1)
        row.addWidget(self.pause, 0, Qt.AlignmentFlag.AlignVCenter)
        work.progressed.connect(self._show)
        follow(self, look, self._draw)
        self._show()

    @property
    def words(self) -> str:
        """All that is said here."""
        return " · ".join(
            each.text() for each in (self.says, self._left, self._detail, self._trouble)
        )

    def _show(self) -> None:
        working = self._work.working
        self.setVisible(working is not None)
        if working is None:
            return
        done, total = progress(working)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        is_resting = working.is_paused or self._work.is_resting
        set_kind(self._bar, "level", "rest" if is_resting else "")
        self.says.setText(headline(working))
        left = working.seconds_left
        self._left.setText("" if left is None or is_resting else time_left(left))
        self._trouble.setText(working.trouble)
        self._trouble.setVisible(bool(working.trouble))
        rests_for_reply = is_resting and not self._work.is_paused
        shown = "It goes on when the reply is written" if rests_for_reply else detail(working)
        self._detail.setText(breakable(shown))
        self.setAccessibleName(headline(working))
        is_paused = self._work.is_paused
        does = "Resume" if is_paused else "Pause"
        self.pause.setText(f" {does}")
        self.pause.setAccessibleName(f"{does} reading documents")
        self._draw()

    def _draw(self) -> None:
        name = "play" if self._work.is_paused else "pause"
        self.pause.setIcon(icon(name, self._look.tokens.muted))

    def _turn(self) -> None:
        self._work.pause(is_paused=not self._work.is_paused)
