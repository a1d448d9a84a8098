"""Folders whose documents are in a collection: what lies in them now, and what has changed."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from sottovoce.domain.document import Folder
from sottovoce.domain.problems import Missing, Refused
from sottovoce.domain.stop import Stop
from sottovoce.library.suffixes import SUFFIXES
from sottovoce.library.unreadable import why_unreadable
from sottovoce.store.document_store import DocumentStore
from sottovoce.store.documents import Changes, File, is_excluded
from sottovoce.system.mounts import is_mounted

_GONE = "This folder is not there now. What was read of it can still be searched."
_LOCKED = "This folder may not be looked into. Change its permissions."
_OF_PROGRAMS = {"$RECYCLE.BIN", "System Volume Information", "__pycache__", "node_modules"}
_LATEST = 253_402_300_799 * 10**9
"""Nanoseconds: the end of the year 9999."""


def look_at(path: Path) -> File:
    """Return a file as it is now. Raises Missing, Refused or Damaged."""
    try:
        return _file(path, path.stat())
    except (OSError, ValueError) as error:
        raise why_unreadable(error) from error


def changes(store: DocumentStore, folder: Folder, paths: Collection[Path], stop: Stop) -> Changes:
    """Return what happened at these paths, and below them, since they were looked at last.

    Raises Missing if the folder itself is not there, and Refused if nobody may look into it.
    """
    _check_there(store, folder)
    marks = store.excluded(folder.id)
    known: dict[Path, tuple[int, File]] = {}
    there: dict[Path, File] = {}
    for path in _outermost(paths):
        known |= store.below(folder.id, path)
        if any(map(_is_hidden, path.relative_to(folder.path).parts)):
            continue
        for file in _files(path):
            stop.check()
            if not is_excluded(file.path, marks):
                there[file.path] = file
    new = [file for path, file in there.items() if path not in known]
    changed = [file for path, (_, file) in known.items() if there.get(path, file) != file]
    gone = {number: file for path, (number, file) in known.items() if path not in there}
    moved = _moved(gone, new)
    renamed = {file.path for _, file in moved}
    return Changes(
        there=(
            *(file for file in new if file.path not in renamed),
            *(there[file.path] for file in changed),
        ),
        moved=tuple(moved),
        gone=tuple(gone.keys() - {number for number, _ in moved}),
    )


def _check_there(store: DocumentStore, folder: Folder) -> None:
    try:
        with os.scandir(folder.path):
            pass
    except PermissionError as error:
        raise Refused(_LOCKED) from error
    except OSError as error:
        raise Missing(_GONE) from error
    # An empty folder where a disk used to be is no reason to forget what was on the disk.
    if not is_mounted(store.mount(folder.id)):
        raise Missing(_GONE)


def _outermost(paths: Collection[Path]) -> list[Path]:
    """Those that do not lie below another."""
    wanted = set(paths)
    return [path for path in wanted if wanted.isdisjoint(path.parents)]


def _files(path: Path) -> Iterator[File]:
    """The documents at or below a path, without what is hidden. Folders are not left by links."""
    left = [path]
    while left:
        at = left.pop()
        try:
            status = at.stat()
            if stat.S_ISREG(status.st_mode) and at.suffix.lower() in SUFFIXES:
                yield _file(at, status)
            if not stat.S_ISDIR(status.st_mode):
                continue
            with os.scandir(at) as entries:
                for entry in entries:
                    if _is_hidden(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        left.append(Path(entry.path))
                    elif Path(entry.name).suffix.lower() in SUFFIXES and entry.is_file():
                        yield _file(Path(entry.path), entry.stat())
        except (OSError, ValueError):
            continue  # It went away meanwhile, or is not ours to read.


def _is_hidden(name: str) -> bool:
    """Whether programs keep something for themselves there, which is not for people to read."""
    return name.startswith((".", "~$")) or name in _OF_PROGRAMS


def _file(path: Path, status: os.stat_result) -> File:
    return File(path, status.st_size, max(0, min(status.st_mtime_ns, _LATEST)))


def _moved(gone: Mapping[int, File], new: Sequence[File]) -> list[tuple[int, File]]:
    """Documents that went from one path while a file alike in size and time came at another."""
    came: dict[tuple[int, int], list[File]] = {}
    for file in new:
        came.setdefault((file.size, file.modified), []).append(file)
    found = []
    for number, file in gone.items():
        if candidates := came.get((file.size, file.modified)):
            alike = next((c for c in candidates if c.path.name == file.path.name), candidates[0])
            candidates.remove(alike)
            found.append((number, alike))
    return found
