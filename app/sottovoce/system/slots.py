"""The ways in which a data key is wrapped, so that one thing alone gives it back."""

import hmac
import secrets as random
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from sottovoce.domain.problems import NoRoom, Refused

# Imported late, all of `argon2` and `cryptography`, for start-up: `ask` without a profile never
# needs them, and whoever has a keyring never needs the first.


class Protection(StrEnum):
    """What opens a vault."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind, not a passphrase.
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Cost:
    """How much work Argon2id makes of a passphrase, and so of each guess at it."""

    memory: int = 256 * 1024
    """KiB. With three passes and four lanes, as in the second recommendation of RFC 9106, but four
    times its memory: 0.7 s of one core (server of 2023), so half that on two that have nothing else
    to do. See tests/bench/keys.py."""
    passes: int = 3
    lanes: int = 4


class Wrapped(msgspec.Struct, frozen=True):
    """The data key under AES-256-GCM, bound to its vault and its kind of slot."""

    nonce: bytes
    ciphertext: bytes


class KeyringSlot(msgspec.Struct, frozen=True, tag="keyring"):
    """Opens with 32 random bytes that only the keyring has."""

    key: Wrapped
    name: str = ""
    """Of the secret in the keyring, for this slot alone: a vault that was restored from a backup
    has the id of the one that is kept of the time before. The first vaults had none."""


class PassphraseSlot(msgspec.Struct, frozen=True, tag="passphrase"):
    """Opens with what Argon2id makes of the passphrase and the salt."""

    key: Wrapped
    salt: Annotated[bytes, msgspec.Meta(min_length=8, max_length=64)]
    # What a forged file may ask for is limited, lest it ask for all memory or for ever.
    memory: Annotated[int, msgspec.Meta(ge=8 * 1024, le=1024 * 1024)]
    passes: Annotated[int, msgspec.Meta(ge=1, le=16)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)]


class RecoverySlot(msgspec.Struct, frozen=True, tag="recovery"):
    """Sealed to a public key (X25519), so that a new data key can be wrapped without the paper."""

    key: Wrapped
    public: bytes
    """What belongs to the private key that is made of the recovery key."""
    ephemeral: bytes
    """The other public key, of a pair that was used once."""
    proof: bytes
    """That `public` was put here by somebody who had the data key, not by a forger of the file, who
    would be handed the next one."""


Slot = KeyringSlot | PassphraseSlot | RecoverySlot


def kind(slot: Slot) -> Protection:
    """Return what opens this slot."""
    match slot:
        case KeyringSlot():
            return Protection.KEYRING
        case PassphraseSlot():
            return Protection.PASSPHRASE
        case RecoverySlot():
            return Protection.RECOVERY


def keyring_slot(vault: str, key: bytes, wrapping_key: bytes, name: str) -> KeyringSlot:
    """Return a slot that opens with a key the keyring keeps."""
    return KeyringSlot(wrap(key, wrapping_key, vault, Protection.KEYRING), name)


def secret_name(slot: KeyringSlot, vault: str) -> str:
    """Return what the keyring calls that key."""
    return f"vault {slot.name or vault}"


def passphrase_slot(vault: str, key: bytes, text: str, cost: Cost) -> PassphraseSlot:
    """Return a slot that opens with a passphrase, after the time it costs."""
    salt = random.token_bytes(16)
    empty = PassphraseSlot(Wrapped(b"", b""), salt, cost.memory, cost.passes, cost.lanes)
    return rewrapped(empty, vault, key, derived(text, empty))


def rewrapped(slot: PassphraseSlot, vault: str, key: bytes, wrapping_key: bytes) -> PassphraseSlot:
    """Return the slot with another data key in it, for the same passphrase."""
    wrapped = wrap(key, wrapping_key, vault, Protection.PASSPHRASE)
    return msgspec.structs.replace(slot, key=wrapped)


def recovery_slot(vault: str, key: bytes, secret: bytes) -> RecoverySlot:
    """Return a slot that opens with the secret of a recovery key."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return _sealed(vault, key, public)


def resealed(slot: RecoverySlot, vault: str, *, old: bytes, new: bytes) -> RecoverySlot:
    """Return a slot with the new data key in it, for the same recovery key. Raises Refused."""
    if not hmac.compare_digest(slot.proof, _proof(vault, old, slot.public)):
        raise Refused("The recovery key was not made with these chats. Make a new one first.")
    return _sealed(vault, new, slot.public)


def opened(slot: RecoverySlot, vault: str, secret: bytes) -> bytes | None:
    """Return the data key; None if the secret is another's."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        other = X25519PublicKey.from_public_bytes(slot.ephemeral)
        shared = X25519PrivateKey.from_private_bytes(secret).exchange(other)
    except ValueError:
        return None
    return unwrap(slot.key, _agreed(shared, slot), vault, Protection.RECOVERY)


def derived(text: str, slot: PassphraseSlot) -> bytes:
    """Return the key a passphrase makes of this slot's salt, after some time. Raises NoRoom."""
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    # One passphrase may be typed in several encodings; those of a terminal may not even be text.
    secret = unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
    try:
        return hash_secret_raw(
            secret,
            slot.salt,
            time_cost=slot.passes,
            memory_cost=slot.memory,
            parallelism=slot.lanes,
            hash_len=32,
            type=Type.ID,
        )
    except HashingError as error:  # The rest of what could be wrong is known to be right.
        raise NoRoom(
            f"A passphrase takes {slot.memory // 1024} MB of memory for a moment. "
            "Close other programs and try again."
        ) from error


def wrap(key: bytes, wrapping_key: bytes, vault: str, place: str) -> Wrapped:
    """Return the key under another one, bound to its vault and to its place there."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = random.token_bytes(12)
    return Wrapped(nonce, AESGCM(wrapping_key).encrypt(nonce, key, _bond(vault, place)))


def unwrap(wrapped: Wrapped, wrapping_key: bytes, vault: str, place: str) -> bytes | None:
    """Return the key; None if it was wrapped with another key, or for another place."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        cipher = AESGCM(wrapping_key)
        return cipher.decrypt(wrapped.nonce, wrapped.ciphertext, _bond(vault, place))
    except (InvalidTag, ValueError):
        return None


def _sealed(vault: str, key: bytes, public: bytes) -> RecoverySlot:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    once = X25519PrivateKey.generate()
    empty = RecoverySlot(
        Wrapped(b"", b""),
        public,
        once.public_key().public_bytes_raw(),
        _proof(vault, key, public),
    )
    shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    wrapped = wrap(key, _agreed(shared, empty), vault, Protection.RECOVERY)
    return msgspec.structs.replace(empty, key=wrapped)


def _agreed(shared: bytes, slot: RecoverySlot) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    salt = slot.ephemeral + slot.public
    return HKDF(SHA256(), 32, salt, b"sottovoce vault 1|recovery").derive(shared)


def _proof(vault: str, key: bytes, public: bytes) -> bytes:
    return hmac.digest(key, _bond(vault, "proof") + public, "sha256")


def _bond(vault: str, place: str) -> bytes:
    return f"sottovoce vault 1|{vault}|{place}".encode()
