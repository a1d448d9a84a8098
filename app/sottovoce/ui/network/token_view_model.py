"""The access token for the hub: whether one is kept, and how to keep or forget it."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.system.network.token import HubToken
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class TokenViewModel(QObject):
    """Never hands the token out: what can be asked is whether it is there."""

    changed = Signal()
    kept = Signal()
    """A new one is in the keyring."""
    failed = Signal(object)
    """A Trouble with the token or with the keyring."""

    def __init__(self, token: HubToken, network: NetworkViewModel, tasks: Tasks) -> None:
        super().__init__()
        self._token = token
        self._network = network
        self._tasks = tasks
        self._is_there: bool | None = None

    @property
    def is_there(self) -> bool | None:
        """Whether a token is kept for the hub that is asked; None while that is not known."""
        return self._is_there

    @property
    def host(self) -> str:
        """Whom the token is for."""
        return self._network.host

    def look(self) -> None:
        """Ask the keyring, which may take long, or ask the person to unlock it."""

        def work(_: Stop) -> Iterator[bool]:
            yield self._token.get() is not None

        self._tasks.start(work, news=self._take, failed=self._tell)

    def keep(self, token: str) -> None:
        """Keep it in the keyring, in place of the one before."""

        def work(_: Stop) -> Iterator[bool]:
            self._token.keep(token)
            yield True

        def take(is_there: bool) -> None:
            self._take(is_there)
            self.kept.emit()

        self._tasks.start(work, news=take, failed=self._tell)

    def forget(self) -> None:
        """Remove it from the keyring."""

        def work(_: Stop) -> Iterator[bool]:
            self._token.forget()
            yield False

        self._tasks.start(work, news=self._take, failed=self._tell)

    def _take(self, is_there: bool) -> None:
        self._is_there = is_there
        self.changed.emit()

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
