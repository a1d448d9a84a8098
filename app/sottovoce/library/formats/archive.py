"""What is packed in a zip file, as far as it is reasonable. Nothing is unpacked to the disk."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from sottovoce.domain.problems import Damaged, Refused, Unsupported
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED, LOCKED

_LARGEST = 500_000_000
"""Bytes of one part, unpacked."""
_SUSPICIOUS = 30_000_000
"""Bytes of a part, unpacked, from which on it is looked at how tightly it was packed."""
_TIGHTEST = 200
"""Times that real text becomes smaller, at most. Zeros become a thousand times smaller."""
_MOST_PARTS = 100_000

_BOMB = "What is packed in this file is far larger than any document. It was left alone."


class Archive:
    """A zip file and the names of its parts."""

    def __init__(self, source: Source) -> None:
        """Raises Damaged, or Unsupported if it holds more parts than a document has."""
        with _translated():
            self._zip = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        self.names = frozenset(self._zip.namelist())
        if len(self._zip.infolist()) > _MOST_PARTS:
            raise Unsupported(_BOMB)

    def read(self, name: str) -> bytes:
        """A part. Raises Damaged if it is not whole or not there, Unsupported, or Refused."""
        return self.open(name).read()

    def open(self, name: str) -> "Unpacked":
        """A part to read from. Raises as `read` does."""
        # Some write paths as Windows does, or in other letters than they refer to them.
        path = posixpath.normpath(name.replace("\\", "/")).lstrip("/")
        with _translated():
            part = self._zip.getinfo(path if path in self.names else self._alike(path))
            if part.flag_bits & 1:
                raise Refused(LOCKED)
            is_tight = part.file_size > _TIGHTEST * max(1, part.compress_size)
            if part.file_size > _LARGEST or (part.file_size > _SUSPICIOUS and is_tight):
                raise Unsupported(_BOMB)
            return Unpacked(self._zip.open(part))

    def _alike(self, path: str) -> str:
        return next((name for name in self.names if name.lower() == path.lower()), path)


class Unpacked:
    """A part of an archive, unpacked while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; all that are left if it is negative. Raises Damaged."""
        with _translated():
            return self._file.read(size)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        NotImplementedError,  # Ways of packing that no program for documents uses.
        UnicodeDecodeError,
        ValueError,
    ) as error:
        raise Damaged(DAMAGED) from error
