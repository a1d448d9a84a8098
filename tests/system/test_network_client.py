"""The one client: where it goes and does not go, what it tells of us, and how it fails."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub_server import Fault, HubServer
from sottovoce.domain.problems import Interrupted, Problem, Refused, Unreachable, Unsupported
from sottovoce.system.network.client import Client, Way
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings
from system.tunnel import certificate, tunnel

SMALL = "/anna/small/resolve/main/README.md"
LARGE = "/anna/small/resolve/main/small.gguf"
REPOSITORIES = {"anna/small": {"README.md": b"# Small", "small.gguf": bytes(1_000_000)}}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

Connect = Callable[..., Client]


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *map(str.upper, PROXIES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer(REPOSITORIES) as hub:
        yield hub


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "network.jsonl")


@pytest.fixture
def connect(ledger: Ledger) -> Iterator[Connect]:
    """Make clients for an endpoint. The gate is open: what closes it would outlive the test."""
    clients: list[Client] = []

    def make(
        endpoint: str,
        *hosts: str,
        token: str | None = None,
        most: int | None = None,
        only: tuple[str, ...] | None = None,
    ) -> Client:
        settings = NetworkSettings(on=True, endpoint=endpoint, hosts=hosts, only=only)
        way = Way(settings, NetworkGate(ledger), ledger, token)
        clients.append(Client(way, "Test", most=most, follow_redirects=True))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_a_file_arrives_and_the_ledger_says_so(
    hub: HubServer, connect: Connect, ledger: Ledger
) -> None:
    with connect(hub.url) as client:
        assert client.get(hub.url + LARGE).content == bytes(1_000_000)
    at_hub, at_files = ledger.entries()
    assert (at_hub.is_allowed, at_files.is_allowed) == (True, True)
    assert at_hub.port != at_files.port
    assert at_files.received is not None
    assert 1_000_000 < at_files.received < 1_001_000


def test_the_token_goes_to_the_hub_and_not_to_where_it_leads(
    hub: HubServer, connect: Connect
) -> None:
    connect(hub.url, token="hf_secret").get(hub.url + LARGE)
    assert [(asked.server, asked.token) for asked in hub.asked] == [
        ("hub", "Bearer hf_secret"),
        ("files", None),
    ]


def test_a_request_says_no_more_of_us_than_our_name(hub: HubServer, connect: Connect) -> None:
    connect(hub.url).get(hub.url + SMALL, headers={"User-Agent": "python/3.11; agent/x"})
    [asked] = hub.asked
    assert set(asked.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert asked.headers["user-agent"].startswith("Sottovoce/")


def test_nothing_goes_where_administrators_did_not_allow_it(
    hub: HubServer, connect: Connect, ledger: Ledger
) -> None:
    client = connect(hub.url, "127.0.0.1", only=("hub.example",))
    with pytest.raises(Refused, match=r"administrator does not allow 127\.0\.0\.1"):
        client.get(hub.url + SMALL)
    assert hub.asked == []
    assert [entry.is_allowed for entry in ledger.entries()] == [False]


def test_cookies_are_not_kept(hub: HubServer, connect: Connect) -> None:
    hub.fault(Fault("README", headers={"Set-Cookie": "id=1; Path=/"}))
    client = connect(hub.url)
    for _ in range(2):
        client.get(hub.url + SMALL)
    assert "cookie" not in hub.asked[1].headers


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/",
        "https://evil.example/",
        "https://user:pass@evil.example/",
        "//evil.example/",
        "http://169.254.169.254/latest/",
        "http://[::1]:{port}/",
    ],
)
def test_a_hub_cannot_lead_to_a_host_that_is_not_allowed(
    hub: HubServer, connect: Connect, ledger: Ledger, target: str
) -> None:
    port = hub.files_url.rpartition(":")[2]
    hub.fault(Fault("README", status=302, headers={"Location": target.format(port=port)}))
    with pytest.raises(Refused, match="not allowed"):
        connect(hub.url).get(hub.url + SMALL)
    assert [entry.is_allowed for entry in ledger.entries()] == [True, False]
    assert len(hub.asked) == 1


def test_a_hub_can_lead_to_a_host_that_the_user_allowed(hub: HubServer, connect: Connect) -> None:
    target = f"http://localhost:{hub.url.rpartition(':')[2]}{SMALL}"
    hub.fault(Fault("README", status=302, headers={"Location": target}))
    client = connect(hub.url, "localhost", token="hf_secret")
    assert client.get(hub.url + SMALL).text == "# Small"
    assert hub.asked[1].token is None


def test_a_hub_cannot_lead_out_of_encryption(hub: HubServer, connect: Connect) -> None:
    target = "http://files.example/"
    hub.fault(Fault("README", status=302, headers={"Location": target}))
    with pytest.raises(Refused, match="without encryption"):
        connect(hub.url, "files.example").get(hub.url + SMALL)


def test_redirects_that_never_end_are_not_followed_for_ever(
    hub: HubServer, connect: Connect
) -> None:
    hub.fault(Fault("README", times=99, status=302, headers={"Location": hub.url + SMALL}))
    with pytest.raises(Unreachable, match="leads nowhere"):
        connect(hub.url).get(hub.url + SMALL)
    assert len(hub.asked) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://[", "https://:99999999/", "http://a:b/"]
)
def test_a_location_that_makes_no_sense_is_a_problem(
    hub: HubServer, connect: Connect, location: str
) -> None:
    hub.fault(Fault("README", status=302, headers={"Location": location}))
    with pytest.raises(Problem):
        connect(hub.url).get(hub.url + SMALL)


def test_headers_without_end_are_a_problem(hub: HubServer, connect: Connect) -> None:
    hub.fault(Fault("README", headers={"X-Long": "x" * 1_000_000}))
    with pytest.raises(Interrupted):
        connect(hub.url).get(hub.url + SMALL)


def test_what_a_redirect_says_beside_its_target_is_not_read(
    hub: HubServer, connect: Connect
) -> None:
    where = {"Location": hub.url + SMALL, "Content-Length": str(10**12)}
    hub.fault(Fault("GET", status=307, headers=where, body=bytes(1_000_000)))
    assert connect(hub.url).get(hub.url + "/anna/was").text == "# Small"


def test_a_packed_answer_is_not_unpacked(hub: HubServer, connect: Connect) -> None:
    hub.fault(Fault("README", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Refused, match="not asked for"):
        connect(hub.url).get(hub.url + SMALL)


def test_an_answer_larger_than_it_may_be_is_not_read(hub: HubServer, connect: Connect) -> None:
    with pytest.raises(Refused, match="larger"):
        connect(hub.url, most=100_000).get(hub.url + LARGE)


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_connection_is_interrupted(hub: HubServer, connect: Connect, reset: bool) -> None:
    hub.fault(Fault("GET /anna/small/small.gguf", cut=100_000, reset=reset))
    with pytest.raises(Interrupted, match="broke"):
        connect(hub.url).get(hub.url + LARGE)


def test_a_server_that_falls_silent_is_unreachable(hub: HubServer, connect: Connect) -> None:
    hub.fault(Fault("GET /anna/small/small.gguf", stall=100_000))
    with pytest.raises(Unreachable, match="does not answer"):
        connect(hub.url).get(hub.url + LARGE, timeout=0.3)


def test_nobody_there_is_unreachable(connect: Connect) -> None:
    with HubServer({}) as gone:
        pass
    with pytest.raises(Unreachable, match="cannot be reached"):
        connect(gone.url).get(gone.url)


def test_a_name_that_is_not_found_is_unreachable(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unreachable, match=r"no way to hub\.example"):
        connect("https://hub.example").get("https://hub.example/")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::ffff:127.0.0.1"])
def test_the_hub_does_not_turn_out_to_be_this_computer(
    connect: Connect, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Refused, match="leads into this computer"):
        connect("https://huggingface.co").get("https://cdn.hf.co/")
    assert not ledger.entries()[-1].is_allowed


def test_this_computer_does_not_turn_out_to_be_elsewhere(
    connect: Connect, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent to it is not encrypted."""

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        found = socket.AF_INET, socket.SOCK_STREAM, 6, ""
        return [(*found, ("127.0.0.1", 80)), (*found, ("203.0.113.7", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Refused, match="leads out of this computer"):
        connect("http://localhost", token="hf_secret").get("http://localhost/")
    assert not ledger.entries()[-1].is_allowed


class TestEncrypted:
    """A hub behind TLS and a proxy: no name is looked up, as the proxy does that."""

    @pytest.fixture
    def trusted(self, tmp_path: Path) -> Path:
        return tmp_path / "trusted.pem"

    @pytest.fixture
    def safe_hub(self, tmp_path: Path, trusted: Path) -> Iterator[HubServer]:
        tls, _ = certificate(tmp_path, "hub.example")
        with HubServer(REPOSITORIES, host="hub.example", tls=tls) as hub:
            yield hub

    def test_a_proxy_is_used_and_an_organisations_certificate_trusted(
        self,
        safe_hub: HubServer,
        trusted: Path,
        connect: Connect,
        ledger: Ledger,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with tunnel() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with connect(safe_hub.url, token="hf_secret") as client:
                assert client.get(safe_hub.url + SMALL).text == "# Small"
        assert proxy.asked == [f"CONNECT {safe_hub.url.removeprefix('https://')}"]
        assert safe_hub.asked[0].token == "Bearer hf_secret"
        [entry] = ledger.entries()
        assert (entry.host, entry.is_allowed) == ("127.0.0.1", True)
        assert entry.purpose == "Test, through a proxy to hub.example"

    def test_a_proxy_that_administrators_did_not_allow_is_not_used(
        self, connect: Connect, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with tunnel() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            client = connect("https://hub.example", only=("hub.example",))
            with pytest.raises(Refused, match=r"administrator does not allow 127\.0\.0\.1"):
                client.get("https://hub.example/")
        assert proxy.asked == []
        assert [entry.is_allowed for entry in ledger.entries()] == [False]

    def test_a_certificate_that_is_not_trusted_stops_it(
        self, safe_hub: HubServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with tunnel() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with pytest.raises(Refused, match=r"does not trust the certificate of hub\.example"):
                connect(safe_hub.url, token="hf_secret").get(safe_hub.url + SMALL)
        assert safe_hub.asked == []

    def test_a_certificate_for_another_host_stops_it(
        self,
        safe_hub: HubServer,
        trusted: Path,
        connect: Connect,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        other = safe_hub.url.replace("hub.example", "other.example")
        with tunnel() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with pytest.raises(Refused, match="certificate"):
                connect(other).get(other + SMALL)

    def test_a_server_without_encryption_is_unreachable(
        self, hub: HubServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = hub.url.replace("http://127.0.0.1", "https://hub.example")
        with tunnel() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with pytest.raises(Unreachable, match="No safe connection"):
                connect(address).get(address + SMALL)

    @pytest.mark.parametrize("status", [403, 407, 502])
    def test_a_proxy_that_lets_nothing_through_is_told(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        with tunnel(status) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with pytest.raises(Unreachable, match="proxy"):
                connect("https://hub.example").get("https://hub.example/")

    @pytest.mark.parametrize(
        "address", ["socks5://{}", "ftp://{}", "http://{}99999", "http://{}:x"]
    )
    def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", address.format("anna:secret@127.0.0.1:9"))
        with pytest.raises(Unsupported, match="cannot use the proxy") as told:
            connect("https://hub.example").get("https://hub.example/")
        assert "secret" not in str(told.value)

    def test_this_computer_needs_no_proxy(
        self, hub: HubServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        assert connect(hub.url).get(hub.url + SMALL).text == "# Small"
