"""Who has the databases of a profile open, so that they are replaced only when nobody has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sottovoce.domain.problems import Interrupted
from sottovoce.system.lock import locked, shared

_PATIENCE = 5.0
"""Seconds, in which a program that ends lets go, and files take each other's places."""


def _lock(folder: Path) -> Path:
    return folder / "in-use"


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Keep what lies in `folder` from being replaced. Raises Interrupted while it is, Refused."""
    with shared(_lock(folder), _PATIENCE) as may_use:
        if not may_use:
            raise Interrupted("Your chats are just being replaced. Try again when that is done.")
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let nobody use what lies in `folder`. Raises Interrupted if somebody does, Refused."""
    with locked(_lock(folder), _PATIENCE) as is_alone:
        if not is_alone:
            raise Interrupted("Another Sottovoce is using these chats. Close it and try again.")
        yield
