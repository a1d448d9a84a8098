"""What answering tells while it goes on."""

from dataclasses import dataclass

from sottovoce.domain.conversation import Message
from sottovoce.domain.document import Sources
from sottovoce.domain.reply import Loading, Piece, Reading
from sottovoce.engine.engine import Loaded


@dataclass(frozen=True, slots=True)
class Said:
    """The user's words are saved."""

    message: Message


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is in memory."""

    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Searching:
    """The documents are being searched."""

    query: str


@dataclass(frozen=True, slots=True)
class Consulted:
    """What the documents gave for the answer, before it is written: no citations yet."""

    sources: Sources


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into the context window, and what does not."""

    sent: int
    """Messages the model is shown."""
    left_out: int
    """Earlier messages of this chat it is not shown."""
    tokens: int
    """Size of what is sent, with an allowance for what the chat template adds."""
    context: int
    """The most tokens the context window can hold."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The reply has its place in the conversation."""

    message: Message


@dataclass(frozen=True, slots=True)
class Saved:
    """The reply is over and kept as it is."""

    message: Message


News = Said | Loading | Ready | Searching | Consulted | Packed | Begun | Reading | Piece | Saved
