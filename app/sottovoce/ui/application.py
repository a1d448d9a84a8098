"""The application with a window: from its start to its end."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLockFile, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Problem
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine
from sottovoce.models.remote import Remote
from sottovoce.system.appearance import read_appearance, write_appearance
from sottovoce.system.audit import Audit, Event
from sottovoce.system.exchange import finish_replacing
from sottovoce.system.forgetting import finish_forgetting
from sottovoce.system.logs import describe
from sottovoce.system.paths import Profile
from sottovoce.system.renewal import Start
from sottovoce.system.restart import RESTART
from sottovoce.ui.classification import classification
from sottovoce.ui.lock.input import Input
from sottovoce.ui.signals import closed_by_signals
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.theme.fonts import body_font, fonts_listed_in, load_fonts
from sottovoce.ui.theme.icons import application_icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.unlock.pages import Outline, UnlockPages
from sottovoce.ui.unlock.view_model import Opened, Step, UnlockViewModel
from sottovoce.ui.window import Window

if TYPE_CHECKING:
    # Late, for start-up: what the first frame does not need is imported when it is on screen.
    from sottovoce.system.secrets import Secrets
    from sottovoce.ui.backup.restoring import Restoring
    from sottovoce.ui.lock.rest import Rest
    from sottovoce.ui.models.downloads_view_model import DownloadsViewModel
    from sottovoce.ui.shell import Shell

log = logging.getLogger(__name__)

_PATIENCE = 4.0
"""Seconds to end in order before the window is locked all the same: before a computer goes to
sleep, there are five."""
_REST_MILLISECONDS = 1000
_TRIED_MILLISECONDS = 3000
"""That a new version shows the chats, before the old one is removed."""
_ON_THE_WAY = {Step.OPENING, Step.CHANGING_KEY}
"""Nobody is asked then, and the chats open by themselves."""
_ALREADY_OPEN = "Sottovoce is already open with these chats. Please use its window."


@dataclass(frozen=True, slots=True)
class WindowParts:
    """What launch hands to the window."""

    profile: Profile
    engine: Engine
    secrets: Callable[[], Secrets | None]
    """The keyring of this computer, None if there is none."""
    remote: Remote
    """The hub, as far as the network switch lets anybody get there."""
    passphrase: str | None = None
    """What the user gave along with the start."""
    open_model: Path | None = None
    """A model file to begin with."""
    unlocked: Callable[[bytes], None] = lambda key: None
    """Is told the key of what is kept, once it is known."""
    is_locked: bool = False
    """Whether the window has locked itself: it opens nothing before it is asked to."""
    restart: Callable[[], object] = lambda: None
    """Replaces this process by one with a locked window, at once. Any thread may call."""
    start: Start = field(default_factory=Start)
    """What is known of an update."""

    @property
    def policy(self) -> Policy:
        """What administrators decided."""
        return self.profile.policy


class Application(QApplication):
    """Hears which files are opened with Sottovoce while it runs. Only macOS tells that so."""

    file_asked = Signal(Path)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self.file_asked.emit(Path(event.file()))
            return True
        return super().event(event)


def run(parts: WindowParts) -> int:
    """Open the window and return the exit code when it has closed."""
    with fonts_listed_in(parts.profile.cache):
        application = Application(["sottovoce"])
        load_fonts()
    application.setApplicationName("Sottovoce")
    application.setDesktopFileName("app.sottovoce.Sottovoce")  # By this, Wayland finds the icon.
    if sys.platform != "darwin":  # There it would replace the bundle's, which fits the Dock.
        application.setWindowIcon(application_icon())
    application.setStyle("Fusion")
    application.setFont(body_font(14))
    # Qt's file dialogs write in plain which folders were opened. On Linux alone this keeps them
    # from it: elsewhere the system has dialogs, and a place for settings, of its own.
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, os.devnull)
    look = Look(application, read_appearance(parts.profile.appearance).scheme)
    lock = QLockFile(str(parts.profile.lock))
    lock.setStaleLockTime(0)  # Age proves nothing: only the end of its owner frees it.
    with ExitStack() as closing:
        closing.enter_context(closed_by_signals(application))
        if not lock.tryLock(0):
            tell_before_start(_ALREADY_OPEN).exec()
            return 1
        closing.callback(lock.unlock)
        try:
            finish_forgetting(parts.profile, parts.secrets)
            finish_replacing(parts.profile)
        except Problem as problem:
            tell_before_start(str(problem)).exec()
            return 1
        look.choose(read_appearance(parts.profile.appearance).scheme)  # Perhaps a restored one.
        session = Session(parts, look)
        closing.callback(session.close)
        sys.excepthook = session.tell_bug
        application.file_asked.connect(lambda path: session.open_file(path))
        session.start()
        return application.exec()


def show_problem(sentence: str) -> None:
    """Say why there is no window to somebody who did not start it from a terminal."""
    application = QApplication.instance() or QApplication(["sottovoce"])
    assert isinstance(application, QApplication)
    load_fonts()
    application.setFont(body_font(14))
    tell_before_start(sentence).exec()


def tell_before_start(sentence: str) -> QMessageBox:
    """A box that says why there is no window."""
    box = QMessageBox(
        QMessageBox.Icon.Information, "Sottovoce", sentence, QMessageBox.StandardButton.Ok
    )
    box.setTextFormat(Qt.TextFormat.PlainText)
    return box


class Session:
    """The window and what stands behind it, from the first frame to the last word kept."""

    def __init__(self, parts: WindowParts, look: Look) -> None:
        self._parts = parts
        self._look = look
        self._appearance = read_appearance(parts.profile.appearance)
        self._told_bug = False
        self._opened: Opened | None = None
        self._is_locking = False
        self._restoring: Restoring | None = None
        self._input: Input | None = None
        self._rest: Rest | None = None
        self._was_stuck = self._is_temporary = False
        """Whether the chats could not be opened, and others took their place for a while."""
        self._has_rested = False
        """Whether screen or computer rested while the chats were being opened."""
        self._downloads: DownloadsViewModel | None = None
        """What goes on while the window is locked."""
        self.tasks = Tasks()
        self.tasks.crashed.connect(self._note_crash)
        self.window = Window(self._appearance, look)
        self.window.closing.connect(self._keep_appearance)
        if parts.policy.banner:
            self.window.setMenuWidget(classification(parts.policy.banner))
        self.unlock = UnlockViewModel(
            parts.profile,
            self.tasks,
            secrets=parts.secrets,
            passphrase=parts.passphrase,
            is_locked=parts.is_locked,
        )
        self.unlock.opened.connect(self._open_shell)
        self.unlock.changed.connect(lambda: self._note_step())
        self.unlock.restore_asked.connect(self._restore)
        self.pages = UnlockPages(self.unlock, look, self._sidebar_width)
        self.shell: Shell | None = None
        self.window.setCentralWidget(self.pages)

    def start(self) -> None:
        """Show the window, then go for the chats."""
        self.window.show()
        # After the first frame: whatever unlocking costs, the window is there before it.
        QTimer.singleShot(0, self.unlock.start)
        # No bound method: Qt for Python keeps what it is bound to only where that is a QObject, and
        # crashes where it is gone.
        QTimer.singleShot(_REST_MILLISECONDS, self.window, lambda: self._listen_for_rest())
        if self._parts.is_locked and self._appearance.downloads:
            QTimer.singleShot(0, self._go_on_downloading)

    def open_file(self, path: Path) -> None:
        """Open a model or a bundle: at once, or when the chats are opened."""
        if self.shell is None:
            self._parts = replace(self._parts, open_model=path)
        else:
            self.shell.open_file(path)

    def _go_on_downloading(self) -> None:
        """Do what needs no chats, and would take all night if it waited for somebody to unlock."""
        # Late, for start-up: only a locked window has use for it before the shell.
        from sottovoce.models.downloads import Downloads
        from sottovoce.ui.models.downloads_view_model import DownloadsViewModel
        from sottovoce.ui.network.view_model import NetworkViewModel

        profile = self._parts.profile
        network = NetworkViewModel(profile, self.tasks)
        if self._appearance.switches_off:
            network.note_rest_wanted()
        queue = Downloads(profile, self._parts.remote)
        self._downloads = DownloadsViewModel(queue, self.tasks, network)
        self._downloads.go_on(self._appearance.downloads)

    def lock(self) -> None:
        """Cover what is on screen, end in order, and leave it to a fresh process to unlock.

        What a program was shown, it cannot forget; only its end makes sure of that.
        """
        if self._is_locking or self.shell is None:
            return
        self._is_locking = True
        last = threading.Timer(_PATIENCE, self._lock_at_once)
        last.daemon = True
        last.start()
        for window in QApplication.topLevelWidgets():
            if window is not self.window and window.isVisible():
                window.close()
        self.tasks.ask(lambda: Audit(self._parts.profile).note(Event.LOCKED))
        self.shell.note_locking()
        self._keep_appearance()
        self.shell.hide()
        self.window.takeCentralWidget()
        self.window.setCentralWidget(Outline(self._look, self._sidebar_width))
        self.window.repaint()
        QApplication.exit(RESTART)

    def _lock_at_once(self) -> None:
        """Without an end in order: a disk, or the system, does not answer. What is kept is safe."""
        self._parts.profile.lock.unlink(missing_ok=True)
        self._parts.restart()

    def close(self) -> None:
        """Stop what is under way, keep every word, and let go of the chats."""
        if self.shell is not None:
            self.shell.close_down()
        elif self._downloads is not None:
            self._downloads.network.rest()
        self.tasks.close()
        if self.shell is not None:
            self.shell.temporary_library.close()
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.library.close()
            if self.shell is not None and not self._is_locking:
                self._back_up(opened, self.shell.settings.settings)
            opened.store.close()
        if self._works:
            self._parts.start.succeeded()

    def _restore(self) -> None:
        """Let a backup take the place of what cannot be opened, or is not there yet."""
        # Late, for start-up: few need it.
        from sottovoce.ui.backup.restoring import Restoring

        if self._restoring is None:
            self._restoring = Restoring(
                self._parts.profile,
                self.tasks,
                self.window,
                failed=lambda sentence: tell_before_start(sentence).exec(),
                restored=lambda: QApplication.exit(RESTART),
            )
        self._restoring.ask_which()

    def _back_up(self, opened: Opened, settings: Settings) -> None:
        """Make the backup that is due, if one is; what stands in its way is told at next start."""
        if not opened.key or not settings.backups.is_wanted:
            return
        # Late, for start-up: nobody needs it before the end.
        from sottovoce.store.backup_plan import back_up_if_due

        trouble = ""
        try:
            for _ in back_up_if_due(self._parts.profile, opened.key, settings.backups, Stop()):
                pass
        except Problem as problem:
            trouble = str(problem)
        if trouble != settings.backups.trouble:
            plan = replace(settings.backups, trouble=trouble)
            opened.store.keep_settings(replace(settings, backups=plan))

    def tell_bug(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Log an error nobody expected, without words of the user, and tell it once."""
        log.error(describe(error.with_traceback(trace)))
        if self.shell is None and self._opened is not None:
            self._give_up_shell(error)
        elif self.shell is not None and not self._told_bug:
            self._told_bug = True
            self.shell.notice.tell(
                "Something went wrong inside Sottovoce. Your chats are kept; if the window behaves "
                "oddly, close it and open it again.",
                kind="danger",
            )

    def _give_up_shell(self, error: BaseException) -> None:
        """The chats are open, but their window cannot be built: close them, and say so."""
        assert self._opened is not None
        self._opened.library.close()
        self._opened.store.close()
        self._opened = None
        self.unlock.stick(error)

    def _note_crash(self, error: Exception) -> None:
        if isinstance(error, Problem) and self.shell is not None:
            # A Problem nobody waited for, such as a full disk while a draft was kept.
            self.shell.notice.tell(str(error), kind="warning")
            return
        self.tell_bug(type(error), error, error.__traceback__)

    def _open_shell(self, opened: Opened) -> None:
        # Late, for start-up: the chat's window costs as much as all before it.
        from sottovoce.ui.shell import Shell

        self._opened, self._is_temporary = opened, opened.is_temporary
        if opened.key:
            self.tasks.ask(lambda: self._parts.unlocked(opened.key))
        self.shell = Shell(
            opened,
            self._parts.engine,
            self.tasks,
            profile=self._parts.profile,
            remote=self._parts.remote,
            secrets=self._parts.secrets,
            look=self._look,
            appearance=self._appearance,
            downloads=self._downloads,
        )
        self.window.setCentralWidget(self.shell)
        self.window.may_close = self.shell.may_close
        self.shell.start(interrupted=opened.interrupted, model=self._parts.open_model)
        if note := opened.note or self._parts.start.note:
            self.shell.toast.tell(note)
        # After some frames: a version that ends before them does not work.
        QTimer.singleShot(_TRIED_MILLISECONDS, self.window, lambda: self._note_success())
        self.shell.lock.due.connect(self.lock)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._input = Input(application, self.shell.lock.note_input)
        if self._has_rested:
            self.shell.lock.note_rest()

    def _note_success(self) -> None:
        def work(_: Stop) -> Iterator[None]:
            self._parts.start.succeeded()
            yield None

        if self._works:
            self.tasks.start(work)

    @property
    def _works(self) -> bool:
        """Whether chats were opened, or what opens them was asked for: no fault of this version."""
        if self.shell is None:
            return self.unlock.step not in {*_ON_THE_WAY, Step.STUCK}
        return not (self._was_stuck and self._is_temporary)

    def _listen_for_rest(self) -> None:
        # Late, for start-up: it loads a library, and nobody locks a screen in the first second.
        from sottovoce.ui.lock.rest import Rest

        if not self._is_locking:
            self._rest = Rest(self.window, self.note_rest)

    def note_rest(self) -> None:
        """The screen is locked, or the computer goes to sleep."""
        if self.shell is not None:
            self.shell.lock.note_rest()
        elif self.unlock.step is Step.CHOOSE_ANEW:
            QApplication.exit(RESTART)  # The recovery key was right: the key is in memory.
        else:
            self._has_rested = self.unlock.step in _ON_THE_WAY

    def _note_step(self) -> None:
        self._was_stuck |= self.unlock.step is Step.STUCK
        if self.unlock.step not in _ON_THE_WAY:
            self._has_rested = False  # Somebody is asked, and will be there to answer.

    @property
    def _sidebar_width(self) -> int:
        """Pixels; 0 while it is hidden."""
        return self._appearance.sidebar_width if self._appearance.sidebar_shown else 0

    def _keep_appearance(self) -> None:
        appearance = self.window.appearance()
        if self.shell is not None:
            appearance = replace(
                appearance,
                sidebar_width=self.shell.sidebar_width,
                sidebar_shown=self.shell.is_sidebar_shown,
                viewer_width=self.shell.viewer_width,
                models_tab=self.shell.models_tab,
                collection=self.shell.collections.chosen_number,
                documents_order=self.shell.documents_order,
                downloads=self.shell.downloads.wanted if self._is_locking else (),
                switches_off=self._is_locking and self.shell.network.is_to_rest,
            )
        try:
            write_appearance(self._parts.profile.appearance, appearance)
        except Problem as problem:
            log.warning(describe(problem))
