"""Backups: made now or by themselves, restored, and what was here before."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMessageBox,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.settings import BackupPlan
from sottovoce.store.backup import Backup
from sottovoce.ui.backup.restore_dialog import RestoreDialog
from sottovoce.ui.backup.view_model import FILES, BackupViewModel, Found
from sottovoce.ui.settings.view_model import SettingsViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.locked import lock, locked_note
from sottovoce.ui.widgets.parts import breakable, button, card, label

_SAYS = (
    "One encrypted file with your chats, documents and settings; models are not in it. On any "
    "computer, it is opened by the passphrase or the recovery key you have when it is made."
)
_DAYS = {0: "Never", 1: "Every day", 7: "Every week", 30: "Every month"}
_KEPT = (2, 5, 10, 20)


class BackupCard(QWidget):
    """Shows what is under way, wherever it was begun."""

    def __init__(self, backups: BackupViewModel, settings: SettingsViewModel, look: Look) -> None:
        super().__init__()
        self._settings = settings
        self._backups = backups
        self.back_up = button("Back up now…", self._ask_where)
        self.restore = button("Restore…", self._ask_which)
        self.stop = button("Stop", backups.stop)
        self.says = label("", "muted", wraps=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far it is")
        self.trouble = label("", "danger", wraps=True)
        self.trouble.setAccessibleName("What is wrong")
        self.days = Choice(look, "Back up when the window closes")
        self.keep = Choice(look, "Automatic backups that are kept")
        self.folder = label("", "muted", wraps=True)
        self.choose = button("Choose a folder…", self._ask_folder)
        self.bring_back = button("Bring it back", backups.bring_back)
        self.discard = button("Remove for good…", self._ask_to_discard, "quiet")
        self._was_here = label("", wraps=True)
        self._at_work, self._automatic, self._before = QWidget(), QWidget(), QWidget()
        self._lay_out(look)
        self.days.currentIndexChanged.connect(lambda _: self._take_days(self.days.currentData()))
        self.keep.currentIndexChanged.connect(lambda _: self._take_keep(self.keep.currentData()))
        backups.changed.connect(self._show)
        backups.failed.connect(self._tell)
        backups.found.connect(self._ask_whether)
        backups.look()
        self._show()
        self._tell("")

    def _lay_out(self, look: Look) -> None:
        frame, column = card("Backups")
        column.addWidget(label(_SAYS, "muted", wraps=True))
        column.addLayout(_row(self.back_up, self.restore))
        column.addWidget(self.says)
        at_work = QHBoxLayout(self._at_work)
        at_work.setContentsMargins(0, 0, 0, 0)
        at_work.addWidget(self.bar, 1)
        at_work.addWidget(self.stop)
        column.addWidget(self._at_work)
        column.addWidget(self.trouble)
        column.addLayout(_row(label("Back up when the window closes"), self.days))
        automatic = QVBoxLayout(self._automatic)
        automatic.setContentsMargins(0, 0, 0, 0)
        automatic.addLayout(_row(label("Keep the last"), self.keep))
        place = QHBoxLayout()
        place.addWidget(self.folder, 1)
        place.addWidget(self.choose)
        automatic.addLayout(place)
        column.addWidget(self._automatic)
        if self._backups.is_forbidden:
            for each in (self.back_up, self.days, self.keep, self.choose):
                lock(each)
            column.addWidget(locked_note(look))
        before = QVBoxLayout(self._before)
        before.setContentsMargins(0, 6, 0, 0)
        before.addWidget(self._was_here)
        before.addLayout(_row(self.bring_back, self.discard))
        column.addWidget(self._before)
        for days, says in _DAYS.items():
            self.days.addItem(says, days)
        for count in sorted({*_KEPT, self._plan.keep}):
            self.keep.addItem(str(count), count)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    def _show(self) -> None:
        backups = self._backups
        is_idle = not backups.doing
        may_create = backups.is_kept and not backups.is_forbidden
        self.back_up.setEnabled(is_idle and may_create)
        self.restore.setEnabled(is_idle)
        self._at_work.setVisible(not is_idle)
        self.bar.setMaximum(1000)
        self.bar.setValue(round(1000 * backups.progress.done / max(1, backups.progress.total)))
        self.says.setText(self._in_words())
        self.says.setVisible(bool(self.says.text()))
        if not is_idle:
            self._tell("")
        self._show_plan(may_create)
        self._before.setVisible(bool(backups.kept))
        if backups.kept:
            until = f"{backups.kept[0].since.astimezone():%Y-%m-%d %H:%M}"
            size = sum(each.size for each in backups.kept) / 1e6
            self._was_here.setText(f"What was here until {until} is kept ({size:,.1f} MB).")
        self.bring_back.setEnabled(is_idle)
        self.discard.setEnabled(is_idle)

    def _show_plan(self, may_create: bool) -> None:
        plan = self._plan
        with QSignalBlocker(self.days), QSignalBlocker(self.keep):
            days = plan.days if plan.is_wanted else 0
            if self.days.findData(days) < 0:
                self.days.addItem(f"Every {days} days", days)
            self.days.setCurrentIndex(self.days.findData(days))
            self.keep.setCurrentIndex(self.keep.findData(plan.keep))
        self.days.setEnabled(may_create)
        self.keep.setEnabled(may_create)
        self.choose.setEnabled(may_create)
        self.folder.setText(breakable(plan.folder))
        self._automatic.setVisible(plan.is_wanted)

    def _in_words(self) -> str:
        backups = self._backups
        if backups.doing:
            return f"{backups.doing}…"
        if backups.last:
            return _made(backups.last)
        return "" if backups.is_kept else "These chats live in memory alone."

    @property
    def _plan(self) -> BackupPlan:
        return self._settings.settings.backups

    def _change_plan(self, plan: BackupPlan) -> None:
        plan = replace(plan, trouble="")
        self._settings.change(replace(self._settings.settings, backups=plan))
        self._show()

    def _tell(self, sentence: str) -> None:
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))

    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Back up to",
            self._backups.suggested_name(),
            FILES,
            # What is there is never replaced, and a sentence says so.
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if path:
            self._backups.create(Path(path))

    def _ask_which(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Restore a backup", "", FILES)
        if path:
            self._backups.find(Path(path))

    def _ask_whether(self, found: Found) -> None:
        self.dialog = RestoreDialog(self._backups, found, self)
        self.dialog.rejected.connect(lambda: self._tell(""))
        self.dialog.open()

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Keep backups in", self._plan.folder)
        if folder:
            self.take_folder(Path(folder))

    def _ask_to_discard(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Remove for good")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText("Remove for good what was here before?")
        box.setInformativeText("It cannot be brought back any more then. What is here now stays.")
        remove = box.addButton("Remove", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep", QMessageBox.ButtonRole.RejectRole))
        remove.clicked.connect(self._backups.discard)
        box.open()

    def take_folder(self, folder: Path) -> None:
        """Keep automatic backups there; every week, if nothing else was said."""
        plan = self._plan
        self._change_plan(replace(plan, folder=str(folder), days=plan.days or 7))

    def _take_days(self, days: int) -> None:
        plan = self._plan
        self._change_plan(replace(plan, days=days))
        if days and not plan.folder:
            self._ask_folder()
            if not self._plan.folder:
                self._change_plan(replace(plan, days=0))

    def _take_keep(self, keep: int) -> None:
        self._change_plan(replace(self._plan, keep=keep))


def _made(backup: Backup) -> str:
    counts = ((backup.chats, "chat"), (backup.messages, "message"), (backup.documents, "document"))
    said = ", ".join(f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in counts)
    return f"Backed up, and restored on trial: {said}; {backup.size / 1e6:,.1f} MB."


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for each in widgets:
        row.addWidget(each)
    row.addStretch()
    return row
