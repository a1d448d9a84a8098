"""Making a bundle in one pass: what is carried is read once, and copied nowhere else."""

import hashlib
import io
import os
import re
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psutil

from sottovoce import __version__
from sottovoce.domain.problems import Damaged, Interrupted, NoRoom, Refused
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.adapters import AdapterItem
from sottovoce.models.bundle.manifest import Content, Item, Kind, Manifest, Part, encode, way
from sottovoce.models.bundle.medium import (
    MANIFEST,
    SIGNATURE,
    SIGNER,
    FileWriter,
    FolderWriter,
    is_begun_by,
)
from sottovoce.models.bundle.minisign import SecretKey
from sottovoce.models.bundle.reading import Bundle, open_bundle
from sottovoce.models.catalogue import Licence
from sottovoce.models.gguf import line
from sottovoce.models.gguf_file import translated
from sottovoce.models.names import is_plain, plain
from sottovoce.models.pace import Pace
from sottovoce.models.shelf import Item as ShelfItem
from sottovoce.system.files import flush_folder, writing_translated
from sottovoce.system.mounts import largest_file

USUAL_PART = 3 * 1024**3
"""Bytes: what FAT32 keeps in one file, with room to spare."""
_STEP = 4 * 1024 * 1024
"""Bytes between two looks at `stop`."""
_SPARE = 64_000_000
"""Bytes that are left free on the medium."""
_UNFINISHED = re.compile(r"\.(\d{1,9})\.making\Z")
"""What ends the name of a bundle that is being made: the number of the process that makes it."""
_NO_SUM = "0" * 64
_APPLICATION = re.compile(
    r"sottovoce[-_](?P<version>\d+(?:\.\d+){1,3})[-_](?:(?P<system>linux|windows|macos)-)?"
    r"(?P<processor>amd64|x86_64|arm64)\.",
    re.IGNORECASE,
)
_PROCESSORS = {"amd64": "x86_64"}
"""As Debian names them, and as we do."""


@dataclass(frozen=True, slots=True)
class Cargo:
    """What is to be carried as one thing."""

    kind: Kind
    name: str
    files: tuple[Path | bytes, ...]
    names: tuple[str, ...]
    """What they are to be called where they are installed."""
    licence: str = ""
    repository: str = ""
    commit: str = ""
    sha256: tuple[str, ...] = ()
    """What is known of the files from when they came here; empty where nothing is."""
    version: str = ""
    platform: str = ""
    """Of code: as a manifest has them."""


def model_cargo(item: ShelfItem) -> Cargo:
    """A model of the shelf, as its record has it."""
    record, source = item.record, item.record and item.record.source
    return Cargo(
        Kind.MODEL,
        line(item.name),
        item.files,
        _gguf_names(item.files, item.name),
        licence=line(record.licence) if record else "",
        repository=line(source.repository) if source else "",
        commit=line(source.commit) if source else "",
        sha256=tuple(file.sha256 for file in record.files) if record else (),
    )


def adapter_cargo(item: AdapterItem) -> Cargo:
    """An adapter of its shelf."""
    names = _gguf_names((item.path,), item.name)
    return Cargo(Kind.ADAPTER, line(item.name), (item.path,), names)


def file_cargo(kind: Kind, path: Path) -> Cargo:
    """Any other file, under its own name as far as other machines take it."""
    name = plain(path.name)
    return Cargo(kind, name, (path,), (name,))


def application_cargo(path: Path) -> Cargo:
    """What sets up Sottovoce, with version and platform where its name tells them.

    Such as sottovoce-1.2.0-linux-x86_64.tar.xz, sottovoce_1.2.0_amd64.deb, Sottovoce-1.2.0-macos-
    arm64.dmg: only these are updates to an application; others are handed to a person.
    """
    cargo = file_cargo(Kind.APPLICATION, path)
    told = _APPLICATION.match(path.name)
    if told is None:
        return cargo
    system, processor = told["system"] or "linux", told["processor"].lower()
    platform = f"{system}-{_PROCESSORS.get(processor, processor)}"
    return replace(
        cargo, name=f"Sottovoce {told['version']}", version=told["version"], platform=platform
    )


def licence_cargo(licence: Licence) -> Cargo:
    """The terms of a model: what Sottovoce says of them, and all of them where it has them."""
    paragraphs = (
        licence.name,
        licence.link,
        licence.attribution,
        licence.notice,
        licence.text.strip(),
        licence.full_text.strip(),
    )
    text = "\n\n".join(filter(None, paragraphs)) + "\n"
    name = f"{plain(licence.id)}.txt"
    return Cargo(Kind.LICENCE, licence.name, (text.encode(),), (name,), licence=licence.id)


def create(
    cargoes: Sequence[Cargo],
    target: Path,
    key: SecretKey,
    stop: Stop,
    *,
    name: str,
    sequence: int | None = None,
    split: int | None = None,
) -> Iterator[Transferred | Bundle]:
    """Make a bundle at `target`, one file, or a folder of parts of at most `split` bytes.

    It is there when it is whole; its last news is the bundle as it is read. Without a sequence
    number, the moment is one. Raises Refused if something is there, NoRoom, Missing, Interrupted
    if a file is changed meanwhile, Damaged if it is not what its record says, or Cancelled.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    carried = list(_apart(cargoes))
    items = tuple(_item(cargo, split or USUAL_PART) for cargo in carried)
    number = sequence or int(now.timestamp())
    draft = Manifest(line(name), number, now, __version__, items)
    _check_free(target)
    _sweep(target.parent, key)
    _check_room(target, draft.size)
    limit = largest_file(target.parent)
    if split is None and limit is not None and draft.size + _SPARE > limit:
        raise NoRoom(
            "This medium takes no files of 4 GB and more. Make a folder of parts with --split."
        )
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.making")
    make = FileWriter if split is None else FolderWriter
    try:
        with writing_translated():
            writer = make(unfinished, _head(draft, key))
        with closing(writer):
            carrier = _Carrier(writer, draft.size, stop)
            made = []
            for cargo, item in zip(carried, items, strict=True):
                made.append((yield from carrier.carry(cargo, item)))
            with writing_translated():
                writer.end(_head(replace(draft, items=tuple(made)), key))
        _check_free(target)
        with writing_translated():
            unfinished.rename(target)
            flush_folder(target.parent)
    except BaseException:
        _remove(unfinished)
        raise
    yield open_bundle(target)


class _Carrier:
    """Writes files into the parts of a bundle, one after the other, and sums them up."""

    def __init__(self, writer: FileWriter | FolderWriter, total: int, stop: Stop) -> None:
        self._writer = writer
        self._stop = stop
        self._numbers = count()
        self._pace = Pace(total)
        self._done = 0
        self._buffer = memoryview(bytearray(_STEP))

    def carry(self, cargo: Cargo, item: Item) -> Generator[Transferred, None, Item]:
        """Write all files of an item; what they were. Raises Damaged if that is not as known."""
        contents = []
        for source, content in zip(cargo.files, item.files, strict=True):
            contents.append((yield from self._carry_file(source, content)))
        for known, content in zip(cargo.sha256, contents, strict=False):
            if known not in {"", content.sha256}:
                raise Damaged(
                    f"“{content.name}” is not what it was when it came here. Fetch it again first."
                )
        return replace(item, files=tuple(contents))

    def _carry_file(
        self, source: Path | bytes, content: Content
    ) -> Generator[Transferred, None, Content]:
        whole, parts, missing = hashlib.sha256(), [], content.size
        with translated():
            file = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
            before = _state(source)
        with file:
            for part in content.parts:
                sum_, left = hashlib.sha256(), part.size
                with writing_translated(), self._writer.part(next(self._numbers), left) as target:
                    while left:
                        self._stop.check()
                        with translated():
                            read = file.readinto(self._buffer[:left])
                        if not read:
                            break
                        data = self._buffer[:read]
                        target.write(data)
                        whole.update(data)
                        sum_.update(data)
                        left -= read
                        missing -= read
                        self._done += read
                        yield self._pace.at(self._done)
                parts.append(Part(part.size, sum_.hexdigest()))
        with translated():
            if missing or _state(source) != before:
                raise Interrupted(
                    f"“{content.name}” was changed while it was read. Try again once nothing "
                    "writes to it."
                )
        return replace(content, sha256=whole.hexdigest(), parts=tuple(parts))


def _state(source: Path | bytes) -> tuple[int, int]:
    """What changes with a file: its size, and its time in nanoseconds."""
    if isinstance(source, bytes):
        return len(source), 0
    state = source.stat()
    return state.st_size, state.st_mtime_ns


def _item(cargo: Cargo, largest: int) -> Item:
    """The item, with the sums of its files still to be found."""
    contents = []
    for source, name in zip(cargo.files, cargo.names, strict=True):
        with translated():
            size, _ = _state(source)
        if not size:
            raise Damaged(f"“{name}” is empty. Leave it out, or get it anew.")
        whole, rest = divmod(size, largest)
        sizes = [largest] * whole + ([rest] if rest else [])
        contents.append(Content(name, size, _NO_SUM, tuple(Part(each, _NO_SUM) for each in sizes)))
    return Item(
        cargo.kind,
        cargo.name,
        tuple(contents),
        cargo.licence,
        cargo.repository,
        cargo.commit,
        cargo.version,
        cargo.platform,
    )


def _head(manifest: Manifest, key: SecretKey) -> dict[str, bytes]:
    """What comes first in a bundle, as long as it will be whatever the sums are."""
    content = encode(manifest)
    signature = key.sign(content, f"Sottovoce bundle {manifest.sequence}")
    return {SIGNER: key.public.file, SIGNATURE: signature, MANIFEST: content}


def _apart(cargoes: Sequence[Cargo]) -> Iterator[Cargo]:
    """The same, with a number before the names of files that others have, too."""
    taken: set[tuple[Kind | None, str]] = set()
    for cargo in cargoes:
        names, numbers = cargo.names, count(2)
        while taken & (places := {way(cargo.kind, name) for name in names}):
            number = next(numbers)
            names = tuple(f"{number}-{name}" for name in cargo.names)
        taken |= places
        yield replace(cargo, names=names)


def _gguf_names(files: Sequence[Path], name: str) -> tuple[str, ...]:
    """Their own names where any machine takes them; else what the model is called."""
    own = tuple(f"{file.stem}.gguf" for file in files)
    if all(map(is_plain, own)) and all(file.suffix.lower() == ".gguf" for file in files):
        return own
    stem = plain(name)
    if len(files) == 1:
        return (f"{stem}.gguf",)
    return tuple(f"{stem}-{n:05}-of-{len(files):05}.gguf" for n in range(1, len(files) + 1))


def _sweep(folder: Path, key: SecretKey) -> None:
    """Remove what was begun with this key, by processes that were killed."""
    with writing_translated():
        for path in folder.glob("*.making"):
            number = _UNFINISHED.search(path.name)
            is_dead = number and not psutil.pid_exists(int(number[1]))
            if is_dead and is_begun_by(path, key.public.file):
                _remove(path)


def _check_room(target: Path, size: int) -> None:
    """Raise NoRoom if a bundle of this size does not fit there."""
    with writing_translated():
        free = shutil.disk_usage(target.parent).free
    if free < size + _SPARE:
        raise NoRoom(
            f"The bundle needs {(size + _SPARE) / 1e9:.1f} GB there. Free some space, or choose "
            "another place."
        )


def _check_free(target: Path) -> None:
    if os.path.lexists(target):
        raise Refused("There is something of that name already. Choose another for the bundle.")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
