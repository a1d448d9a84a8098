"""What a hub says about the models it offers, and what is asked of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Gate(StrEnum):
    """Whether a repository gives its files to anybody."""

    OPEN = "open"
    AUTOMATIC = "auto"
    """To whoever has an account and accepted the terms on the repository's page."""
    MANUAL = "manual"
    """To those whom its authors let in, one by one."""


@dataclass(frozen=True, slots=True)
class Found:
    """One repository among the results of a search."""

    repository: str
    """Owner and name, such as "owner/model-GGUF"."""
    downloads: int
    """In the last 30 days, as the hub counts them."""
    likes: int
    gate: Gate
    updated: datetime | None
    """In UTC, with its time zone."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository."""

    name: str
    """Its path inside the repository, with forward slashes."""
    size: int
    """Bytes."""
    sha256: str | None
    """In 64 small hexadecimal digits; None if the hub doesn't know it, as of small files."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit."""

    name: str
    commit: str
    """The 40 hexadecimal digits that pin it."""
    files: tuple[RemoteFile, ...]
    gate: Gate
    licence: str
    """As the repository calls it, such as "apache-2.0"; empty if it doesn't say."""
    tags: tuple[str, ...] = ()
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """One file to be fetched, on top of what its part holds already."""

    repository: str
    commit: str
    file: RemoteFile
    part: Path
    """Where the bytes go. Its folder is there."""
