"""The hub of the tests does what tests rely on; the client is httpx2, as in the program."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from hub_server import Fault, HubServer

CONTENT = bytes(range(256)) * 1000
PATH = "/acme/llama-GGUF/resolve/main/llama.gguf"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    repositories = {"acme/llama-GGUF": {"llama.gguf": CONTENT, "README.md": b"# Llama"}}
    with HubServer(repositories, gated=[]) as hub:
        yield hub


@pytest.fixture
def client(hub: HubServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=hub.url, trust_env=False, timeout=10) as client:
        yield client


def test_a_large_file_is_at_the_file_host(hub: HubServer, client: httpx2.Client) -> None:
    there = client.head(PATH)
    assert there.status_code == 302
    assert there.headers["X-Linked-ETag"].strip('"') == hashlib.sha256(CONTENT).hexdigest()
    assert there.headers["Location"].startswith(hub.files_url)
    assert client.get(there.headers["Location"]).content == CONTENT


def test_a_range_is_sent_and_counted(hub: HubServer, client: httpx2.Client) -> None:
    address = client.head(PATH).headers["Location"]
    part = client.get(address, headers={"Range": "bytes=1000-1999"})
    rest = client.get(address, headers={"Range": "bytes=1500-"})
    assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
    assert rest.headers["Content-Range"] == f"bytes 1500-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert hub.bytes_sent("acme/llama-GGUF", "llama.gguf") == 1000 + len(CONTENT) - 1500
    assert hub.bytes_sent_twice("acme/llama-GGUF", "llama.gguf") == 500


def test_an_address_expires(hub: HubServer, client: httpx2.Client) -> None:
    address = client.head(PATH).headers["Location"]
    hub.expire()
    assert client.get(address).status_code == 403
    assert client.get(client.head(PATH).headers["Location"]).status_code == 200


@pytest.mark.parametrize("reset", [False, True])
def test_a_body_is_cut(hub: HubServer, client: httpx2.Client, reset: bool) -> None:
    hub.fault(Fault("GET /acme", cut=100_000, reset=reset))
    address = client.head(PATH).headers["Location"]
    with pytest.raises(httpx2.TransportError):
        client.get(address)
    assert client.get(address).content == CONTENT


def test_bytes_are_turned_over_and_ranges_ignored(hub: HubServer, client: httpx2.Client) -> None:
    address = client.head(PATH).headers["Location"]
    hub.fault(Fault("GET /acme", flip=1234, ignore_range=True))
    answer = client.get(address, headers={"Range": "bytes=1000-"})
    assert answer.status_code == 200
    assert [at for at, byte in enumerate(answer.content) if byte != CONTENT[at]] == [1234]


def test_a_stalled_body_ends_with_the_hub(hub: HubServer, client: httpx2.Client) -> None:
    hub.fault(Fault("GET /acme", stall=70_000))
    address = client.head(PATH).headers["Location"]
    with pytest.raises(httpx2.ReadTimeout):
        client.get(address, timeout=0.2)


def test_a_gated_repository_asks_who_is_there() -> None:
    with HubServer({"acme/llama": {"a.gguf": b"GGUF"}}, gated=["acme/llama"], token="hf_1") as hub:
        url = f"{hub.url}/acme/llama/resolve/main/a.gguf"
        statuses = [
            httpx2.head(url, headers=headers, trust_env=False).status_code
            for headers in ({}, {"Authorization": "Bearer hf_2"}, {"Authorization": "Bearer hf_1"})
        ]
    assert statuses == [401, 403, 302]


def test_files_may_lie_on_disk(tmp_path: Path) -> None:
    (tmp_path / "big.gguf").write_bytes(CONTENT)
    with HubServer({"acme/big": {"big.gguf": tmp_path / "big.gguf"}}) as hub:
        url = f"{hub.url}/acme/big/resolve/main/big.gguf"
        assert httpx2.get(url, follow_redirects=True, trust_env=False).content == CONTENT
