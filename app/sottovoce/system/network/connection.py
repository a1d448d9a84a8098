"""Connections through the gate: to one host only, looked up, checked, written down and counted."""

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from sottovoce.domain.problems import Refused
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import is_this_computer

_COUNT_EVERY = 64_000_000
"""Bytes between two notes in the ledger, which are all that is left if the process is killed."""


class Doorway(httpcore2.NetworkBackend):
    """Makes connections to one host, and to none beside it."""

    def __init__(
        self,
        gate: NetworkGate,
        ledger: Ledger,
        *,
        purpose: str,
        host: str,
        may_be_inner: bool,
        most: int | None,
    ) -> None:
        """`purpose` is what the ledger says. `most`: bytes that may come through one connection.

        `may_be_inner`: whether the host may turn out to be this computer.
        """
        self._gate = gate
        self._ledger = ledger
        self._purpose = purpose
        self._host = host
        self._may_be_inner = may_be_inner
        self._most = most

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Raises httpcore2's errors; Refused, and NoRoom where it cannot be written down."""
        assert host == self._host, "each host has a doorway of its own"
        name = self._ledger.allow(self._purpose, host, port)
        failure: Exception | None = None
        for address in self._addresses(host, port):
            try:
                with self._gate.permit(address, port):
                    stream = httpcore2.SyncBackend().connect_tcp(address, port, timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = failure or error
                continue
            return _Counted(stream, _Meter(self._ledger, name, self._most), self._gate)
        raise failure or httpcore2.ConnectError("The name has no address.")

    def _addresses(self, host: str, port: int) -> list[str]:
        """Where the host is. Raises Refused if its name leads where such names do not."""
        try:
            with self._gate.permit(host, port):
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        ours = is_this_computer(host)
        if ours and not all(map(is_this_computer, addresses)):
            where = "out of"
        elif not ours and not self._may_be_inner and any(map(_is_inner, addresses)):
            where = "into"
        else:
            return addresses
        self._ledger.refuse(self._purpose, host, port)
        raise Refused(
            f"The name {host} leads {where} this computer, so nothing was sent. "
            "Check the network you are in."
        )


class _Meter:
    """Bytes of one connection."""

    def __init__(self, ledger: Ledger, name: str, most: int | None) -> None:
        self._ledger = ledger
        self._name = name
        self._most = most
        self._received = self._sent = 0
        self._told = 0

    def sent(self, size: int) -> None:
        self._sent += size

    def received(self, size: int) -> None:
        self._received += size
        if self._most is not None and self._received > self._most:
            raise Refused("The answer is larger than it should be, so it was not read.")
        if self._received - self._told > _COUNT_EVERY:
            self.tell()

    def tell(self) -> None:
        self._told = self._received
        self._ledger.count(self._name, received=self._received, sent=self._sent)


class _Counted(httpcore2.NetworkStream):
    """A stream whose bytes are counted; what is encrypted, before it is."""

    def __init__(self, stream: httpcore2.NetworkStream, meter: _Meter, gate: NetworkGate) -> None:
        self._stream = stream
        self._meter = meter
        self._gate = gate

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, timeout)
        self._meter.received(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._meter.sent(len(buffer))

    def close(self) -> None:
        self._meter.tell()
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        # Python makes a new socket object for the same connection.
        with self._gate.permit("", 0):
            stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Counted(stream, self._meter, self._gate)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _is_inner(address: str) -> bool:
    """Whether an address is of this computer or its cable, and of no host that has a name."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast
