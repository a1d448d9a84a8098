"""What comes back while a model is loaded and while it writes."""

from dataclasses import dataclass
from enum import StrEnum


class Finish(StrEnum):
    """Why a reply ended."""

    END = "end"
    """The model had said what it wanted to say."""
    STOP_STRING = "stop_string"
    LENGTH = "length"
    """The most tokens that were asked for are written."""
    CONTEXT_FULL = "context_full"
    STOPPED = "stopped"
    """The user stopped it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts in tokens."""

    prompt: int
    """The whole prompt, with what was in the KV cache already."""
    cached: int
    """How much of the prompt was in the KV cache and not read again."""
    generated: int
    context: int
    """The size of the context window the reply was made in."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds, and tokens per second."""

    load: float
    """Loading the model, told with the first reply after it; 0 with the others."""
    first_token: float
    """From the question's arrival at the engine to the first token."""
    prompt_speed: float
    """Tokens read per second; 0 if none had to be read."""
    speed: float
    """Tokens written per second; 0 if fewer than two were."""


@dataclass(frozen=True, slots=True)
class Loading:
    """The model is being loaded."""

    fraction: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The prompt is being read."""

    done: int
    """Tokens of the prompt in the KV cache by now."""
    total: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The next words of the reply."""

    text: str
    tokens: int = 1
    """How many tokens they were written with."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The reply is over; all its pieces came before."""

    finish: Finish
    usage: Usage
    timings: Timings
