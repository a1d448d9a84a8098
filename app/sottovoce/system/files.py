"""Small private files that are whole or not there at all."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sottovoce.domain.problems import NoRoom, Refused


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`, for its owner alone, in place of what was there; all or nothing.

    It is on disk when this returns. Raises NoRoom or Refused.
    """
    unfinished = _unfinished(path)
    with writing_translated():
        try:
            with open(unfinished, "wb", opener=only_for_owner) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)


def make_private_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` with these files in it, for its owner alone; all or nothing.

    Of several processes that make it at once, one succeeds. Raises Refused, also if there is such a
    folder with something in it, or NoRoom.
    """
    unfinished = _unfinished(folder)
    with writing_translated():
        try:
            unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, content in files.items():
                write_private(unfinished / name, content)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()  # Windows does not replace a folder, not even an empty one.
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        flush_folder(folder.parent)


@contextmanager
def writing_translated() -> Iterator[None]:
    """Turn what a disk says to being written on into NoRoom or Refused."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoom("The disk is full. Free some space and try again.") from error
        if error.errno == errno.EFBIG:
            raise NoRoom("The disk takes no files as large as this. Use another disk.") from error
        raise Refused("Sottovoce may not write in its folder. Allow it to.") from error


def only_for_owner(path: str, flags: int) -> int:
    """Open a file for `open`'s sake; if that makes it, nobody but its owner may read it."""
    return os.open(path, flags, 0o600)


def flush_folder(folder: Path) -> None:
    """Let what was made, renamed or removed in `folder` be on disk. Raises OSError."""
    if os.name != "posix":  # Elsewhere a folder cannot be flushed.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}.tmp")
