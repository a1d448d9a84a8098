"""What a command works with, and how it gets at the chats."""

import getpass
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass

from sottovoce.chat.attached import forget_orphans
from sottovoce.chat.retention import remove_expired
from sottovoce.cli.terminal import tell
from sottovoce.domain.policy import PASSPHRASE_WANTED, Policy
from sottovoce.domain.problems import Cancelled, Missing, Refused
from sottovoce.engine.engine import Engine
from sottovoce.library.library import Library
from sottovoce.models.remote import Remote
from sottovoce.store.store import Store, open_store
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.system.slots import Protection
from sottovoce.system.vault import Vault, vault_of

_THREE_WAYS = (
    "Unlock the keyring of your computer, set SOTTOVOCE_PASSPHRASE, "
    "or name a file with --passphrase-file."
)

_TEMPORARY = "This chat is temporary and not kept: there is neither a keyring nor a passphrase."


@dataclass(frozen=True, slots=True)
class Parts:
    """What launch hands to a command."""

    profile: Profile
    engine: Engine
    secrets: Callable[[], Secrets | None]
    """The keyring of this computer, None if there is none."""
    passphrase: str | None
    """What the user gave along with the command."""
    remote: Remote
    """The hub, as far as the network switch lets anybody get there."""

    unlocked: Callable[[bytes], None] = lambda key: None
    """Is told the key of what is kept, once it is known."""

    @property
    def policy(self) -> Policy:
        """What administrators decided."""
        return self.profile.policy


@contextmanager
def opened(parts: Parts) -> Iterator[tuple[Store, Callable[[], AbstractContextManager[Library]]]]:
    """The chats that are kept, and what opens the documents, which takes a moment, if need be.

    Raises Refused where nothing gives the key.
    """
    key = _key(parts)
    if key is None:
        raise Refused(f"Your chats cannot be kept without a key. {_THREE_WAYS}")
    with open_store(parts.profile.database, key) as store:
        _tidy(parts, store, key)
        yield store, lambda: closing(_library(parts, key))


@contextmanager
def opened_or_temporary(parts: Parts, *, temporary: bool) -> Iterator[Store]:
    """The chats that are kept, or an empty place in memory where nothing gives the key."""
    key = None if temporary else _key(parts)
    if key is not None:
        with open_store(parts.profile.database, key) as store:
            _tidy(parts, store, key)
            yield store
        return
    parts.policy.check_temporary()
    if not temporary:
        tell(_TEMPORARY)
    with open_store(None, b"") as store:
        yield store


@contextmanager
def opened_library(parts: Parts) -> Iterator[Library]:
    """The documents that are kept. Raises Refused where nothing gives the key."""
    key = _key(parts)
    if key is None:
        raise Refused(f"Your documents cannot be kept without a key. {_THREE_WAYS}")
    with closing(_library(parts, key)) as library:
        yield library


@contextmanager
def opened_with_library(parts: Parts, *, temporary: bool) -> Iterator[tuple[Store, Library]]:
    """The chats, as opened_or_temporary has them, and the documents that are kept.

    Where nothing gives the key, both live in memory.
    """
    key = _key(parts)
    if key is None or temporary:
        parts.policy.check_temporary()
    if key is None and not temporary:
        tell(_TEMPORARY)
    path = parts.profile.database if key and not temporary else None
    with open_store(path, key or b"") as store, closing(_library(parts, key)) as library:
        store.recover()
        if path and remove_expired(store, parts.profile):
            forget_orphans(store, library)
        yield store, library


@contextmanager
def temporary_with_library(parts: Parts) -> Iterator[tuple[Store, Library]]:
    """An empty place in memory for a chat and its documents."""
    parts.policy.check_temporary()
    with open_store(None, b"") as store, closing(_library(parts, None)) as library:
        yield store, library


def kept_key(parts: Parts) -> bytes:
    """The key of what is kept. Raises Missing if nothing is, Refused where nothing gives it."""
    if not vault_of(parts.profile).exists:
        raise Missing("Nothing is kept here yet.")
    key = _found_key(parts)
    if key is None:
        raise Refused(f"Your chats cannot be read without a key. {_THREE_WAYS}")
    parts.unlocked(key)
    return key


def _tidy(parts: Parts, store: Store, key: bytes) -> None:
    """Find what a crash left, and let go of what is kept for too long."""
    store.recover()
    if remove_expired(store, parts.profile) and parts.profile.documents.exists():
        with closing(_library(parts, key)) as library:
            forget_orphans(store, library)


def _library(parts: Parts, key: bytes | None) -> Library:
    # Late, for start-up: it takes numpy along.
    from sottovoce.library.opening import open_library

    return open_library(parts.profile, key)


def _key(parts: Parts) -> bytes | None:
    """The key, where the policy is content with what protects it. Raises Refused where not."""
    key = _found_key(parts)
    if key is None:
        return None
    if parts.policy.needs_passphrase:
        protections = vault_of(parts.profile).protections
        if Protection.PASSPHRASE not in protections:
            raise Refused(f"{PASSPHRASE_WANTED} Type: sottovoce protect passphrase")
    parts.unlocked(key)
    return key


def _found_key(parts: Parts) -> bytes | None:
    # Looked at before the vault: another process that begins this profile makes them after it.
    has_chats = parts.profile.database.exists() or parts.profile.documents.exists()
    vault = vault_of(parts.profile)
    if not vault.exists:
        if has_chats:
            raise Missing(
                "What you kept is here, but the vault with its key is not. "
                "Restore it from a backup."
            )
        secrets = None if parts.policy.needs_passphrase else parts.secrets()
        if secrets is None and parts.passphrase is None:
            if parts.policy.needs_passphrase:
                raise Refused(
                    f"{PASSPHRASE_WANTED} Set SOTTOVOCE_PASSPHRASE, or name a file with "
                    "--passphrase-file."
                )
            return None
        try:
            return vault.create(secrets=secrets, passphrase=parts.passphrase)
        except Refused:
            if not vault.exists:
                raise
            # Another process made it in the same moment: it is opened like any other.
    protections = vault.protections
    if parts.passphrase is not None and Protection.PASSPHRASE in protections:
        return opened_by_passphrase(vault, parts.passphrase)
    if Protection.KEYRING in protections and (secrets := parts.secrets()) is not None:
        return vault.open_with_keyring(secrets)
    if Protection.PASSPHRASE in protections and sys.stdin.isatty():
        return opened_by_passphrase(vault, typed_passphrase())
    return None


def opened_by_passphrase(vault: Vault, passphrase: str) -> bytes:
    """The key, once the pause is over that wrong passphrases have made. Raises Problem."""
    if pause := vault.pause:
        tell(f"Wrong passphrases were typed: it is tried in {pause + 0.5:.0f} s.")
        time.sleep(pause)
    return vault.open_with_passphrase(passphrase)


def typed_passphrase(prompt: str = "Passphrase: ") -> str:
    """What the person types, unseen. Raises Cancelled or Refused."""
    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except EOFError:
        raise Cancelled from None
    except UnicodeDecodeError as error:
        raise Refused("The passphrase is not right.") from error
