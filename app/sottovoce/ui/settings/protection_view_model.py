"""What opens the chats, and how that is changed."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem, Refused
from sottovoce.system.files import write_private
from sottovoce.system.forgetting import forget_at_next_start
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import new_recovery_key
from sottovoce.system.secrets import Secrets
from sottovoce.system.slots import Protection
from sottovoce.system.vault import vault_of
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class ProtectionViewModel(QObject):
    """Holds no key: whoever changes something proves anew that the chats are theirs.

    Where the keyring opens the chats, it is the proof; else the passphrase is.
    """

    changed = Signal()
    done = Signal(str)
    """Something was changed; a sentence that says what."""
    failed = Signal(object)
    """A Trouble with the vault, the keyring, or what was typed."""

    def __init__(
        self,
        profile: Profile,
        tasks: Tasks,
        secrets: Callable[[], Secrets | None],
        begin_anew: Callable[[], object],
    ) -> None:
        """`begin_anew` ends the window in order and starts a locked one in its place."""
        super().__init__()
        self._profile = profile
        self._vault = vault_of(profile)
        self._tasks = tasks
        self._secrets = secrets
        self._begin_anew = begin_anew
        self._protections: frozenset[Protection] | None = None

    @property
    def protections(self) -> frozenset[Protection] | None:
        """What opens the chats; None while that is not known, nothing if they are not kept."""
        return self._protections

    @property
    def asks_for_passphrase(self) -> bool:
        """Whether the passphrase has to be typed for a change."""
        return Protection.KEYRING not in (self._protections or ())

    @property
    def needs_passphrase(self) -> bool:
        """Whether an administrator wants one."""
        return self._profile.policy.needs_passphrase

    def look(self) -> None:
        """Ask the vault."""
        self._tasks.ask(lambda: self._vault.protections, self._take, failed=self._fail)

    def set_passphrase(self, text: str, proof: str) -> None:
        """Let a passphrase open the chats, in place of the one before."""
        self._change(
            lambda: self._vault.add_passphrase(self._key(proof), text),
            "The new passphrase opens your chats from now on.",
        )

    def add_keyring(self, proof: str) -> None:
        """Let the keyring open the chats, too."""

        def add() -> None:
            self._vault.add_keyring(self._key(proof), self._keyring())

        self._change(add, "This computer’s keyring opens your chats from now on.")

    def use_recovery_key(self, text: str, proof: str) -> None:
        """Let a recovery key open the chats, in place of the one before."""
        self._change(
            lambda: self._vault.add_recovery_key(self._key(proof), text),
            "The recovery key opens your chats from now on. Keep it in a safe place.",
        )

    def remove(self, protection: Protection, proof: str) -> None:
        """Let something open the chats no more."""

        def remove() -> None:
            self._key(proof)
            self._vault.remove(protection, self._secrets())

        self._change(remove, "It opens your chats no more.")

    def change_key(self) -> None:
        """Have the window begin anew and encrypt everything under another key."""
        try:
            write_private(self._profile.key_wish, b"")
        except Problem as problem:
            self._fail(problem)
            return
        self._begin_anew()

    def forget(self) -> None:
        """Have the window begin anew with nothing of what was kept. There is no way back."""
        try:
            forget_at_next_start(self._profile)
        except Problem as problem:
            self._fail(problem)
            return
        self._begin_anew()

    @staticmethod
    def new_recovery_key() -> str:
        """Return one that opens nothing yet."""
        return new_recovery_key()

    def _key(self, proof: str) -> bytes:
        if self.asks_for_passphrase:
            return self._vault.open_with_passphrase(proof)
        return self._vault.open_with_keyring(self._keyring())

    def _keyring(self) -> Secrets:
        secrets = self._secrets()
        if secrets is None:
            raise Refused("There is no keyring that answers. Unlock it and try again.")
        return secrets

    def _change(self, change: Callable[[], None], says: str) -> None:
        def ask() -> frozenset[Protection]:
            change()
            return self._vault.protections

        def take(protections: frozenset[Protection]) -> None:
            self._take(protections)
            self.done.emit(says)

        self._tasks.ask(ask, take, failed=self._fail)

    def _take(self, protections: frozenset[Protection]) -> None:
        self._protections = protections
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
