"""The two forms of a bundle: a folder of parts, and one file with the same inside.

The file is a tar archive, so that any system can take it apart: `tar -xf` makes the folder of it.
It is never read as one. What must stand where follows from the manifest, down to the last byte.
"""

import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol

from sottovoce.domain.problems import Damaged, Missing, Problem, Refused
from sottovoce.models.bundle.manifest import LARGEST_MANIFEST
from sottovoce.system.files import flush_folder

MANIFEST, SIGNATURE, SIGNER = "manifest.json", "manifest.json.minisig", "signer.pub"
_HEAD = {SIGNER: 1_000, SIGNATURE: 1_000, MANIFEST: LARGEST_MANIFEST}
"""What comes first, in this order, and the most bytes that are read of it."""
_BLOCK = tarfile.BLOCKSIZE
# Windows has neither, nor pipes in its folders.
_NO_LINK, _NO_WAIT = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_NONBLOCK", 0)
_END = bytes(2 * _BLOCK)
CHANGED = "A part of this bundle is not what was signed. Copy the bundle again."
_NO_BUNDLE = "This is no bundle. Choose its file, or the folder that holds its manifest.json."


class Medium(Protocol):
    """Where a bundle lies."""

    def head(self) -> dict[str, bytes]:
        """Manifest, signature and signer, by their names. Raises Missing, Damaged or Refused."""

    def part(self, sizes: Sequence[int], number: int) -> BufferedReader:
        """A file that stands where the part begins, of all whose sizes are given.

        Raises Missing if the part is not on this medium, Damaged if it cannot be what was signed,
        or Refused.
        """


class FolderMedium:
    """A folder with all parts, or with some of them while others are elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def head(self) -> dict[str, bytes]:
        with reading_translated():
            return {name: self._small(name, most) for name, most in _HEAD.items()}

    def part(self, sizes: Sequence[int], number: int) -> BufferedReader:
        path = self._folder / part_name(number)
        if not os.path.lexists(path):
            raise Missing(
                f"Part {number + 1} of {len(sizes)} is not here. Go on with the medium that has it."
            )
        with reading_translated():
            if _size(path) != sizes[number]:
                raise Damaged(CHANGED)
            return _opened(path, _NO_LINK)

    def _small(self, name: str, most: int) -> bytes:
        path = self._folder / name
        if _size(path) > most:
            raise Damaged(CHANGED)
        with _opened(path, _NO_LINK) as file:
            return file.read(most)


class FileMedium:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts_begin = 0

    def head(self) -> dict[str, bytes]:
        with reading_translated(), _opened(self._path) as file:
            found = {name: _member(file, name, most) for name, most in _HEAD.items()}
            self._parts_begin = file.tell()
        return found

    def part(self, sizes: Sequence[int], number: int) -> BufferedReader:
        places = [self._parts_begin]
        for size in sizes:
            places.append(places[-1] + _BLOCK + _filled(size))
        size, place = sizes[number], places[number]
        with reading_translated():
            file = _opened(self._path)
            try:
                if file.seek(0, os.SEEK_END) != places[-1] + len(_END):
                    raise Damaged(CHANGED)
                _expect(file, places[-1], _END)
                _expect(file, place + _BLOCK + size, bytes(_filled(size) - size))
                _expect(file, place, _header(part_name(number), size))
            except BaseException:
                file.close()
                raise
            return file


class FolderWriter:
    """Makes a folder, whose parts may be carried on several media."""

    def __init__(self, folder: Path, head: dict[str, bytes]) -> None:
        self._folder = folder
        folder.mkdir()
        self._write_head(head, (SIGNER,))  # Who makes it is told from the start.

    @contextmanager
    def part(self, number: int, _: int) -> Iterator[BinaryIO]:
        """A file to write the part to."""
        with self._new(part_name(number)) as file:
            yield file

    def end(self, head: dict[str, bytes]) -> None:
        """Write the head, and let all be on disk."""
        self._write_head(head, (SIGNATURE, MANIFEST))
        flush_folder(self._folder)

    def close(self) -> None:
        """Nothing is open between two parts."""

    def _write_head(self, head: dict[str, bytes], names: Sequence[str]) -> None:
        for name in names:
            with self._new(name) as file:
                file.write(head[name])

    @contextmanager
    def _new(self, name: str) -> Iterator[BinaryIO]:
        with (self._folder / name).open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


class FileWriter:
    """Makes one file, whose head is written last: it has the sums of what follows."""

    def __init__(self, path: Path, head: dict[str, bytes]) -> None:
        """`head` is as long as what `end` is given will be."""
        self._file = path.open("xb")
        self._write_head(head)

    @contextmanager
    def part(self, number: int, size: int) -> Iterator[BinaryIO]:
        """The file, where the part is to be written to."""
        self._file.write(_header(part_name(number), size))
        yield self._file
        self._file.write(bytes(_filled(size) - size))

    def end(self, head: dict[str, bytes]) -> None:
        """Write the head, and let all be on disk."""
        self._file.write(_END)
        self._file.seek(0)
        self._write_head(head)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def _write_head(self, head: dict[str, bytes]) -> None:
        for name in _HEAD:
            content = head[name]
            filled = content.ljust(_filled(len(content)), b"\0")
            self._file.write(_header(name, len(content)) + filled)


def medium_at(path: Path) -> Medium:
    """The bundle in this folder, or in this file."""
    if path.name == MANIFEST:
        return FolderMedium(path.parent)
    return FolderMedium(path) if path.is_dir() else FileMedium(path)


def is_begun_by(path: Path, signer: bytes) -> bool:
    """Whether one of the writers began this, for who has that public key."""
    with suppress(OSError, Problem):
        if path.is_dir():
            with _opened(path / SIGNER, _NO_LINK) as file:
                return file.read(_HEAD[SIGNER]) == signer
        with _opened(path, _NO_LINK) as file:
            return _member(file, SIGNER, _HEAD[SIGNER]) == signer
    return False


def part_name(number: int) -> str:
    """What the part is called; the first has the number 0."""
    return f"{number + 1:05}.part"


@contextmanager
def reading_translated() -> Iterator[None]:
    """Say in our words what the operating system says of a bundle."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing(_NO_BUNDLE) from error
    except PermissionError as error:
        raise Refused("Sottovoce may not read this bundle. Change its permissions.") from error
    except OSError as error:
        raise Damaged("The bundle cannot be read from its medium. Copy it anew.") from error


def _size(path: Path) -> int:
    """Bytes of a file that is one: a link might lead anywhere. Raises Damaged, or OSError."""
    state = path.lstat()
    if not stat.S_ISREG(state.st_mode):
        raise Damaged(CHANGED)
    return state.st_size


def _opened(path: Path, flags: int = 0) -> BufferedReader:
    """A file, and no pipe, which might let us wait for ever. Raises Missing, or OSError."""

    def opener(name: str, mode: int) -> int:
        return os.open(name, mode | flags | _NO_WAIT)

    file = open(path, "rb", opener=opener)  # noqa: SIM115  It is the caller's to close.
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Missing(_NO_BUNDLE)
    return file


def _member(file: BinaryIO, name: str, most: int) -> bytes:
    """What stands next in the file, which must be called so. Raises Damaged or Missing."""
    header = file.read(_BLOCK)
    try:
        size = int(header[124:135], 8)  # Where a tar header has it, in digits of eight.
    except ValueError as error:
        raise Missing(_NO_BUNDLE) from error
    if not 0 <= size <= most or header != _header(name, size):
        raise Missing(_NO_BUNDLE)
    filled = file.read(_filled(size))
    if len(filled) != _filled(size) or filled[size:].strip(b"\0"):
        raise Damaged(CHANGED)
    return filled[:size]


def _expect(file: BinaryIO, place: int, content: bytes) -> None:
    """Return if that stands there, and stand behind it. Raises Damaged."""
    file.seek(place)
    if file.read(len(content)) != content:
        raise Damaged(CHANGED)


def _header(name: str, size: int) -> bytes:
    """What stands before a file in a tar archive, with nothing in it of whoever made it."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _filled(size: int) -> int:
    """Bytes that so many bytes take up in whole blocks."""
    return -(-size // _BLOCK) * _BLOCK
