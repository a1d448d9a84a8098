"""One download on screen: how far it is, what became of it, and what can be done with it."""

from pathlib import PurePosixPath

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from sottovoce.domain.model import Role
from sottovoce.domain.text import size_in_words, time_left
from sottovoce.ui.models.downloads_view_model import Row, Step
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.parts import breakable, button, card, icon_button, label, set_kind

_STEPS = 1000
"""Of the progress bar: Qt counts in integers too small for bytes."""

_SAYS = {
    Step.QUEUED: "Its turn comes next",
    Step.STARTING: "Connecting…",
    Step.CHECKING: "Checking that every byte is right…",
    Step.PAUSED: "Paused",
    Step.INTERRUPTED: "Interrupted; what was fetched is kept",
    Step.ELSEWHERE: "Another window or command is downloading it",
    Step.DONE: "On this computer",
}


class DownloadGestures(QObject):
    """What a person does with a row; each signal carries the row's id."""

    resumed = Signal(str)
    paused = Signal(str)
    cancelled = Signal(str)
    raised = Signal(str)
    mended = Signal(str)
    use_asked = Signal(str)
    folder_asked = Signal(str)


class DownloadRow(QWidget):
    """A card whose parts change in place, so that the focus stays where it is."""

    def __init__(self, row: Row, gestures: DownloadGestures, look: Look) -> None:
        super().__init__()
        id_ = row.id
        name = row.choice.name
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._bar.setAccessibleName(f"How far {name} is")
        self._figures = label(wraps=True)
        self.resume = button("Resume", lambda: gestures.resumed.emit(id_))
        self.mend = button("", lambda: gestures.mended.emit(id_))
        self.use = button("Use this model", lambda: gestures.use_asked.emit(id_), "accent")
        self.folder = button("Show in folder", lambda: gestures.folder_asked.emit(id_))
        self.up = icon_button(
            look, "arrow-up", f"Download {name} earlier", lambda: gestures.raised.emit(id_)
        )
        self.pause = icon_button(look, "pause", f"Pause {name}", lambda: gestures.paused.emit(id_))
        self.cancel = icon_button(
            look, "x", f"Cancel the download of {name}", lambda: gestures.cancelled.emit(id_)
        )
        title = QVBoxLayout()
        title.setSpacing(2)
        title.addWidget(label(breakable(name), "heading", wraps=True))
        which = label(breakable(_which(row)), "muted", wraps=True)
        which.setToolTip(tip(row.choice.repository))
        title.addWidget(which)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(title, 1)
        for each in (self.up, self.pause, self.cancel):
            head.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._figures, 1)
        for act in (self.resume, self.mend, self.folder, self.use):
            foot.addWidget(act)
        frame, column = card()
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addLayout(foot)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    @property
    def words(self) -> str:
        """How it stands, as it is written there."""
        return self._figures.text()

    def show_row(self, row: Row, *, may_rise: bool) -> None:
        """Draw it as it is now. `may_rise`: whether another one is before it in the queue."""
        step = row.step
        is_resting = step in {Step.PAUSED, Step.INTERRUPTED, Step.FAILED}
        self._bar.setVisible(step not in {Step.DONE, Step.ELSEWHERE})
        self._bar.setValue(round(_STEPS * row.done / row.total) if row.total else 0)
        set_kind(self._bar, "level", "rest" if is_resting else "")
        self._figures.setText(figures(row))
        set_kind(self._figures, "kind", "danger" if step is Step.FAILED else "muted")
        self.resume.setText("Try again" if step is Step.FAILED else "Resume")
        self.resume.setVisible(is_resting)
        self.mend.setVisible(row.remedy is not None)
        self.mend.setText(row.remedy.value if row.remedy else "")
        self.use.setVisible(step is Step.DONE and row.choice.role is Role.CHAT)
        self.folder.setVisible(step is Step.DONE)
        self.up.setVisible(may_rise and step is not Step.DONE)
        self.pause.setVisible(row.is_under_way)
        self.cancel.setVisible(step not in {Step.DONE, Step.ELSEWHERE})
        self.setAccessibleName(f"{row.choice.name}: {figures(row)}")


def figures(row: Row) -> str:
    """How a download stands, in a line."""
    there = _amount(row)
    match row.step:
        case Step.RUNNING:
            parts = [there]
            if row.speed:
                parts.append(f"{size_in_words(row.speed)}/s")
            if row.seconds_left is not None:
                parts.append(time_left(row.seconds_left))
            return " · ".join(parts)
        case Step.FAILED:
            return row.trouble
        case Step.DONE:
            size = f" · {size_in_words(row.total)}" if row.total else ""
            return f"{_SAYS[Step.DONE]}{size}"
        case Step.INTERRUPTED if not row.done:
            return "Not begun yet"
        case _:
            return f"{there} · {_SAYS[row.step]}" if there and row.done else _SAYS[row.step]


def _amount(row: Row) -> str:
    if row.total is None:
        return size_in_words(row.done) if row.done else ""
    return f"{size_in_words(row.done)} of {size_in_words(row.total)}"


def _which(row: Row) -> str:
    """What tells it from others of the same name."""
    first = PurePosixPath(row.choice.files[0].name).stem
    count = len(row.choice.files)
    return first if count == 1 else f"{first.partition('-00001-of-')[0]}, {count} files"
