"""Backups as the window makes and restores them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store.backup import SUFFIX, Backup, create, file_name, opened
from sottovoce.system.exchange import Kept, discard, kept, newest_kept, replace_at_next_start
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets, no_secrets
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

FILES = f"Backups (*{SUFFIX})"
"""What dialogs for files show, as Qt writes it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A backup that somebody wants to restore."""

    path: Path
    made: datetime
    is_ours: bool
    """Whether the key of the chats that are open opens it, too."""


@dataclass(frozen=True, slots=True)
class _Unpacked:
    """A backup lies ready to take the place of what is here."""


_News = Transferred | Backup | Found | _Unpacked | None


class BackupViewModel(QObject):
    """One thing is done at a time, in the background, also while no settings are open."""

    changed = Signal()
    found = Signal(object)
    """A backup, which is to be restored if the person says so."""
    restored = Signal()
    """The window has to begin anew: then what was restored is in the place of what there was."""
    failed = Signal(str)

    def __init__(
        self,
        profile: Profile,
        key: bytes,
        tasks: Tasks,
        secrets: Callable[[], Secrets | None] = no_secrets,
    ) -> None:
        """`key` is what the chats are kept under, empty if they are not kept."""
        super().__init__()
        self._profile = profile
        self._key = key
        self._tasks = tasks
        self._secrets = secrets
        self._stop: Stop | None = None
        self.doing = ""
        """What is under way, in words; empty if nothing is."""
        self.progress = Transferred(0, 1)
        self.last: Backup | None = None
        """The backup that was made last while this window was open."""
        self.kept: list[Kept] = []
        """What was replaced by something restored, and is still there; newest first."""

    @property
    def is_kept(self) -> bool:
        """Whether there is anything to back up."""
        return bool(self._key)

    @property
    def is_forbidden(self) -> bool:
        """Whether administrators have switched backups off."""
        return not self._profile.policy.export

    def suggested_name(self) -> str:
        """What a backup that is made now is called."""
        return file_name(datetime.now(UTC))

    def look(self) -> None:
        """See what is kept of the times before something was restored."""
        self._tasks.ask(lambda: kept(self._profile), self._take_kept)

    def create(self, path: Path) -> None:
        """Make a backup."""

        def work(stop: Stop) -> Iterator[Transferred | Backup]:
            return create(self._profile, self._key, path, stop)

        self.last = None
        self._begin("Backing up, and restoring it on trial", work)

    def find(self, path: Path) -> None:
        """Look at a backup: `found` tells what is seen without its key."""

        def work(_: Stop) -> Iterator[Found]:
            with opened(self._profile, path) as backup:
                yield Found(path, backup.made, bool(self._key) and backup.fits(self._key))

        self._begin("Looking at the backup", work)

    def restore(self, backup: Found, secret: str) -> None:
        """Restore a backup by its passphrase or recovery key, which its own chats need not."""

        def work(stop: Stop) -> Iterator[Transferred | _Unpacked]:
            with opened(self._profile, backup.path) as file:
                key = self._key if backup.is_ours else file.key(secret)
                for news in file.restore(key, stop):
                    if isinstance(news, Transferred):
                        yield news
                with file.handed_over() as folder:
                    replace_at_next_start(self._profile, folder)
            yield _Unpacked()

        self._begin("Restoring", work)

    def bring_back(self) -> None:
        """Let what was replaced last take its place again."""

        def work(_: Stop) -> Iterator[_Unpacked]:
            replace_at_next_start(self._profile, newest_kept(self._profile).folder)
            yield _Unpacked()

        self._begin("Bringing back", work)

    def discard(self) -> None:
        """Remove all that was replaced, for good."""

        def work(_: Stop) -> Iterator[None]:
            secrets = self._secrets()
            for each in kept(self._profile):
                discard(each, secrets)
            yield None

        self._begin("Removing", work)

    def stop(self) -> None:
        """Give up what is under way. It leaves nothing behind."""
        if self._stop is not None:
            self._stop.set()

    def _begin(self, doing: str, work: Callable[[Stop], Iterator[_News]]) -> None:
        if self._stop is not None:
            return
        self.doing, self.progress = doing, Transferred(0, 1)
        self._stop = self._tasks.start(work, news=self._take, failed=self._fail, ended=self._end)
        self.changed.emit()

    def _take(self, news: _News) -> None:
        match news:
            case Transferred():
                self.progress = news
                self.changed.emit()
            case Backup():
                self.last = news
            case Found():
                self.found.emit(news)
            case _Unpacked():
                self.restored.emit()

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
        self.failed.emit(trouble(error).sentence)

    def _end(self) -> None:
        self._stop, self.doing = None, ""
        self.look()
        self.changed.emit()

    def _take_kept(self, there: list[Kept]) -> None:
        self.kept = there
        self.changed.emit()
