"""What is written down beside a model file: where it came from, and what its bytes were."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sottovoce.system.files import write_private, writing_translated

_LINK = ".link.json"
_LARGEST = 1_000_000
"""Bytes of a record; nothing we write comes near it."""
_LONGEST_STEM = 50
"""Characters: file systems take 255 bytes, and a character may have four."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file, as it was when it was last looked at."""

    path: str
    """The name beside the record, or the absolute path of a linked file."""
    size: int
    modified: int
    """Nanoseconds since 1970, as the file system tells; 0 if nobody looked yet."""
    sha256: str = ""
    """In hexadecimal digits; empty until the file was hashed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model was downloaded from."""

    repository: str
    commit: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A licence that the person agreed to before the download."""

    licence: str
    """Its name, such as Llama 3.1 Community License."""
    accepted: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a model, or of an adapter, beyond what its files say."""

    added: datetime
    files: tuple[FileRecord, ...]
    """In their order, the first of a sharded set first."""
    name: str = ""
    """What to call it where its file says nothing better; empty if the file does."""
    source: Source | None = None
    licence: str = ""
    """Its identifier at its source, such as llama3.1 or apache-2.0; empty where it is not known."""
    acceptance: Acceptance | None = None


def file_record(path: Path, sha256: str = "", *, name: str | None = None) -> FileRecord:
    """What `path` is now, called `name` instead of by its absolute path. Raises OSError."""
    state = path.stat()
    return FileRecord(name or str(path.absolute()), state.st_size, state.st_mtime_ns, sha256)


def new_record(files: Sequence[FileRecord], *, name: str = "") -> Record:
    """A record of what is added now."""
    return Record(datetime.now(UTC), tuple(files), name)


def record_place(first: Path) -> Path:
    """Where the record of an own model lies, whose first file is `first`."""
    return first.with_suffix(".json")


def link_place(folder: Path, first: Path) -> Path:
    """Where in `folder` the record of a linked model lies, whose first file is `first`."""
    return folder / f"{_unique(first)}{_LINK}"


def kept_place(folder: Path, first: Path) -> Path:
    """Where in `folder` the record of a model lies that is not ours to write beside."""
    return folder / f"{_unique(first)}.kept.json"


def read_links(folder: Path) -> Iterator[Record]:
    """The records of linked models in `folder`, in the order of their names."""
    for place in sorted(folder.glob(f"*{_LINK}")):
        record = read_record(place)
        # An own model may be called like a link: its record has names, not places.
        if record and all(Path(file.path).is_absolute() for file in record.files):
            yield record


def read_record(path: Path) -> Record | None:
    """What was written; None where nothing was, or nothing that can be understood."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        record = msgspec.convert(json.loads(path.read_bytes()), Record)
        paths = [os.fsencode(file.path) for file in record.files]
    except (OSError, ValueError, RecursionError):
        return None
    return record if paths and all(path and b"\0" not in path for path in paths) else None


def write_record(path: Path, record: Record) -> None:
    """Keep it, whole or not at all; its folder is made if need be. Raises NoRoom or Refused."""
    with writing_translated():
        path.parent.mkdir(mode=0o700, exist_ok=True)
    # Python's own JSON also spells what is no text, which the path of a file may hold.
    write_private(path, json.dumps(msgspec.to_builtins(record), indent=1).encode() + b"\n")


def _unique(path: Path) -> str:
    """A name for records: one file has one, and folders may hold files of the same name."""
    place = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
    return f"{path.stem[:_LONGEST_STEM]}-{place[:8]}"
