"""The beginning of a file that is being downloaded.

Its length alone says how far it came. Room for the rest is not taken beforehand, or it would not.
"""

import os
from io import FileIO
from pathlib import Path

from sottovoce.system.files import only_for_owner, writing_translated

_FLUSH_EVERY = 64 * 1024 * 1024
"""Bytes that a power cut may cost."""
_BLOCK = 4096


class Part:
    """A part that more is put to, in a file opened for reading and writing."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.length = self._flushed = file.seek(0, os.SEEK_END)

    def append(self, piece: bytes | memoryview) -> None:
        """Raises NoRoom or Refused; what fitted is there."""
        rest = memoryview(piece)
        with writing_translated():
            while rest:
                count = self._file.write(rest)
                self.length += count
                rest = rest[count:]
        if self.length - self._flushed >= _FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Let all of it be on disk. Raises NoRoom or Refused."""
        with writing_translated():
            os.fsync(self._file.fileno())
        self._flushed = self.length


def prepare(path: Path) -> None:
    """Make an empty part if there is none, or cut off what cannot be built on.

    After a power cut some file systems know how long a file was, but not its last bytes, and show
    zeros. To fetch a few true zeros again costs less than to fetch it all. Raises NoRoom or
    Refused.
    """
    with writing_translated():
        open(path, "ab", opener=only_for_owner).close()
        with path.open("r+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = (end - 1) // _BLOCK * _BLOCK
                file.seek(start)
                end = start + len(file.read(end - start).rstrip(b"\0"))
                if end > start:
                    break
            file.truncate(end)


def settle(path: Path) -> None:
    """Let a part that is complete be on disk, and be called by its own name. Raises as `flush`."""
    with writing_translated():
        with path.open("r+b", buffering=0) as file:
            os.fsync(file.fileno())
        path.rename(path.with_suffix(""))
