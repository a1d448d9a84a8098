"""What a person chose to download, how far it came, and the news of it."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath

from sottovoce.domain.model import Role
from sottovoce.models.records import Acceptance

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file of a choice. What is None is asked of the hub at the first start, and then kept."""

    name: str
    """Its path inside the repository, with forward slashes."""
    size: int | None = None
    """Bytes."""
    sha256: str | None = None
    """In 64 small hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that a person wants, and all that makes it one thing and no other."""

    name: str
    """What the person knows it by, such as "Llama 3.1 8B Instruct"."""
    repository: str
    """Owner and name, such as "owner/model-GGUF"."""
    files: tuple[ChosenFile, ...]
    """All of a sharded set, in their order."""
    revision: str | None = None
    """The commit; None for the newest, which is then kept."""
    licence: str = ""
    """Its identifier, such as llama3.1; empty where none is known."""
    must_accept: bool = False
    """Whether its licence asks for the person's agreement."""
    acceptance: Acceptance | None = None
    """The person's agreement, where they gave it."""
    role: Role = Role.CHAT

    @property
    def is_exact(self) -> bool:
        """Whether nothing needs to be asked before it is fetched."""
        is_commit = _COMMIT.fullmatch(self.revision or "") is not None
        return is_commit and all(file.sha256 and file.size is not None for file in self.files)

    @property
    def size(self) -> int | None:
        """Bytes of all files; None until the hub has told them."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


class State(StrEnum):
    """How a download stands."""

    WAITING = "waiting"
    """It may be run."""
    RUNNING = "running"
    """Here, or in another window or command."""
    PAUSED = "paused"
    """By the person, until they resume it."""
    FAILED = "failed"
    """`Download.trouble` says why. What was fetched is kept where it can still be of use."""


@dataclass(frozen=True, slots=True)
class Download:
    """A place in the queue. It leaves the queue when the model is installed or it is cancelled."""

    id: str
    choice: Choice
    added: datetime
    """In UTC, with its time zone."""
    state: State
    done: int
    """Bytes that are on disk by now."""
    trouble: str = ""
    """A sentence; empty unless it failed."""


@dataclass(frozen=True, slots=True)
class Checking:
    """Bytes that were fetched are compared with what they should be."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Installed:
    """The model is on the shelf."""

    path: Path
    """Its first file."""


def local_name(name: str) -> str:
    """What a file of a repository is called on this machine: without its folders there."""
    path = PurePosixPath(name)
    return f"{path.stem}.gguf" if path.suffix.lower() == ".gguf" else path.name
