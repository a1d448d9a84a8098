"""Copies of files, made whole or not at all, with their fingerprints."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import psutil

from sottovoce.domain.problems import NoRoom
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.gguf_file import translated
from sottovoce.models.pace import Pace
from sottovoce.models.parts import parts
from sottovoce.system.files import flush_folder, only_for_owner, writing_translated

_COPY = ".copy"
_STEP = 4 * 1024 * 1024
"""Bytes between two looks at `stop`."""
_SPARE = 256_000_000
"""Bytes that are left free: a disk filled to the brim troubles other programs."""


def copy(
    sources: Sequence[Path], targets: Sequence[Path], stop: Stop
) -> Iterator[Transferred | tuple[str, ...]]:
    """Put the content of `sources` at `targets`; end with the SHA-256 of each.

    The targets appear together when all are whole, the first one last; until then, and when this
    is stopped, there is nothing. Raises NoRoom, Refused, Damaged or Cancelled.
    """
    folder = targets[0].parent
    total = sum(source.stat().st_size for source in sources)
    with writing_translated():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        if shutil.disk_usage(folder).free < total + _SPARE:
            gigabytes = total / 1e9
            raise NoRoom(f"The copy needs {gigabytes:.1f} GB of disk. Free some space, or link it.")
    pace, sums, before = Pace(total), [], 0
    with ExitStack() as unfinished:
        copies = [target.with_name(f"{target.name}.{os.getpid()}{_COPY}") for target in targets]
        for copy_ in copies:
            unfinished.callback(copy_.unlink, missing_ok=True)
        for source, copy_ in zip(sources, copies, strict=True):
            sum_ = hashlib.sha256()
            for data in _written(source, copy_, stop):
                sum_.update(data)
                before += len(data)
                yield pace.at(before)
            sums.append(sum_.hexdigest())
        with writing_translated():
            for copy_, target in reversed(list(zip(copies, targets, strict=True))):
                copy_.rename(target)
            flush_folder(folder)
    yield tuple(sums)


def _sweep(folder: Path) -> None:
    """Remove what copies left that were killed."""
    for copy_ in folder.glob(f"*{_COPY}"):
        number = copy_.suffixes[-2].removeprefix(".")
        if not (number.isdecimal() and psutil.pid_exists(int(number))):
            copy_.unlink(missing_ok=True)


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


def free_places(first: Path) -> tuple[Path, ...]:
    """The files of a set that begins with `first`, with a number before their names if need be."""
    places, number = parts(first), 1
    while any(place.exists() for place in places):
        number += 1
        places = parts(first.with_name(f"{number}-{first.name}"))
    return places
