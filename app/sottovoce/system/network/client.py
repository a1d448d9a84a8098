"""The one place that makes an HTTP client: it reaches permitted hosts alone, through the gate."""

import socket
import ssl
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import truststore

from sottovoce import __version__
from sottovoce.domain.problems import Interrupted, Problem, Refused, Unreachable, Unsupported
from sottovoce.system.network.connection import Doorway
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings, is_this_computer

_TIMEOUT = httpx2.Timeout(30.0, connect=15.0)
"""Seconds for each step: to connect, to hear the next bytes, to get the next bytes out."""
_MOST_REDIRECTS = 5
_PORTS = {"https": 443, "http": 80}


_FILES = (
    "/etc/ca-certificates", "/etc/crypto-policies", "/etc/pki", "/etc/ssl",
    "/usr/local/share/ca-certificates", "/usr/share/ca-certificates", "/usr/share/pki",
    "/etc/gai.conf", "/etc/host.conf", "/etc/hosts", "/etc/localtime", "/etc/nsswitch.conf",
    "/etc/protocols", "/etc/resolv.conf", "/etc/services", "/run/systemd/resolve",
)  # fmt: skip
"""Where Linux systems keep the certificates that they trust, and how names are looked up."""


@dataclass(frozen=True, slots=True)
class Way:
    """What a client needs to reach the network."""

    settings: NetworkSettings
    gate: NetworkGate
    ledger: Ledger
    token: str | None = None
    """Who the user is at the hub. It is sent to the endpoint and to no other host."""


class Client(httpx2.Client):
    """An HTTP client whose every failure is a Problem: Unreachable and Interrupted may pass.

    It keeps no cookies, follows redirects only where asked to, and asks for bytes as they are.
    """

    def __init__(
        self,
        way: Way,
        purpose: str,
        *,
        most: int | None = None,
        check: Callable[[int, Mapping[str, str]], None] = lambda status, headers: None,
        follow_redirects: bool = False,
    ) -> None:
        """`purpose` goes into the ledger. `most`: bytes that one connection may bring.

        `check` is told the status and headers of each answer, and may raise.
        """
        self._way = way
        self._purpose = purpose
        self._check_answer = check
        super().__init__(
            transport=_Transport(way, purpose, most),
            timeout=_TIMEOUT,
            follow_redirects=follow_redirects,
            max_redirects=_MOST_REDIRECTS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            event_hooks={"request": [self._prepare], "response": [self._look_at]},
        )

    def address(self, path: str) -> str:
        """Where a path is at the endpoint. Its slashes separate; all else is part of a name."""
        return f"{self._way.settings.endpoint}/{urllib.parse.quote(path)}"

    def is_endpoint(self, address: str) -> bool:
        """Whether an address is at the endpoint, and not at another host it leads to."""
        return httpx2.URL(address).origin == httpx2.URL(self._way.settings.endpoint).origin

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        with _translated(_host(request.url)):
            return super().send(request, **options)

    def _prepare(self, request: httpx2.Request) -> None:
        """Called for every request, also for those a redirect leads to. Raises Refused."""
        url, settings = request.url, self._way.settings
        host, port = _host(url), url.port or _PORTS.get(url.scheme)
        if not settings.permits(host):
            self._way.ledger.refuse(self._purpose, host, port)
            raise Refused(_not_allowed(settings, host))
        if url.scheme != "https" and not is_this_computer(host):
            self._way.ledger.refuse(self._purpose, host, port)
            raise Refused(
                f"{settings.endpoint_host} leads to {host} without encryption, "
                "so nothing was fetched. Try another mirror."
            )
        # Whatever a library put there says more of this computer than the hub needs to know.
        request.headers["User-Agent"] = f"Sottovoce/{__version__}"
        request.headers["Accept-Encoding"] = "identity"
        request.headers.pop("Authorization", None)
        if self._way.token and self.is_endpoint(str(url)):
            request.headers["Authorization"] = f"Bearer {self._way.token}"
        if not any((request.extensions.get("timeout") or {}).values()):
            request.extensions = {**request.extensions, "timeout": _TIMEOUT.as_dict()}

    def _look_at(self, response: httpx2.Response) -> None:
        """Called for every answer, before its body is read. Raises what the check does, Refused."""
        self._check_answer(response.status_code, response.headers)
        # A few packed bytes might unpack to more than there is room for.
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(
                f"{_host(response.url)} sent something that was not asked for. Try another mirror."
            )


class _Transport(httpx2.BaseTransport):
    """Takes each request to its host through a doorway of its own, or through the user's proxy."""

    def __init__(self, way: Way, purpose: str, most: int | None) -> None:
        self._way = way
        self._purpose = purpose
        self._most = most
        self._pools: dict[tuple[str, str | None], _Pool] = {}
        self._trust: ssl.SSLContext | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = _host(request.url)
        proxy = self._proxy(request.url.scheme, host)
        if (host, proxy) not in self._pools:
            self._pools[host, proxy] = self._pool(host, proxy)
        with _translated(host):
            response = self._pools[host, proxy].handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        body: httpx2.SyncByteStream = _Body(response.stream, host)
        if response.has_redirect_location:
            # It would be read for nobody, and might never end.
            body.close()
            body = httpx2.ByteStream(b"")
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=body,
            extensions=response.extensions,
        )

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _pool(self, host: str, proxy: str | None) -> "_Pool":
        if self._trust is None:  # That of the system, with what an organisation added to it.
            self._trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if proxy is None:
            may_be_inner = is_this_computer(host) or self._way.settings.names(host)
            doorway = self._doorway(self._purpose, host, may_be_inner=may_be_inner)
            return _Pool(httpcore2.ConnectionPool(self._trust, network_backend=doorway))
        server, settings = _server(proxy), self._way.settings
        if settings.only is not None and not settings.permits(_host(server.url)):
            self._way.ledger.refuse(self._purpose, _host(server.url), server.url.port)
            raise Refused(_not_allowed(settings, _host(server.url)))
        purpose = f"{self._purpose}, through a proxy to {host}"
        return _Pool(
            httpcore2.HTTPProxy(
                str(server.url),
                proxy_auth=server.raw_auth,
                ssl_context=self._trust,
                network_backend=self._doorway(purpose, _host(server.url), may_be_inner=True),
            )
        )

    def _proxy(self, scheme: str, host: str) -> str | None:
        """The proxy that the environment or the system wants used, as an address."""
        proxies = urllib.request.getproxies()
        proxy = proxies.get(scheme) or proxies.get("all")
        if not proxy or is_this_computer(host):
            return None
        # macOS and Windows name exceptions by address, too, and look the host up to know its own.
        with self._way.gate.permit(host, 0):
            if ":" not in host and urllib.request.proxy_bypass(host):
                return None
        return proxy if "://" in proxy else f"http://{proxy}"

    def _doorway(self, purpose: str, host: str, *, may_be_inner: bool) -> Doorway:
        return Doorway(
            self._way.gate,
            self._way.ledger,
            purpose=purpose,
            host=host,
            may_be_inner=may_be_inner,
            most=self._most,
        )


class _Pool(httpx2.HTTPTransport):
    """Speaks HTTP through connections that are made elsewhere."""

    def __init__(self, pool: httpcore2.ConnectionPool) -> None:
        # Not calling ours: it would make a pool with connections of its own.
        self._pool = pool


class _Body(httpx2.SyncByteStream):
    """The body of an answer, whose failures are Problems."""

    def __init__(self, stream: httpx2.SyncByteStream, host: str) -> None:
        self._stream = stream
        self._host = host

    def __iter__(self) -> Iterator[bytes]:
        with _translated(self._host):
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Turn what goes wrong on the way to a host into a Problem."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _problem(error, host) from error


def _not_allowed(settings: NetworkSettings, host: str) -> str:
    if settings.only is not None:
        return f"Your administrator does not allow {host}, so nothing was sent to it."
    return (
        f"{settings.endpoint_host} leads to {host}, which is not allowed. "
        "If you trust that host, allow it in the network settings."
    )


def files_to_connect() -> list[Path]:
    """What has to be readable to look up names and to trust certificates, on Linux."""
    trusted = ssl.get_default_verify_paths()
    chosen = (trusted.cafile, trusted.capath)
    return [path for path in map(Path, (*_FILES, *filter(None, chosen))) if path.exists()]


def _server(proxy: str) -> httpx2.Proxy:
    """Raises Unsupported, without saying what was set: that may hold a password."""
    try:
        server = httpx2.Proxy(proxy)
    except (httpx2.InvalidURL, ValueError):
        server = None
    if server is None or server.url.scheme != "http" or (server.url.port or 80) > 65_535:
        raise Unsupported(
            "Sottovoce cannot use the proxy of this computer. "
            "Set one that speaks HTTP, as in http://proxy.example:3128."
        )
    return server


def _host(url: httpx2.URL) -> str:
    """The host as it is looked up: in letters that cannot look like others."""
    return url.raw_host.decode("ascii")


def _problem(error: Exception, host: str) -> Problem:
    match error, _origin(error):
        case _, ssl.SSLCertVerificationError():
            return Refused(
                f"This computer does not trust the certificate of {host}, so nothing was sent. If "
                "this network wants you to sign in, do so in a browser. If an organisation watches "
                "it, install its certificate."
            )
        case _, ssl.SSLError():
            return Unreachable(
                f"No safe connection to {host} could be made. Check the network you are in."
            )
        case _, socket.gaierror():
            return Unreachable(
                f"There is no way to {host}. Check that this computer is connected, "
                "and the proxy if it needs one."
            )
        case httpx2.TimeoutException(), _:
            return Unreachable(f"{host} does not answer. Try again later.")
        case httpx2.ProxyError(), _:
            return Unreachable(
                f"The proxy of this computer does not let anything through to {host}. "
                "Ask who runs it."
            )
        case httpx2.ConnectError(), _:
            return Unreachable(f"{host} cannot be reached. Check the connection and try again.")
        case httpx2.TooManyRedirects() | httpx2.InvalidURL() | httpx2.UnsupportedProtocol(), _:
            return Unreachable(f"{host} leads nowhere. Try again later, or another mirror.")
    return Interrupted(f"The connection to {host} broke. Try again.")


def _origin(error: BaseException) -> BaseException:
    """The first error in the chain that led to this one, also where a library hides it."""
    while earlier := error.__cause__ or error.__context__:
        error = earlier
    return error
