"""Keys and signatures as the tool minisign makes and reads them: Ed25519 over BLAKE2b.

Whoever does not trust us can check our signatures with it, and sign with a key of ours.
The format: https://jedisct1.github.io/minisign/
"""

import binascii
import hashlib
import secrets as random
import unicodedata
from base64 import b32encode, b64decode, b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sottovoce.domain.problems import Damaged, NoRoom, Refused

_KEY, _SIGNATURE = b"Ed", b"ED"
"""What keys and signatures begin with; the second says that a hash is signed, not the file."""
_SEALED = _KEY + b"Sc" + b"B2"
"""A secret key under scrypt, with a sum in BLAKE2b."""
_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "
_COST = 17
"""Memory for scrypt as a power of two, in kilobytes: 128 MiB, as OWASP recommends."""
_LEAST_COST, _MOST_COST = 10, 20
"""The second is what minisign takes: 1 GiB."""
_GROUP = 4
_LONGEST = 4_096
"""Bytes of a file with a key; none comes near it."""

_NO_KEY = "This is no key of minisign or Sottovoce. Choose another file."
_NO_SIGNATURE = "The signature of this bundle is damaged. Copy the bundle again."
_WRONG = "The signature does not fit this bundle: it was changed. Ask its signer for it again."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Tells whose signature it is."""

    id: bytes
    """Eight bytes, by which signatures name their key. They prove nothing."""
    key: bytes
    """Thirty-two bytes."""

    @property
    def line(self) -> str:
        """As `minisign -P` takes it."""
        return b64encode(_KEY + self.id + self.key).decode()

    @property
    def fingerprint(self) -> str:
        """Eight groups of four letters and digits, which people can compare: 160 bits."""
        letters = b32encode(hashlib.sha256(_KEY + self.id + self.key).digest()[:20]).decode()
        return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))

    @property
    def file(self) -> bytes:
        """As `minisign -p` takes it."""
        return f"{_UNTRUSTED}minisign public key {_number(self.id)}\n{self.line}\n".encode()


@dataclass(frozen=True, slots=True)
class SecretKey:
    """Makes signatures."""

    public: PublicKey
    seed: bytes

    def sign(self, content: bytes, comment: str) -> bytes:
        """The file that minisign wants beside what is signed. The comment is signed with it."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        signature = key.sign(_hashed(content))
        lines = (
            _heading(self.public.id),
            b64encode(_SIGNATURE + self.public.id + signature).decode(),
            f"{_TRUSTED}{comment}",
            b64encode(key.sign(signature + comment.encode())).decode(),
        )
        return "".join(f"{line}\n" for line in lines).encode()


def new_key() -> SecretKey:
    """A key that nobody else has."""
    return _secret_key(random.token_bytes(8), random.token_bytes(32))


def check_signature(content: bytes, signature: bytes, key: PublicKey) -> None:
    """Return if `key` signed `content`, with a file of exactly the lines that `sign` writes.

    Raises Damaged.
    """
    try:
        untrusted, signed, trusted, all_signed, end = signature.decode().split("\n")
        first, second = b64decode(signed, validate=True), b64decode(all_signed, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Damaged(_NO_SIGNATURE) from error
    # Base64 may spell the same bytes in several ways: one of them is enough.
    is_plain = [signed, all_signed] == [b64encode(each).decode() for each in (first, second)]
    is_headed = untrusted == _heading(key.id) and trusted.startswith(_TRUSTED)
    if end or not is_plain or not is_headed or first[:10] != _SIGNATURE + key.id:
        raise Damaged(_NO_SIGNATURE)
    public = Ed25519PublicKey.from_public_bytes(key.key)
    try:
        public.verify(first[10:], _hashed(content))
        public.verify(second, first[10:] + trusted.removeprefix(_TRUSTED).encode())
    except InvalidSignature as error:
        raise Damaged(_WRONG) from error


def public_key(line: str) -> PublicKey:
    """The key in a line that `PublicKey.line` or minisign made. Raises Damaged."""
    try:
        decoded = b64decode(line.strip(), validate=True)
    except ValueError as error:
        raise Damaged(_NO_KEY) from error
    if len(decoded) != 42 or not decoded.startswith(_KEY):
        raise Damaged(_NO_KEY)
    return PublicKey(decoded[2:10], decoded[10:])


def public_key_in(file: bytes) -> PublicKey:
    """The key in a file that minisign or Sottovoce made. Raises Damaged."""
    return public_key(_second_line(file))


def sealed(key: SecretKey, passphrase: str, cost: int = _COST) -> bytes:
    """The file of a secret key, of use to minisign and to us, with the passphrase only.

    At the usual cost it takes 128 MiB of memory and a good half second. Raises NoRoom.
    """
    pair = key.public.id + key.seed + key.public.key
    salt = random.token_bytes(32)
    # The two numbers by which libsodium, and so minisign, knows this cost.
    limits = (_limit(cost) // 32).to_bytes(8, "little") + _limit(cost).to_bytes(8, "little")
    hidden = _masked(pair + _sum(pair), _mask(passphrase, salt, cost))
    line = b64encode(_SEALED + salt + limits + hidden).decode()
    return f"{_UNTRUSTED}minisign encrypted secret key\n{line}\n".encode()


def unsealed(file: bytes, passphrase: str) -> SecretKey:
    """The secret key in a file. Raises Refused if the passphrase is wrong, Damaged, or NoRoom."""
    try:
        content = b64decode(_second_line(file).strip(), validate=True)
    except ValueError as error:
        raise Damaged(_NO_KEY) from error
    if len(content) != 158 or not content.startswith(_SEALED):
        raise Damaged("This is no secret key with a passphrase. Choose another file.")
    salt, limits, hidden = content[6:38], content[38:54], content[54:]
    memory = int.from_bytes(limits[8:], "little")
    cost = (memory // 1024).bit_length() - 1
    is_known = _LEAST_COST <= cost <= _MOST_COST and memory == _limit(cost)
    if not is_known or int.from_bytes(limits[:8], "little") != memory // 32:
        raise Damaged("This secret key is hidden in a way that Sottovoce does not know. Make one.")
    shown = _masked(hidden, _mask(passphrase, salt, cost))
    pair, sum_ = shown[:72], shown[72:]
    if sum_ != _sum(pair):
        raise Refused("The passphrase of the signing key is not right.")
    return _secret_key(pair[:8], pair[8:40])


def is_fingerprint(typed: str, key: PublicKey) -> bool:
    """Whether a person typed the fingerprint of this key, in whatever groups and letters."""
    return "".join(filter(str.isalnum, typed)).upper() == key.fingerprint.replace("-", "")


def _secret_key(id_: bytes, seed: bytes) -> SecretKey:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return SecretKey(PublicKey(id_, key), seed)


def _second_line(file: bytes) -> str:
    """Where the key is: above it stands a comment. Raises Damaged."""
    try:
        lines = file[:_LONGEST].decode().splitlines()
        if not lines[0].startswith(_UNTRUSTED):
            raise Damaged(_NO_KEY)
        return lines[1]
    except (UnicodeDecodeError, IndexError) as error:
        raise Damaged(_NO_KEY) from error


def _heading(id_: bytes) -> str:
    """The first line of a signature."""
    return f"{_UNTRUSTED}signature of Sottovoce key {_number(id_)}"


def _number(id_: bytes) -> str:
    """As minisign writes the id of a key."""
    return f"{int.from_bytes(id_, 'little'):016X}"


def _hashed(content: bytes) -> bytes:
    return hashlib.blake2b(content).digest()


def _sum(pair: bytes) -> bytes:
    return hashlib.blake2b(_KEY + pair, digest_size=32).digest()


def _limit(cost: int) -> int:
    """Bytes of memory."""
    return 1024 << cost


def _mask(passphrase: str, salt: bytes, cost: int) -> bytes:
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    try:
        return hashlib.scrypt(
            secret, salt=salt, n=1 << cost, r=8, p=1, maxmem=_limit(cost) + (1 << 20), dklen=104
        )
    except (MemoryError, ValueError) as error:
        raise NoRoom("There is not enough memory for this key. Close other programs.") from error


def _masked(content: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(content, mask, strict=True))
