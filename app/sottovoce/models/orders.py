"""What a program and its network process say to each other."""

import os
from pathlib import Path
from typing import ClassVar, TypeAlias

from sottovoce.domain.problems import (
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unidentified,
    Unreachable,
    Unsupported,
)
from sottovoce.models.repository import FetchOrder, Found, RemoteFile, Repository
from sottovoce.system.child import Message
from sottovoce.system.network.switch import NetworkSettings

_KINDS = (Damaged, Interrupted, Missing, NoRoom, Unidentified, Refused, Unreachable, Unsupported)
# A class stands before the one it is a kind of.


# What the network process is told: one errand, and a stop if it is no longer wanted.


class Search(Message, frozen=True):
    """Find repositories with GGUF files, most wanted first."""

    purpose: ClassVar[str] = "Search for models"
    """What the ledger says."""

    text: str
    limit: int


class Describe(Message, frozen=True):
    """Look at a repository at a revision; None is its newest."""

    purpose: ClassVar[str] = "Look at a model"

    repository: str
    revision: str | None


class Fetch(Message, frozen=True):
    """Fetch a file, on top of what its part holds already."""

    purpose: ClassVar[str] = "Download a model"

    repository: str
    commit: str
    file: RemoteFile
    part: bytes
    """As the file system has it; it may be no valid text."""

    @classmethod
    def of(cls, order: FetchOrder) -> "Fetch":
        return cls(order.repository, order.commit, order.file, os.fsencode(order.part))

    @property
    def order(self) -> FetchOrder:
        return FetchOrder(self.repository, self.commit, self.file, Path(os.fsdecode(self.part)))


class Errand(Message, frozen=True):
    """What to do, and the way to the network."""

    what: Search | Describe | Fetch
    settings: NetworkSettings
    """What the switch let through when this was ordered."""
    switch: bytes
    """Where the switch is: the errand ends when it says something else."""
    token: str | None
    ledger: bytes


class Stop(Message, frozen=True):
    """Give up the errand."""


Order: TypeAlias = Errand | Stop


# What it tells. The last news is an Answer.


class Transferred(Message, frozen=True):
    """How many bytes of the file are there."""

    done: int
    total: int


class Results(Message, frozen=True):
    """What a search found."""

    found: tuple[Found, ...]


class Described(Message, frozen=True):
    """The repository that was asked for."""

    repository: Repository


class Fetched(Message, frozen=True):
    """The part holds the whole file."""


class Failed(Message, frozen=True):
    """A Problem, by the name of its class."""

    kind: str
    sentence: str

    @classmethod
    def of(cls, problem: Problem) -> "Failed":
        return cls(next(k.__name__ for k in _KINDS if isinstance(problem, k)), str(problem))

    @property
    def problem(self) -> Problem:
        return next(k for k in _KINDS if k.__name__ == self.kind)(self.sentence)


class Cancelled(Message, frozen=True):
    """The errand was given up because of a Stop."""


Answer: TypeAlias = Results | Described | Fetched | Failed | Cancelled
News: TypeAlias = Transferred | Answer
