"""Small private files that are whole or not there at all."""

import errno
import os
from pathlib import Path

from sottovoce.domain.problems import NoRoom, Refused


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`, for its owner alone, in place of what was there; all or nothing.

    It is on disk when this returns. Raises NoRoom or Refused.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(unfinished, "wb", opener=only_for_owner) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        if os.name == "posix":  # Elsewhere a folder cannot be flushed.
            _flush_folder(path.parent)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoom("The disk is full. Free some space and try again.") from error
        raise Refused("Sottovoce may not write in its folder. Allow it to.") from error


def only_for_owner(path: str, flags: int) -> int:
    """Open a file for `open`'s sake; if that makes it, nobody but its owner may read it."""
    return os.open(path, flags, 0o600)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
