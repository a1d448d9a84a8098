"""Installing an update: what it is, whose it is, and how far it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.minisign import PublicKey, is_fingerprint
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.bundle.update import Handed, Ready, Trying, Update, install, update_in
from sottovoce.system.application import Application
from sottovoce.system.paths import Profile
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_State = Update | PublicKey | Transferred | Trying | Ready | Handed | None


class UpdateViewModel(QObject):
    """One update, from its file to the next start."""

    changed = Signal()

    def __init__(
        self,
        path: Path,
        profile: Profile,
        tasks: Tasks,
        *,
        application: Application | None,
        publisher: Callable[[], PublicKey | None],
    ) -> None:
        """`publisher` reads who signs updates; it is asked off the screen's thread."""
        super().__init__()
        self._path = path
        self._profile = profile
        self._tasks = tasks
        self._application = application
        self._publisher = publisher
        self._stop: Stop | None = None
        self.trouble = ""
        """Why it is not installed; empty where nothing stands in its way."""
        self.update: Update | None = None
        """What is offered, once it is clear that it may be installed."""
        self.state: _State = None
        """How far it is: offered, signed by somebody unknown, on its way, or done."""

    @property
    def is_installing(self) -> bool:
        return isinstance(self.state, Transferred | Trying)

    def open(self) -> None:
        """See what the file carries."""

        def work(_: Stop) -> Iterator[Update | PublicKey]:
            bundle = open_bundle(self._path)
            try:
                yield update_in(bundle, self._profile, self._application, self._publisher())
            except UnknownSigner:
                yield bundle.signer

        self._tasks.start(work, news=self._take, failed=self._tell)

    def may_trust(self, fingerprint: str) -> bool:
        """Whether this is the fingerprint of the unknown signer."""
        return isinstance(self.state, PublicKey) and is_fingerprint(fingerprint, self.state)

    def trust(self, fingerprint: str) -> None:
        """Trust the signer, if the fingerprint is right, and go on."""
        key = self.state
        if not isinstance(key, PublicKey) or not is_fingerprint(fingerprint, key):
            return

        def go_on(_: None) -> None:
            self.open()

        self._tasks.ask(lambda: Signers(self._profile).trust(key), go_on, failed=self._tell)

    def install(self) -> None:
        """Get it ready, or hand it over."""
        update = self.update
        if update is None or self.is_installing:
            return

        def work(stop: Stop) -> Iterator[_State]:
            yield from install(update, self._profile, self._application, stop)

        self.trouble = ""
        self._take(Transferred(0, update.item.size))
        self._stop = self._tasks.start(work, news=self._take, failed=self._tell)

    def give_up(self) -> None:
        """Stop; nothing of it is left."""
        if self._stop is not None:
            self._stop.set()

    def _take(self, news: _State) -> None:
        self.state = news
        if isinstance(news, Update):
            self.update = news
        self.changed.emit()

    def _tell(self, error: Exception) -> None:
        self.trouble = trouble(error).sentence
        self.state = self.update
        self.changed.emit()
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
