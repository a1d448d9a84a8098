"""What protects the chats, as it is now."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.system.slots import Protection
from sottovoce.system.vault import Vault
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class ProtectionViewModel(QObject):
    """Holds no key: whoever changes something proves anew that the chats are theirs."""

    changed = Signal()
    failed = Signal(object)
    """A Trouble with the vault or with the keyring."""

    def __init__(
        self, profile: Profile, tasks: Tasks, secrets: Callable[[], Secrets | None]
    ) -> None:
        super().__init__()
        self._vault = Vault(profile.vault)
        self._tasks = tasks
        self._secrets = secrets
        self._protections: frozenset[Protection] | None = None

    @property
    def protections(self) -> frozenset[Protection] | None:
        """What opens the chats; None while that is not known, nothing if they are not kept."""
        return self._protections

    def look(self) -> None:
        """Ask the vault."""
        self._tasks.ask(lambda: self._vault.protections, self._take, failed=self._fail)

    def _take(self, protections: frozenset[Protection]) -> None:
        self._protections = protections
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
