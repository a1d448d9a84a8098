"""The models that Sottovoce recommends: the data of resources/catalogue.json.

What could not be known without asking the hub is not in it. A variant without pinned files names
only its repository; names, sizes and hashes are then taken from the hub at the moment of choice,
and recorded.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from typing import Any

import msgspec

from sottovoce.domain.footprint import Shape
from sottovoce.domain.model import Role
from sottovoce.domain.parts import is_whole_set
from sottovoce.domain.problems import Damaged, Missing
from sottovoce.models.repository import RemoteFile, Repository
from sottovoce.system.paths import resource

_NOT_KEPT = frozenset({"mit"})
"""Licences whose text names the authors: each model has one of its own."""


class Trust(StrEnum):
    """Where the hashes of a download come from."""

    PINNED = "pinned"
    """From the catalogue: the very bytes that were looked at when it was made."""
    FIRST_USE = "first use"
    """From the hub, at the moment of choice; from then on they must stay the same."""


@dataclass(frozen=True, slots=True)
class Licence:
    """The terms a model comes with."""

    id: str
    """As hubs call it, such as "llama3.1"."""
    name: str
    link: str
    """Where the full text stands."""
    must_accept: bool
    """Whether the person has to agree before the download."""
    attribution: str = ""
    """What has to be shown wherever the model is used; empty if nothing has to."""
    notice: str = ""
    """What has to stand in a notice with each copy of the model; empty if nothing has to."""
    text: str = ""
    """In our own words, what the person agrees to; empty where nothing has to be agreed to."""
    full_text: str = ""
    """All of it, word by word; empty where it is not kept here."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A model at one quantisation."""

    quantisation: str
    repository: str
    size: int
    """Bytes of all files."""
    shape: Shape | None = None
    """None where it is not known: for some models that do not chat."""
    commit: str = ""
    """Empty where it is not pinned: then the newest."""
    files: tuple[RemoteFile, ...] = ()
    """Empty where they are not pinned."""

    @property
    def trust(self) -> Trust:
        return Trust.PINNED if self.files else Trust.FIRST_USE

    @property
    def size_is_computed(self) -> bool:
        """Whether the size follows from llama.cpp's rules; else it was read at the source."""
        return not self.files


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the catalogue, at its quantisations."""

    id: str
    """What is typed for it, such as "llama-3.1-8b-instruct"."""
    name: str
    maker: str
    role: Role
    parameters: int
    context_length: int
    """Tokens it was trained to see at once."""
    languages: tuple[str, ...]
    """Two-letter codes of those its makers name; empty where they name more than can be listed."""
    template: str
    """How it is spoken to, in words."""
    note: str
    """A sentence about what it is good for."""
    licence: Licence
    variants: tuple[Variant, ...]
    """The smallest first."""

    def variant(self, quantisation: str) -> Variant:
        """The variant of that name, in upper or lower case. Raises Missing, naming those there."""
        for variant in self.variants:
            if variant.quantisation.casefold() == quantisation.casefold():
                return variant
        there = ", ".join(variant.quantisation for variant in self.variants)
        raise Missing(f"{self.name} is not offered like that. Choose one of: {there}.")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, with the licences that models in general come with."""

    entries: tuple[Entry, ...]
    licences: tuple[Licence, ...]

    def find(self, wanted: str) -> Entry:
        """The entry a person means by its id or by the beginning of a name. Raises Missing."""
        start = wanted.casefold()
        for fits in (
            [entry for entry in self.entries if start in {entry.id, entry.name.casefold()}],
            [entry for entry in self.entries if _begins(entry, start)],
        ):
            if len(fits) == 1:
                return fits[0]
            if fits:
                listed = ", ".join(entry.id for entry in fits)
                raise Missing(f"That could be several models. Choose one of: {listed}.")
        raise Missing("No model is called that. See: sottovoce models catalogue")

    def licence(self, id_: str) -> Licence | None:
        """The licence that hubs call so; None where it is not known here."""
        return next((licence for licence in self.licences if licence.id == id_), None)


def catalogue() -> Catalogue:
    """Read the catalogue that came with Sottovoce. Raises Damaged."""
    try:
        kept = json.loads(resource("catalogue.json").read_text("utf-8"))
        licences = {values["id"]: _licence(values) for values in kept["licences"]}
        entries = tuple(_entry(values, licences) for values in kept["entries"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged("A part of Sottovoce is damaged. Install it again.") from error
    return Catalogue(entries, tuple(licences.values()))


def files_of(variant: Variant, repository: Repository) -> tuple[RemoteFile, ...]:
    """The files of a variant, the first part first, as its repository has them now.

    Raises Missing where they are not there, or not all of them.
    """
    if variant.files:
        return variant.files
    pattern = pattern_of(variant.quantisation)
    fits = [file for file in repository.files if fnmatch(file.name.casefold(), pattern)]
    files = tuple(sorted(fits, key=lambda file: file.name))
    if not is_whole_set([file.name for file in files]):
        raise Missing(
            f"{repository.name} does not offer {variant.quantisation} any more. Choose another."
        )
    return files


def pattern_of(quantisation: str) -> str:
    """What names of files at this quantisation look like in small letters, as shells match them."""
    return f"*[-._]{quantisation.casefold()}[-.]*gguf"


def _begins(entry: Entry, start: str) -> bool:
    return entry.id.startswith(start) or entry.name.casefold().startswith(start)


def _licence(values: Mapping[str, Any]) -> Licence:
    text = _kept(f"{values['id']}.md") if values["must_accept"] else ""
    full_text = "" if values["id"] in _NOT_KEPT else _kept(f"{values['id']}.txt")
    return Licence(**values, text=text, full_text=full_text)


def _kept(name: str) -> str:
    return resource(f"licences/{name}").read_text("utf-8")


def _entry(values: Mapping[str, Any], licences: Mapping[str, Licence]) -> Entry:
    return Entry(
        id=values["id"],
        name=values["name"],
        maker=values["maker"],
        role=Role(values["role"]),
        parameters=values["parameters"],
        context_length=values["context_length"],
        languages=tuple(values["languages"]),
        template=values["template"],
        note=values["note"],
        licence=licences[values["licence"]],
        variants=tuple(_variant(each, values) for each in values["variants"]),
    )


def _variant(values: Mapping[str, Any], entry: Mapping[str, Any]) -> Variant:
    """A variant has the repository and the dimensions of its entry, unless it says otherwise."""
    shape = entry.get("shape")
    if shape is not None:
        # The bytes of its tensors stand beside it; `convert` takes what a Shape is made of.
        shape = msgspec.convert({**values, **shape, **values.get("shape", {})}, Shape)
    return Variant(
        quantisation=values["quantisation"],
        repository=values.get("repository", entry["repository"]),
        size=values["size"],
        shape=shape,
        commit=values.get("commit", ""),
        files=tuple(RemoteFile(**file) for file in values.get("files", ())),
    )
