"""What the library tells while it reads documents."""

from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.document import Document


@dataclass(frozen=True, slots=True)
class Working:
    """What is being done, and how much is left of all that is to be done."""

    path: Path | None
    """The file at work; None if nothing is left to do."""
    page: int
    """Pages of it that were read."""
    pages: int | None
    """How many it has, once that is known."""
    read: int
    """Documents that were read since this work began."""
    waiting: int
    """Documents that are still to be read."""
    embedded: int
    """Passages that got their vectors since this work began."""
    without_vectors: int
    """Passages whose vectors are still missing."""
    seconds_left: float | None = None
    """None while that cannot be said."""
    pages_per_second: float = 0
    is_paused: bool = False
    trouble: str = ""
    """A sentence, if something cannot be done: an embedding model that is gone, for one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A document has been read, or could not be: its state and its trouble say so."""

    document: Document


News = Working | Settled
