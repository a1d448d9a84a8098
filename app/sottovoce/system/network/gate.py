"""The gate to the network. Nothing is ever allowed through yet."""

import socket
import sys
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

# Of the sockets only the local kind may exist: D-Bus, for the keyring, speaks through it.
_LOCAL = getattr(socket, "AF_UNIX", None)
_ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)
_MOST_REFUSALS = 1000


class NetworkRefused(Exception):
    """Something tried to reach the network. Not an OSError, which many libraries would retry."""


class NetworkState(StrEnum):
    """Whether anything may leave the machine."""

    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt that was refused."""

    moment: datetime
    """In UTC, with its time zone."""
    kind: str
    """What Python calls the attempt, such as "socket.connect"."""


class NetworkGate:
    """Watches what this process does with sockets.

    It is a tripwire for Python code: code in other languages passes it, and is kept off the network
    by not being shipped.
    """

    def __init__(self) -> None:
        self._is_closed = False
        self._refusals: deque[Refusal] = deque(maxlen=_MOST_REFUSALS)

    @property
    def state(self) -> NetworkState:
        return NetworkState.OFFLINE

    def close(self) -> None:
        """Refuse the network from now on, for as long as the process lives."""
        if self._is_closed:
            return
        self._is_closed = True
        sys.addaudithook(self._watch)

    def refusals(self) -> list[Refusal]:
        """Return the latest thousand attempts, oldest first."""
        return list(self._refusals)

    def _watch(self, event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith("socket."):
            return
        if _leaves_machine(event, arguments):
            self._refusals.append(Refusal(datetime.now(UTC), event))
            raise NetworkRefused("Sottovoce is offline. Nothing may use the network.")


def _leaves_machine(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "socket.__new__":
        return arguments[1] != _LOCAL
    if event in _ADDRESSED:
        return getattr(arguments[0], "family", None) != _LOCAL
    return event in _LOOKUPS
