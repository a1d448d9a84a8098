"""Conversations, and the messages they are made of."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sottovoce.domain.document import Scope, Sources
from sottovoce.domain.reply import Finish, Timings, Usage

FIRST_TEMPORARY = 1 << 30
"""Conversations, messages and documents from this number on are in memory alone.

Nobody has as many that are kept; and what comes after it still fits in 32 bits, as signals need it.
"""


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class State(StrEnum):
    """How far a message got."""

    COMPLETE = "complete"
    WRITING = "writing"
    STOPPED = "stopped"
    """The user stopped it; what was written stays."""
    INTERRUPTED = "interrupted"
    """The engine or the application ended in the middle; what was written stays."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said: all that a model needs to see of a message."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One node in the tree of a conversation."""

    id: int
    conversation: int
    parent: int | None
    """The message this one follows; None for the first."""
    role: Role
    text: str
    state: State
    created: datetime
    """In UTC, with its time zone."""
    model: str = ""
    """The name of the model that wrote it; empty for the user's words."""
    finish: Finish | None = None
    usage: Usage | None = None
    timings: Timings | None = None
    variants: tuple[int, ...] = ()
    """All messages that follow the same parent, this one among them, oldest first: their ids."""
    sources: Sources | None = None
    """What a reply was written from; None if no documents were asked. Their passages come without
    text: it is read in the document, and is gone when that is removed."""

    @property
    def turn(self) -> Turn:
        return Turn(self.role, self.text)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat, as a list shows it."""

    id: int
    title: str
    """Empty until the first message is there."""
    created: datetime
    updated: datetime
    """When its last message came. Both in UTC, with their time zone."""
    leaf: int | None = None
    """The last message of the branch that is shown; None while the chat is empty."""
    scope: Scope = field(default_factory=Scope)
    """The documents it is answered from; empty if it is answered without."""

    @property
    def is_temporary(self) -> bool:
        """Whether it is in memory alone, and gone when it is closed."""
        return self.id >= FIRST_TEMPORARY


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a search found its words."""

    conversation: Conversation
    message: int | None
    """None when the words are in the title."""
    excerpt: str
    """One line of text around the first match."""
    start: int
    """Where the match begins in `excerpt`, in characters."""
    length: int
