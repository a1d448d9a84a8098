"""The LoRA adapters a person can have a model answer with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Missing, Problem, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.copying import copy
from sottovoce.models.gguf_file import translated
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Kind, Lora
from sottovoce.models.records import (
    FileRecord,
    file_record,
    link_place,
    new_record,
    read_links,
    record_place,
    write_record,
)
from sottovoce.models.shelf import is_path
from sottovoce.system.files import writing_translated

_NO_ADAPTER = "This file is no LoRA adapter. Choose one that was made for your model."


@dataclass(frozen=True, slots=True)
class AdapterItem:
    """An adapter on its shelf."""

    name: str
    path: Path
    size: int
    is_linked: bool
    """Whether the file lies where the person keeps it; else it is Sottovoce's."""
    architecture: str = ""
    """Of the models it fits, such as llama."""
    lora: Lora | None = None
    """None where the file cannot be used: then `trouble` says why."""
    trouble: str = ""


class AdapterShelf:
    """The adapters in a profile's folder and those linked from there. It reads when it is asked."""

    def __init__(self, folder: Path, policy: Policy = NO_RULES) -> None:
        self.folder = folder
        self._policy = policy

    def items(self) -> list[AdapterItem]:
        """All of them by their names, also what cannot be used."""
        own = [_item(path, is_linked=False) for path in self._own()]
        linked = [_item(path, is_linked=True) for path in self._linked()]
        return sorted((*own, *linked), key=lambda item: item.name.casefold())

    def files(self) -> list[Path]:
        """The files of all of them, be they there and of use or not."""
        return [*self._own(), *self._linked()]

    def find(self, wanted: str) -> AdapterItem:
        """The adapter a person means by the beginning of a name, or by the path of its file.

        Raises Missing, saying which there are.
        """
        start, path = wanted.casefold(), Path(wanted).absolute()
        there = self.items()
        for fits in (
            [item for item in there if item.path == path],
            [item for item in there if start in {item.name.casefold(), item.path.stem.casefold()}],
            [item for item in there if start and item.name.casefold().startswith(start)],
        ):
            if len(fits) == 1:
                return fits[0]
        if not there:
            raise Missing("There is no adapter yet. Import a GGUF file with one.")
        names = ", ".join(item.name for item in there)
        raise Missing(f"No one adapter is called that. Choose one of: {names}.")

    def path_of(self, wanted: str) -> Path:
        """The file a person means by a path, which need not be on the shelf, or by a name."""
        if is_path(wanted):
            return Path(wanted).absolute()
        return self.find(wanted).path

    def link(self, path: Path, stop: Stop) -> AdapterItem:
        """Put an adapter on the shelf whose file stays where it is.

        Raises Missing, Refused, Damaged or Unsupported if it cannot be used, Interrupted, and
        Cancelled.
        """
        path = path.absolute()
        if item := next((item for item in self.items() if item.path == path), None):
            return item
        record = new_record([_checked(path, self._policy, stop)])
        write_record(link_place(self.folder, path), record)
        return _item(path, is_linked=True)

    def copy(self, path: Path, stop: Stop) -> Iterator[Transferred | AdapterItem]:
        """Put a copy of an adapter on the shelf. Raises what `link` does, and NoRoom."""
        for news in copy([_checked(path, self._policy, stop)], self.folder / path.name, stop):
            if isinstance(news, Transferred):
                yield news
                continue
            target = self.folder / news.files[0].path
            write_record(record_place(target), new_record(news.files))
            yield _item(target, is_linked=False)

    def _own(self) -> Iterator[Path]:
        return self.folder.glob("*.[gG][gG][uU][fF]")

    def _linked(self) -> Iterator[Path]:
        return (Path(record.files[0].path) for record in read_links(self.folder))

    def remove(self, item: AdapterItem) -> None:
        """Take an adapter off the shelf; of a linked one only the record is deleted."""
        place = link_place(self.folder, item.path) if item.is_linked else record_place(item.path)
        with writing_translated():
            for file in (place,) if item.is_linked else (item.path, place):
                file.unlink(missing_ok=True)


def _checked(path: Path, policy: Policy, stop: Stop) -> FileRecord:
    """The file as it was before it was looked into. Raises what `AdapterShelf.link` does."""
    with translated():
        record = file_record(path)
    inspection = inspect(path, stop, needs_sandbox=policy.needs_sandbox)
    if inspection.kind is not Kind.ADAPTER:
        raise Unsupported(_NO_ADAPTER)
    if inspection.trouble:
        raise Unsupported(inspection.trouble)
    return record


def _item(path: Path, *, is_linked: bool) -> AdapterItem:
    """What the file says now. It was looked into by a process of its own when it was added."""
    # Late: it brings along what reads chat templates, which a window's start need not wait for.
    from sottovoce.models.examine import examine

    size = path.stat().st_size if path.is_file() else 0
    plain = AdapterItem(path.stem, path, size, is_linked)
    try:
        found = examine(path)
    except Problem as problem:
        return replace(plain, trouble=str(problem))
    if found.kind is not Kind.ADAPTER or found.trouble:
        return replace(plain, trouble=found.trouble or _NO_ADAPTER)
    name = found.name or path.stem
    return replace(plain, name=name, architecture=found.architecture, lora=found.lora)
