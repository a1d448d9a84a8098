"""Small secrets in the care of the operating system's keyring."""

import base64
import sys
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Protocol, TypeVar

from sottovoce.domain.problems import Problem, Refused, Unreachable
from sottovoce.system.bus import has_session_bus

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

Result = TypeVar("Result")

_SERVICE = "Sottovoce"
_PATIENCE = 10.0
"""Seconds a keyring may take: it may ask the user, or hang."""


class Secrets(Protocol):
    """A place that keeps secrets by name. Each call may raise Refused or Unreachable."""

    def get(self, name: str) -> bytes | None: ...

    def set(self, name: str, value: bytes) -> None: ...

    def delete(self, name: str) -> None:
        """Remove a secret; nothing happens if it is not there."""


def no_secrets() -> Secrets | None:
    """Return None: where what is kept travels, the keyring of one machine is of no use."""
    return None


def keyring_secrets() -> Secrets | None:
    """Return the keyring of this operating system; None if there is none that can be used."""
    if sys.platform.startswith("linux") and not has_session_bus():
        return None
    try:
        return KeyringSecrets(_within(_PATIENCE, _platform_backend))
    except Problem:
        return None


class KeyringSecrets:
    """Secrets in a keyring, which holds text alone: bytes are kept in base64."""

    def __init__(self, backend: "KeyringBackend") -> None:
        self._backend = backend

    def get(self, name: str) -> bytes | None:
        def ask() -> bytes | None:
            kept = self._backend.get_password(_SERVICE, name)
            return None if kept is None else base64.b64decode(kept)

        return _within(_PATIENCE, ask)

    def set(self, name: str, value: bytes) -> None:
        text = base64.b64encode(value).decode()
        _within(_PATIENCE, lambda: self._backend.set_password(_SERVICE, name, text))

    def delete(self, name: str) -> None:
        if self.get(name) is not None:
            _within(_PATIENCE, lambda: self._backend.delete_password(_SERVICE, name))


def _platform_backend() -> "KeyringBackend":
    """Make the one backend we trust here: `keyring` itself might choose one in plain text."""
    # Imported late for start-up: a window that is protected by a passphrase never needs a keyring.
    if sys.platform == "win32":
        from keyring.backends.Windows import WinVaultKeyring

        vault = WinVaultKeyring()
        vault.persist = "local machine"  # Not carried to other machines of a domain.
        return vault
    if sys.platform == "darwin":
        from keyring.backends.macOS import Keyring as MacKeyring

        return MacKeyring()
    from keyring.backends.SecretService import Keyring as SecretService

    if not SecretService.viable:  # Neither running nor startable through D-Bus.
        raise Refused("This system has no keyring. Use a passphrase.")
    return SecretService()  # type: ignore[no-untyped-call] # keyring leaves it untyped.


def _within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return what `call` returns. Raises Unreachable if it takes longer, Refused if it fails.

    It starts a thread, which nothing else outside the window does: a call to another process's
    keyring cannot be interrupted, only left behind.
    """
    outcome: SimpleQueue[Result | Exception] = SimpleQueue()

    def run() -> None:
        try:
            outcome.put(call())
        except Exception as error:  # noqa: BLE001 - every backend fails in its own way; told below.
            outcome.put(error)

    Thread(target=run, daemon=True, name="keyring").start()
    try:
        result = outcome.get(timeout=seconds)
    except Empty:
        raise Unreachable("The system's keyring does not answer. Try again later.") from None
    if isinstance(result, Exception):
        raise Refused("The system's keyring is locked or refused. Unlock it.") from result
    return result
