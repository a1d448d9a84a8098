"""The SHA-256 of a file, taken all at once or while the file still grows."""

import hashlib
import time
from pathlib import Path

from sottovoce.domain.stop import Stop

_STEP = 1024 * 1024
"""Bytes between two looks at `stop`: a few milliseconds."""


class Fingerprint:
    """Reads a file from its beginning, as far as it is told to, and sums up what it read."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = path.open("rb", buffering=0)
        self._sum = hashlib.sha256()
        self._buffer = memoryview(bytearray(_STEP))
        self.position = 0
        """Bytes that were read."""

    def read(self, stop: Stop, *, until: int | None = None, seconds: float = 3600) -> bool:
        """Read on, to `until` or the end, but no longer than that; whether it got there.

        Raises OSError, or Cancelled.
        """
        enough = time.monotonic() + seconds
        while until is None or self.position < until:
            stop.check()
            if time.monotonic() > enough:
                return False
            step = _STEP if until is None else min(_STEP, until - self.position)
            count = self._file.readinto(self._buffer[:step])
            if not count:
                return True
            self._sum.update(self._buffer[:count])
            self.position += count
        return True

    def hexdigest(self) -> str:
        """In 64 small hexadecimal digits."""
        return self._sum.hexdigest()

    def close(self) -> None:
        self._file.close()
