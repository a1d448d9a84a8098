"""A file whose bytes can neither be read nor changed, cut, mixed or lengthened without its key.

It begins with a head that anybody may read. Then come pieces of 1 MiB under AES-256-GCM; the number
of a piece and whether it is the last are its nonce (STREAM of Hoang, Reyhanitabar, Rogaway, Vizár).
The key of the pieces is made from the file's key and the whole head, which has a salt in it: no two
files share one, and no head fits another's pieces.
"""

import hashlib
import hmac
import secrets as random
import struct
from typing import BinaryIO

from sottovoce.domain.problems import Damaged

_MAGIC = b"Sottovoce sealed 1\n"
_SALT = 16
_LENGTH = struct.Struct(">I")
_NONCE = struct.Struct(">IQ")
_PIECE = 2**20
_TAG = 16
_LARGEST_HEAD = 2**20


class SealedWriter:
    """Writes one sealed file, from its first byte to its last."""

    def __init__(self, file: BinaryIO, head: bytes, key: bytes) -> None:
        # Imported late for start-up, as below: only who makes or reads such a file needs it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._file = file
        self._waiting = bytearray()
        self._number = 0
        salted = random.token_bytes(_SALT) + head
        start = _MAGIC + _LENGTH.pack(len(salted)) + salted
        file.write(start + hashlib.sha256(start).digest())
        self._cipher = AESGCM(_key_of_pieces(key, start))

    def write(self, content: bytes) -> None:
        """Append to what is sealed."""
        self._waiting += content
        while len(self._waiting) > _PIECE:  # Never all of it: the last piece is marked as such.
            self._seal(bytes(self._waiting[:_PIECE]), is_last=False)
            del self._waiting[:_PIECE]

    def finish(self) -> None:
        """Seal the last piece. A file without it is damaged."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), piece, None))
        self._number += 1


class SealedReader:
    """Reads one sealed file. Nothing that it returns was changed since it was written.

    Raises Damaged if the file does not begin as such a file does.
    """

    head: bytes

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(len(_MAGIC) + _LENGTH.size)
        if not start.startswith(_MAGIC) or len(start) < len(_MAGIC) + _LENGTH.size:
            raise _damaged()
        (length,) = _LENGTH.unpack_from(start, len(_MAGIC))
        if not _SALT <= length <= _LARGEST_HEAD:
            raise _damaged()
        start += file.read(length)
        # It tells a damaged head from a wrong key; whoever changes both meets the seal.
        if file.read(hashlib.sha256().digest_size) != hashlib.sha256(start).digest():
            raise _damaged()
        self._start = start
        self.head = start[-length + _SALT :] if length > _SALT else b""

    def pieces(self, key: bytes) -> "Pieces":
        """Return what is sealed, from its start. Raises Damaged if the key is another one's."""
        self._file.seek(len(self._start) + hashlib.sha256().digest_size)
        return Pieces(self._file, _key_of_pieces(key, self._start))


class Pieces:
    """What is sealed in a file, read once from front to back."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._file = file
        self._cipher = AESGCM(key)
        self._number = 0
        self._open = b""
        self._next = file.read(_PIECE + _TAG)
        self._open_next()

    def read(self, most: int) -> bytes:
        """Return the next bytes, up to `most`; none at the end. Raises Damaged."""
        if not self._open and self._next:
            self._open_next()
        taken, self._open = self._open[:most], self._open[most:]
        return taken

    def _open_next(self) -> None:
        from cryptography.exceptions import InvalidTag

        sealed, self._next = self._next, self._file.read(_PIECE + _TAG)
        nonce = _nonce(self._number, is_last=not self._next)
        self._number += 1
        try:
            self._open = self._cipher.decrypt(nonce, sealed, None)
        except (InvalidTag, ValueError) as error:
            raise _damaged() from error


def _key_of_pieces(key: bytes, start: bytes) -> bytes:
    """HKDF-Expand of RFC 5869, one block."""
    return hmac.digest(key, b"sealed\x00" + hashlib.sha256(start).digest() + b"\x01", "sha256")


def _nonce(number: int, *, is_last: bool) -> bytes:
    return _NONCE.pack(is_last, number)


def _damaged() -> Damaged:
    return Damaged("This file is damaged, or no backup of Sottovoce. Choose another one.")
