"""The list of what is in a bundle: the one thing that is signed, and all else follows from it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from typing import Annotated, Literal

import msgspec

from sottovoce.domain.parts import is_whole_set
from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.models.gguf import line
from sottovoce.models.names import is_plain, same_place

LARGEST_MANIFEST = 4_000_000
"""Bytes; the largest models in many parts come to a hundredth of it."""
LARGEST_PART = 2**32 - 1
"""Bytes: FAT32 keeps no larger file."""
_MOST_ITEMS, _MOST_PARTS = 1_000, 5_000
_LARGEST = 2**50
"""Bytes of all together."""
_LONGEST_TEXT = 200
# At the ends of the calendar, a moment may have no name in the time of this computer.
_FIRST_YEAR, _LAST_YEAR = 2000, 9000

_WRONG = "The list of contents of this bundle contradicts itself. Ask its signer for another."

Size = Annotated[int, msgspec.Meta(gt=0, le=_LARGEST)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, msgspec.Meta(max_length=_LONGEST_TEXT)]


class Kind(StrEnum):
    """What can be carried."""

    MODEL = "model"
    """For chats, embedding or ranking."""
    ADAPTER = "adapter"
    LICENCE = "licence"
    """The terms of what is carried with it."""
    APPLICATION = "application"
    """Sottovoce itself, for whoever sets it up there."""
    POLICY = "policy"
    """For an administrator to look at and to install: it is never obeyed from here."""
    PACK = "pack"
    """Libraries by which llama.cpp computes on a GPU."""


LOADED = frozenset({Kind.MODEL, Kind.ADAPTER})
"""What the engine opens."""
SHELVED = LOADED | {Kind.LICENCE}
"""What Sottovoce puts in its own folder. The rest is handed to a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the bundle: all of what it carries, or a piece that small media can hold."""

    size: Size
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class Content:
    """A file that is carried."""

    name: str
    size: Size
    sha256: Sha256
    parts: tuple[Part, ...]
    """Its bytes, one after the other."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a person knows as one thing."""

    kind: Kind
    name: Text
    files: tuple[Content, ...]
    """All of a sharded model, in their order; all libraries of a pack; else one."""
    licence: Text = ""
    """Its identifier, such as llama3.1; empty where none is known."""
    repository: Text = ""
    """Where a model was downloaded from; empty where that is not known."""
    commit: Text = ""
    version: Text = ""
    """Of an application; of the llama.cpp that a pack belongs to. Else empty."""
    platform: Text = ""
    """What code runs on, such as linux-x86_64; empty where that is not said."""

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a bundle."""

    name: Text
    """Of the line of bundles it belongs to: later ones take the place of earlier ones."""
    sequence: Annotated[int, msgspec.Meta(gt=0, lt=2**53)]
    """Grows from bundle to bundle of one name and signer."""
    created: datetime
    program: Text
    """The version of Sottovoce that made it."""
    items: tuple[Item, ...]
    format: Literal["sottovoce-bundle"] = "sottovoce-bundle"
    version: Literal[1] = 1

    @property
    def files(self) -> Iterator[Content]:
        """All that is carried, in the order of the parts."""
        return chain.from_iterable(item.files for item in self.items)

    @property
    def parts(self) -> list[Part]:
        """All parts, in their order: their number is their name."""
        return [part for file in self.files for part in file.parts]

    @property
    def size(self) -> int:
        """Bytes of all that is carried."""
        return sum(item.size for item in self.items)


def way(kind: Kind, name: str) -> tuple[Kind | None, str]:
    """What two files have in common that would be in each other's way where they are installed."""
    return kind if kind in SHELVED else None, same_place(name)


def encode(manifest: Manifest) -> bytes:
    """The one way a manifest is written, which people can read, too."""
    values = msgspec.to_builtins(manifest)
    return json.dumps(values, sort_keys=True, indent=1).encode() + b"\n"


def decode(content: bytes) -> Manifest:
    """What a manifest says, once its signature was checked.

    Even a trusted signer gets nothing out of place: names are names, sizes add up, and nothing is
    said twice. Raises Damaged, or Unsupported if a newer Sottovoce wrote it.
    """
    try:
        values = json.loads(content)
        if values["version"] != 1:
            raise Unsupported("A newer Sottovoce made this bundle. Update Sottovoce to install it.")
        manifest = msgspec.convert(values, Manifest)
        is_ours = encode(manifest) == content
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(_WRONG) from error
    if not is_ours or not _is_sound(manifest):
        raise Damaged(_WRONG)
    return manifest


def _is_sound(manifest: Manifest) -> bool:
    items = manifest.items
    places = [way(item.kind, file.name) for item in items for file in item.files]
    return (
        0 < len(items) <= _MOST_ITEMS
        and len(manifest.parts) <= _MOST_PARTS
        and manifest.size <= _LARGEST
        and manifest.created.utcoffset() == timedelta()
        and _FIRST_YEAR <= manifest.created.year < _LAST_YEAR
        and _is_shown_as_it_is(manifest.name, manifest.program)
        and len(set(places)) == len(places)
        and all(map(_is_item_sound, items))
    )


def _is_item_sound(item: Item) -> bool:
    names = [file.name for file in item.files]
    return (
        all(map(is_plain, names))
        and _is_shown_as_it_is(
            *(item.name, item.licence, item.repository, item.commit, item.version, item.platform)
        )
        and (item.kind in LOADED) == all(name.endswith(".gguf") for name in names)
        and (item.kind is Kind.PACK or is_whole_set(names))
        and all(map(_adds_up, item.files))
    )


def _is_shown_as_it_is(*texts: str) -> bool:
    """Whether nothing in them could make a line read as what it does not say."""
    return all(line(text, _LONGEST_TEXT) == text for text in texts)


def _adds_up(file: Content) -> bool:
    sizes = [part.size for part in file.parts]
    return sum(sizes) == file.size and all(size <= LARGEST_PART for size in sizes)
