"""Copies of files, made whole or not at all, with their fingerprints."""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import psutil

from sottovoce.domain.parts import parts
from sottovoce.domain.problems import Interrupted, NoRoom
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.gguf_file import translated
from sottovoce.models.pace import Pace
from sottovoce.models.records import FileRecord, file_record
from sottovoce.system.files import flush_folder, only_for_owner, writing_translated
from sottovoce.system.lock import locked

_LOCK = "lock"
_PATIENCE = 5.0
"""Seconds for another process to name its copies. Who takes longer hangs, and is not waited for."""
_UNFINISHED = re.compile(r".*\.(\d{1,9})\.copy", re.DOTALL)
"""A copy that is being made, by the number of the process that makes it."""
_STEP = 4 * 1024 * 1024
"""Bytes between two looks at `stop`."""
_SPARE = 256_000_000
"""Bytes that are left free: a disk filled to the brim troubles other programs."""
_LONGEST_NAME = 240
"""Bytes: file systems take 255, and some come to a name for its record, or for its namesakes."""
_CHANGED = "The file was changed while it was copied. Copy it again once nothing writes to it."


@dataclass(frozen=True, slots=True)
class Copied:
    """The end of copying."""

    files: tuple[FileRecord, ...]
    """By their names."""


def copy(sources: Sequence[FileRecord], wanted: Path, stop: Stop) -> Iterator[Transferred | Copied]:
    """Copy files, the first one to `wanted` if there is none yet, or with a number before its name.

    The copies appear together when all are whole, the first one last; until then, and when this is
    stopped, there is nothing. Raises Interrupted if a file is not what its record says by then;
    NoRoom, Missing, Refused, Damaged or Cancelled.
    """
    folder = wanted.parent
    total = sum(source.size for source in sources)
    with writing_translated():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        if shutil.disk_usage(folder).free < total + _SPARE:
            gigabytes = (total + _SPARE) / 1e9
            raise NoRoom(f"The copy needs {gigabytes:.1f} GB of disk. Free some space, or link it.")
    pace, sums, before = Pace(total), [], 0
    with ExitStack() as unfinished:
        copies = [folder / f"{secrets.token_hex(4)}.{os.getpid()}.copy" for _ in sources]
        for copy_ in copies:
            unfinished.callback(copy_.unlink, missing_ok=True)
        for source, copy_ in zip(sources, copies, strict=True):
            sum_ = hashlib.sha256()
            for data in _written(Path(source.path), copy_, stop):
                sum_.update(data)
                before += len(data)
                yield pace.at(before)
            sums.append(sum_.hexdigest())
        with translated():
            if any(file_record(Path(source.path), source.sha256) != source for source in sources):
                raise Interrupted(_CHANGED)
        targets = _named(copies, wanted)
    with writing_translated():
        flush_folder(folder)
        named = zip(targets, sums, strict=True)
        files = tuple(file_record(file, sum_, name=file.name) for file, sum_ in named)
    yield Copied(files)


def _named(copies: Sequence[Path], wanted: Path) -> tuple[Path, ...]:
    """Give copies their names, while no other process of ours gives any away."""
    with locked(wanted.with_name(_LOCK), _PATIENCE), writing_translated():
        targets = _free_places(wanted)
        for copy_, target in reversed(list(zip(copies, targets, strict=True))):
            copy_.rename(target)
    return targets


def _free_places(first: Path) -> tuple[Path, ...]:
    """The files of a set that begins with `first`, with a number before their names if need be."""
    name = first.name
    while len(os.fsencode(name)) > _LONGEST_NAME:
        name = name[1:]  # Its end says what kind of file it is, and which part.
    places, number = parts(first.with_name(name)), 1
    while any(place.exists() for place in places):
        number += 1
        places = parts(first.with_name(f"{number}-{name}"))
    return places


def _sweep(folder: Path) -> None:
    """Remove what copies left that were killed."""
    for path in folder.iterdir():
        unfinished = _UNFINISHED.fullmatch(path.name)
        if unfinished and not psutil.pid_exists(int(unfinished[1])):
            path.unlink(missing_ok=True)


def _written(source: Path, target: Path, stop: Stop) -> Iterator[memoryview]:
    """Each piece of `source`, once it is in `target`; when all are, they are on disk."""
    buffer = memoryview(bytearray(_STEP))
    with (
        translated(),
        source.open("rb", buffering=0) as here,
        writing_translated(),
        open(target, "wb", opener=only_for_owner) as there,
    ):
        while count := _read(here, buffer):
            stop.check()
            there.write(buffer[:count])
            yield buffer[:count]
        there.flush()
        os.fsync(there.fileno())


def _read(file: FileIO, buffer: memoryview) -> int:
    with translated():
        return file.readinto(buffer) or 0
