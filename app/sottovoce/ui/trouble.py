"""What went wrong, as the chat shows it: a sentence, and the button that mends it."""

from dataclasses import dataclass
from enum import Enum

from sottovoce.domain.problems import (
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unreachable,
    Unsupported,
)


class Remedy(Enum):
    """What a person can do about it. The value is what the button says."""

    CHOOSE_MODEL = "Choose a model…"
    OPEN_SETTINGS = "Open settings"
    TRY_AGAIN = "Try again"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sentence, and what helps; None where that is no button's business."""

    sentence: str
    remedy: Remedy | None


UNANSWERED = Trouble("This question has no answer yet.", Remedy.TRY_AGAIN)

_REMEDIES: dict[type[Problem], Remedy] = {
    Missing: Remedy.CHOOSE_MODEL,
    Damaged: Remedy.CHOOSE_MODEL,
    Unsupported: Remedy.CHOOSE_MODEL,
    NoRoom: Remedy.OPEN_SETTINGS,
    Interrupted: Remedy.TRY_AGAIN,
    Refused: Remedy.TRY_AGAIN,
    Unreachable: Remedy.TRY_AGAIN,
}


def trouble(error: Exception) -> Trouble:
    """How to tell `error`: a Problem in its own words, anything else without its details."""
    if isinstance(error, Problem):
        return Trouble(str(error), _REMEDIES.get(type(error), Remedy.TRY_AGAIN))
    return Trouble(
        "Something went wrong inside Sottovoce. Your words are kept.",
        Remedy.TRY_AGAIN,
    )
