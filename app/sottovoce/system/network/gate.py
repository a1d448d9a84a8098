"""The gate to the network. It is closed in every process; one kind of process may pass it, watched.

That is the network process, which holds no chats and no keys.
"""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sottovoce.system.network.ledger import Ledger

# Of the sockets only the local kind may exist: D-Bus, for the keyring, speaks through it.
_LOCAL = getattr(socket, "AF_UNIX", None)
_ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)


class NetworkRefused(Exception):
    """Something tried to reach the network. Not an OSError, which many libraries would retry."""


class NetworkGate:
    """Watches what this process does with sockets.

    It is a tripwire for Python code: code in other languages passes it, and is kept off the network
    by not being shipped.
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        """`ledger` takes what is refused."""
        self._is_closed = False
        self._ledger = ledger
        self._permits = threading.local()

    def close(self) -> None:
        """Refuse the network from now on, for as long as the process lives."""
        if self._is_closed:
            return
        self._is_closed = True
        sys.addaudithook(self._watch)

    @contextmanager
    def permit(self, host: str, port: int) -> Iterator[None]:
        """Let this thread look up `host`, a name or an address, and connect to it, in this block.

        Who permits, answers for it: this room does, and no other.
        """
        self._permits.now = (host, port)
        try:
            yield
        finally:
            self._permits.now = None

    def _watch(self, event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith("socket.") or not _leaves_machine(event, arguments):
            return
        permit: tuple[str, int] | None = getattr(self._permits, "now", None)
        if permit is not None and _is_within(permit, event, arguments):
            return
        if self._ledger is not None:
            self._ledger.refuse(f"Unexpected: {event}", *_destination(event, arguments))
        raise NetworkRefused("Sottovoce is offline. Nothing may use the network.")


def _leaves_machine(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "socket.__new__":
        return arguments[1] != _LOCAL
    if event in _ADDRESSED:
        return getattr(arguments[0], "family", None) != _LOCAL
    return event in _LOOKUPS


def _is_within(permit: tuple[str, int], event: str, arguments: tuple[object, ...]) -> bool:
    match event:
        case "socket.__new__":
            return True  # It reaches nobody until it is connected.
        case "socket.getaddrinfo" | "socket.connect":
            return _destination(event, arguments) == permit
        case "socket.gethostbyname" | "socket.gethostbyaddr":
            return _destination(event, arguments) == (permit[0], None)
    return False


def _destination(event: str, arguments: tuple[object, ...]) -> tuple[str, int | None]:
    """Host and port of an attempt, as far as it names them."""
    match event, arguments:
        case ("socket.getaddrinfo", (str() | bytes() as host, port, *_)):
            pass
        case (_, (_, (str() as host, port, *_), *_)):
            pass
        case (_, (str() as host,)):
            port = None
        case _:
            return "", None
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    return ascii(name)[1:-1], port if isinstance(port, int) else None
