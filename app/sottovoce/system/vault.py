"""The key of the database, wrapped so that only a keyring or a passphrase gives it back."""

import hashlib
import secrets as random
import unicodedata
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from sottovoce.domain.problems import Damaged, Missing, Problem, Refused
from sottovoce.system.files import make_private_folder, write_private
from sottovoce.system.secrets import Secrets

KEY_SIZE = 48
"""Bytes: SQLCipher's key of 32 and its salt of 16."""

_DAMAGED = "The file that guards your chats is damaged. Restore it from a backup."
_UNREADABLE = "Sottovoce may not read what guards your chats. Change its permissions."


class Protection(StrEnum):
    """What opens a vault."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind, not a passphrase.


class _Wrapped(msgspec.Struct, frozen=True):
    """The data key under AES-256-GCM, bound to its vault and its kind of slot."""

    nonce: bytes
    ciphertext: bytes


class _KeyringSlot(msgspec.Struct, frozen=True, tag="keyring"):
    key: _Wrapped


class _PassphraseSlot(msgspec.Struct, frozen=True, tag="passphrase"):
    """Argon2id by the second recommendation of RFC 9106: 64 MiB, three passes, four lanes."""

    key: _Wrapped
    salt: bytes
    # What a forged file may ask for is limited, lest it ask for all memory or for ever.
    memory: Annotated[int, msgspec.Meta(ge=8 * 1024, le=1024 * 1024)] = 64 * 1024
    passes: Annotated[int, msgspec.Meta(ge=1, le=16)] = 3
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4


class _Contents(msgspec.Struct, frozen=True):
    id: str
    slots: tuple[_KeyringSlot | _PassphraseSlot, ...]
    version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1


class _File(msgspec.Struct, frozen=True):
    contents: msgspec.Raw
    sha256: str
    """Of the contents as they stand: tells a damaged file from a wrong passphrase."""


class Vault:
    """A folder with two copies of one small file; neither is of use without what protects it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies = (folder / "vault.json", folder / "vault-copy.json")

    @property
    def exists(self) -> bool:
        """Whether there is a vault, be it damaged. Raises Refused if nobody may look."""
        try:
            return any(copy.exists() for copy in self._copies)
        except OSError as error:
            raise Refused(_UNREADABLE) from error

    @property
    def protections(self) -> frozenset[Protection]:
        """What can open it; nothing if it does not exist. Raises Damaged."""
        if not self.exists:
            return frozenset()
        return frozenset(_protection(slot) for slot in self._read().slots)

    def create(self, *, secrets: Secrets | None, passphrase: str | None) -> bytes:
        """Make the vault with at least one protection, and return its new key.

        Raises Refused if there is one already, be it made by another process in this very moment,
        or if the keyring does not keep what it is given; NoRoom.
        """
        assert secrets is not None or passphrase is not None
        if self.exists:
            raise Refused("Your chats are protected already. Open them with what protects them.")
        key = random.token_bytes(KEY_SIZE)
        contents = _Contents(id=random.token_hex(16), slots=())
        if secrets is not None:
            contents = _with_slot(contents, _keyring_slot(contents.id, key, secrets))
        if passphrase is not None:
            contents = _with_slot(contents, _passphrase_slot(contents.id, key, passphrase))
        try:
            make_private_folder(self._folder, {c.name: _encoded(contents) for c in self._copies})
        except Problem:
            if secrets is not None:  # It would never be asked for.
                with suppress(Problem):
                    secrets.delete(_secret_name(contents.id))
            raise
        return key

    def open_with_keyring(self, secrets: Secrets) -> bytes:
        """Return the key. Raises Missing if the keyring has nothing for it, Refused, Damaged."""
        contents = self._read()
        slot = next((slot for slot in contents.slots if isinstance(slot, _KeyringSlot)), None)
        if slot is None:
            raise Missing("Your chats are not protected by the keyring. Type the passphrase.")
        wrapping_key = secrets.get(_secret_name(contents.id))
        if wrapping_key is None:
            raise Missing(f"The keyring lost the key to your chats. {_way_out(contents)}")
        key = _unwrap(slot.key, wrapping_key, contents.id, Protection.KEYRING)
        if key is None:
            raise Refused(f"The keyring holds another key than your chats'. {_way_out(contents)}")
        self._mend()
        return key

    def open_with_passphrase(self, text: str) -> bytes:
        """Return the key, after a tenth of a second or more. Raises Refused, Missing, Damaged."""
        contents = self._read()
        slot = next((slot for slot in contents.slots if isinstance(slot, _PassphraseSlot)), None)
        if slot is None:
            raise Missing("Your chats have no passphrase. Open them where their keyring is.")
        wrapping_key = _derive(text, slot.salt, slot.memory, slot.passes, slot.lanes)
        key = _unwrap(slot.key, wrapping_key, contents.id, Protection.PASSPHRASE)
        if key is None:
            raise Refused("The passphrase is not right.")
        self._mend()
        return key

    def add_passphrase(self, key: bytes, text: str) -> None:
        """Let a passphrase open the vault, in place of the one before."""
        contents = self._read()
        self._write(_with_slot(contents, _passphrase_slot(contents.id, key, text)))

    def add_keyring(self, key: bytes, secrets: Secrets) -> None:
        """Let the keyring open the vault, in place of the one before. Raises Refused."""
        contents = self._read()
        self._write(_with_slot(contents, _keyring_slot(contents.id, key, secrets)))

    def portable(self) -> bytes:
        """Return the vault as one file that opens elsewhere, too: without this machine's keyring.

        Raises Missing if nothing else would open it.
        """
        contents = self._read()
        slots = tuple(slot for slot in contents.slots if not isinstance(slot, _KeyringSlot))
        if not slots:
            raise Missing(
                "Only the keyring of this computer opens your chats, and a backup must open "
                "elsewhere. Set a passphrase first."
            )
        return _encoded(msgspec.structs.replace(contents, slots=slots))

    def settle(self, portable: bytes) -> None:
        """Make this vault out of what `portable` returned. Raises Refused if there is one already.

        Raises Damaged if it is no vault, and NoRoom.
        """
        _decoded(portable)
        make_private_folder(self._folder, {copy.name: portable for copy in self._copies})

    def _read(self) -> _Contents:
        return self._whole()[1]

    def _whole(self) -> tuple[bytes, _Contents]:
        """A copy that is well, as it stands in its file and what it says."""
        is_unreadable = False
        for copy in self._copies:
            try:
                content = copy.read_bytes()
                return content, _decoded(content)
            except PermissionError:
                is_unreadable = True
            except (OSError, Damaged):
                continue  # The other copy may be well.
        if is_unreadable:
            raise Refused(_UNREADABLE)
        raise Damaged(_DAMAGED)

    def _mend(self) -> None:
        """Write a copy that is missing or damaged anew, from the one that has opened the vault."""
        for copy in self._copies:
            with suppress(OSError, Problem):  # Where nothing may be written, one has to do.
                try:
                    _decoded(copy.read_bytes())
                except (FileNotFoundError, Damaged):
                    write_private(copy, self._whole()[0])

    def _write(self, contents: _Contents) -> None:
        for copy in self._copies:
            write_private(copy, _encoded(contents))


def _encoded(contents: _Contents) -> bytes:
    encoded = msgspec.json.encode(contents)
    return msgspec.json.encode(_File(msgspec.Raw(encoded), hashlib.sha256(encoded).hexdigest()))


def _decoded(content: bytes) -> _Contents:
    """What a copy says. Raises Damaged."""
    try:
        file = msgspec.json.decode(content, type=_File)
        if hashlib.sha256(file.contents).hexdigest() != file.sha256:
            raise Damaged(_DAMAGED)
        return msgspec.json.decode(file.contents, type=_Contents)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(_DAMAGED) from error


def _protection(slot: _KeyringSlot | _PassphraseSlot) -> Protection:
    return Protection.KEYRING if isinstance(slot, _KeyringSlot) else Protection.PASSPHRASE


def _with_slot(contents: _Contents, slot: _KeyringSlot | _PassphraseSlot) -> _Contents:
    others = tuple(other for other in contents.slots if type(other) is not type(slot))
    return msgspec.structs.replace(contents, slots=(*others, slot))


def _way_out(contents: _Contents) -> str:
    if any(isinstance(slot, _PassphraseSlot) for slot in contents.slots):
        return "Type the passphrase."
    return "Restore the keyring from a backup."


def _secret_name(vault: str) -> str:
    return f"vault {vault}"


def _keyring_slot(vault: str, key: bytes, secrets: Secrets) -> _KeyringSlot:
    wrapping_key = random.token_bytes(32)
    secrets.set(_secret_name(vault), wrapping_key)
    if secrets.get(_secret_name(vault)) != wrapping_key:
        raise Refused("The system's keyring does not keep what it is given. Use a passphrase.")
    return _KeyringSlot(_wrap(key, wrapping_key, vault, Protection.KEYRING))


def _passphrase_slot(vault: str, key: bytes, text: str) -> _PassphraseSlot:
    salt = random.token_bytes(16)
    empty = _PassphraseSlot(_Wrapped(b"", b""), salt)
    wrapping_key = _derive(text, salt, empty.memory, empty.passes, empty.lanes)
    wrapped = _wrap(key, wrapping_key, vault, Protection.PASSPHRASE)
    return msgspec.structs.replace(empty, key=wrapped)


def _derive(text: str, salt: bytes, memory: int, passes: int, lanes: int) -> bytes:
    # Imported late for start-up: whoever has a keyring never needs it.
    from argon2.low_level import Type, hash_secret_raw

    # One passphrase may be typed in several encodings; those of a terminal may not even be text.
    secret = unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
    return hash_secret_raw(
        secret,
        salt,
        time_cost=passes,
        memory_cost=memory,
        parallelism=lanes,
        hash_len=32,
        type=Type.ID,
    )


def _wrap(key: bytes, wrapping_key: bytes, vault: str, protection: Protection) -> _Wrapped:
    # Imported late for start-up: `ask` without a profile never needs it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = random.token_bytes(12)
    return _Wrapped(nonce, AESGCM(wrapping_key).encrypt(nonce, key, _bond(vault, protection)))


def _unwrap(
    wrapped: _Wrapped, wrapping_key: bytes, vault: str, protection: Protection
) -> bytes | None:
    """Return the key; None if it was wrapped with another key, or for another place."""
    # Imported late for start-up: `ask` without a profile never needs it.
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        cipher = AESGCM(wrapping_key)
        return cipher.decrypt(wrapped.nonce, wrapped.ciphertext, _bond(vault, protection))
    except (InvalidTag, ValueError):
        return None


def _bond(vault: str, protection: Protection) -> bytes:
    return f"sottovoce vault 1|{vault}|{protection}".encode()
