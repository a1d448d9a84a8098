"""Taking an application out of its archive, so that nothing lands anywhere but in its folder."""

import lzma
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from sottovoce.domain.problems import Damaged
from sottovoce.domain.stop import Stop
from sottovoce.system.application import CARRIED
from sottovoce.system.files import flush_folder, writing_translated

ARCHIVE_SUFFIX = ".tar.xz"
_NAME = r"(?!\.\.?(?:/|$))[^/\\\x00-\x1f\x7f]{1,200}"
"""Within a path: no way up, and nothing that a terminal would take for an order."""
_PATH = re.compile(f"{_NAME}(?:/{_NAME})*")
_TARGET = re.compile(rf"(?P<up>(?:\.\./)*){_NAME}(?:/{_NAME})*")
"""Of a link. After the first name there is no way up again: that name may be a link itself."""
_MOST, _LARGEST = 100_000, 16 * 1024**3
"""Files, and bytes of all together: a frozen program with models has a tenth of both."""
_LONGEST_NAME, _LONGEST_PATH = 255, 1000
"""Bytes, of which every file system takes the first, and every system the second."""
_STEP = 4 * 1024 * 1024
_NO_ARCHIVE = (
    *(tarfile.TarError, lzma.LZMAError, EOFError, ValueError, FileExistsError),
    *(RecursionError, OverflowError),  # Of headers that lead to ever more headers.
)
_WRONG = "The application in this update cannot be unpacked. Ask its signer for another."


def unpack(archive: Path, into: Path, stop: Stop) -> Iterator[int]:
    """Have what is in the archive's one folder in the folder `into`, which is made.

    Yields how many bytes were written so far. All is on disk at the end. There are files, folders,
    and links from one to the other within; nothing is ever written through a link, for they are
    made last, and nothing bears a name of the user's own. Raises Damaged, NoRoom, Refused or
    Cancelled; what was made until then stays.
    """
    folders: set[Path] = set()
    links: dict[Path, str] = {}
    top, done = "", 0
    try:
        # By tarfile alone, an archive that was cut short would just end there.
        with lzma.open(archive) as file, tarfile.open(fileobj=file, mode="r|") as members:
            for number, member in enumerate(members):
                stop.check()
                top = top or member.name
                path = _place(member, top, into)
                done += member.size
                is_first = path == into and not folders
                is_placed = path.parent in folders and not (path in folders or path in links)
                is_theirs = path.parent == into and path.name in CARRIED
                if not (is_first or is_placed) or is_theirs or number > _MOST or done > _LARGEST:
                    raise Damaged(_WRONG)
                if member.isdir():
                    _make(path)
                    folders.add(path)
                elif member.issym() and _stays_within(path, member.linkname, into):
                    links[path] = member.linkname
                elif member.isreg() and not member.issparse() and is_placed:
                    _write(members, member, path, stop)
                    yield done
                else:
                    raise Damaged(_WRONG)
    except _NO_ARCHIVE as error:
        raise Damaged(_WRONG) from error
    with writing_translated():
        if any(map(os.path.lexists, links)):
            raise Damaged(_WRONG)
        for path, target in links.items():
            path.symlink_to(target)
        for folder in sorted(folders, reverse=True):
            flush_folder(folder)


def _place(member: tarfile.TarInfo, top: str, into: Path) -> Path:
    """Where it belongs, without the folder `top` that all of the archive is in. Raises Damaged."""
    encoded = os.fsencode(member.name)
    is_short = max(map(len, encoded.split(b"/"))) <= _LONGEST_NAME
    if not (is_short and len(encoded) <= _LONGEST_PATH and _PATH.fullmatch(member.name)):
        raise Damaged(_WRONG)
    first, *parts = member.name.split("/")
    if first != top:
        raise Damaged(_WRONG)
    return into.joinpath(*parts)


def _stays_within(path: Path, target: str, into: Path) -> bool:
    """Whether a link leads to somewhere in the folder: up, as far as there is any, then down."""
    way = _TARGET.fullmatch(target)
    depth = len(path.parent.relative_to(into).parts) if path != into else -1
    return way is not None and way["up"].count("/") <= depth


def _make(folder: Path) -> None:
    """Raises FileExistsError, NoRoom or Refused."""
    if os.path.lexists(folder):
        raise FileExistsError
    with writing_translated():
        folder.mkdir(mode=0o755)


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, path: Path, stop: Stop) -> None:
    """Raises FileExistsError, also for a name that the file system takes for another's."""
    source = members.extractfile(member)
    assert source is not None

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o755 if member.mode & 0o100 else 0o644)

    if os.path.lexists(path):
        raise FileExistsError
    with writing_translated(), open(path, "xb", opener=opener) as file:
        while piece := source.read(_STEP):
            stop.check()
            file.write(piece)
        if file.tell() != member.size:
            raise Damaged(_WRONG)
        file.flush()
        os.fsync(file.fileno())
