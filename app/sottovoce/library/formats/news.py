"""What a reader of documents tells: first `About`, then pages in their order."""

from dataclasses import dataclass
from typing import TypeAlias

from sottovoce.domain.document import Format, Page


@dataclass(frozen=True, slots=True)
class About:
    """What kind of document this is. Always comes, and comes first."""

    format: Format
    title: str
    """What it calls itself; empty if it does not."""
    pages: int | None
    """How many it has, where that is known before they are read."""


@dataclass(frozen=True, slots=True)
class Partly:
    """Something of the document could not be read; all the rest is."""

    sentence: str


News: TypeAlias = About | Page | Partly
