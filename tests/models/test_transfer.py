import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from hub_server import Fault, HubServer
from models.downloading import largest_file
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    NoRoom,
    Problem,
    Refused,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.repository import FetchOrder, RemoteFile
from sottovoce.models.transfer import Answer, Patience, transfer
from sottovoce.system.lock import locked
from sottovoce.system.network.client import Client, Way
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings

REPOSITORY, NAME = "anna/small-GGUF", "small.gguf"
CONTENT = b"GGUF" + random.Random(1).randbytes(3_000_000)
FILES = f"{REPOSITORY}/{NAME}?"
"""What only requests to the file host hold."""
QUICK = Patience(tries=3, first=0.001, longest=0.002, longest_asked=0.002, lock=0.1)


@dataclass(frozen=True)
class Fetching:
    """One file that is being fetched from a hub."""

    hub: HubServer
    order: FetchOrder
    stall: float = 10.0

    def run(self, stop: Stop | None = None) -> Iterator[Transferred]:
        return transfer(self.order, self.ask, stop or Stop(), QUICK)

    @property
    def there(self) -> bytes:
        return self.order.part.read_bytes()

    @property
    def twice(self) -> int:
        return self.hub.bytes_sent_twice(REPOSITORY, NAME)

    @contextmanager
    def ask(self, start: int) -> Iterator[Answer]:
        settings = NetworkSettings(on=True, endpoint=self.hub.url)
        way = Way(settings, NetworkGate(), Ledger(self.order.part.with_name("network.jsonl")))
        url = f"{self.hub.url}/{REPOSITORY}/resolve/{self.order.commit}/{NAME}"
        with Client(way, "test") as client:
            client.timeout = httpx2.Timeout(self.stall)
            headers = {"Range": f"bytes={start}-"}
            with client.stream("GET", url, headers=headers, follow_redirects=True) as response:
                yield Answer(response.status_code, response.headers, response.iter_raw())


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer({REPOSITORY: {NAME: CONTENT}}) as hub:
        yield hub


@pytest.fixture
def fetching(hub: HubServer, tmp_path: Path) -> Fetching:
    part = tmp_path / "small.gguf.part"
    part.touch()
    file = RemoteFile(NAME, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    return Fetching(hub, FetchOrder(REPOSITORY, hub.commit(REPOSITORY), file, part))


def test_a_file_arrives_as_it_was_sent(fetching: Fetching) -> None:
    *_, last = fetching.run()
    assert last == Transferred(len(CONTENT), len(CONTENT))
    assert fetching.there == CONTENT


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_connection_is_taken_up_where_it_broke(fetching: Fetching, *, reset: bool) -> None:
    fetching.hub.fault(Fault(FILES, times=2, cut=1_000_000, reset=reset))
    list(fetching.run())
    assert fetching.there == CONTENT
    # What a reset finds in the buffers of either side is lost, though it was sent.
    assert reset or fetching.twice == 0


def test_twenty_random_cuts_cost_nothing(fetching: Fetching) -> None:
    chance = random.Random(7)
    for _ in range(20):
        fetching.hub.fault(Fault(FILES, cut=chance.randint(1, 200_000)))
    list(fetching.run())
    assert fetching.there == CONTENT
    assert fetching.twice == 0


def test_what_was_fetched_before_is_not_fetched_again(fetching: Fetching) -> None:
    fetching.order.part.write_bytes(CONTENT[:2_000_000])
    first, *_ = fetching.run()
    assert first.done == 2_000_000
    assert fetching.there == CONTENT
    assert fetching.hub.bytes_sent(REPOSITORY, NAME) == len(CONTENT) - 2_000_000


def test_an_address_that_expired_is_replaced(fetching: Fetching) -> None:
    fetching.hub.fault(Fault(FILES, cut=1_000_000))
    for news in fetching.run():
        if news.done == 0:
            fetching.hub.expire()
    assert fetching.there == CONTENT


def test_a_server_that_knows_no_ranges_costs_time_but_no_harm(fetching: Fetching) -> None:
    fetching.order.part.write_bytes(CONTENT[:2_000_000])
    fetching.hub.fault(Fault(FILES, ignore_range=True))
    list(fetching.run())
    assert fetching.there == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_asked_again(fetching: Fetching, status: int) -> None:
    fetching.hub.fault(Fault(FILES, times=2, status=status, headers={"Retry-After": "1"}))
    list(fetching.run())
    assert fetching.there == CONTENT


def test_a_body_that_never_goes_on_is_asked_for_again(fetching: Fetching) -> None:
    fetching.hub.fault(Fault(FILES, stall=1_000_000))
    list(Fetching(fetching.hub, fetching.order, stall=0.3).run())
    assert fetching.there == CONTENT


def test_a_connection_that_always_breaks_is_given_up_and_what_came_is_kept(
    fetching: Fetching,
) -> None:
    fetching.hub.fault(Fault(FILES, cut=1_000_000))
    fetching.hub.fault(Fault(FILES, times=99, cut=0))
    with pytest.raises(Interrupted):
        list(fetching.run())
    assert fetching.there == CONTENT[:1_000_000]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Fault(FILES, status=200, body=b"<p>Hi", headers={"Content-Type": "text/html"}), Refused),
        (Fault(FILES, status=200, body=b"GGUF"), Damaged),
        (Fault(FILES, ignore_range=True, headers={"Content-Length": "17"}), Damaged),
        (Fault(FILES, headers={"Content-Range": "bytes 0-9/10"}), Damaged),
        (Fault(FILES, headers={"Content-Range": "bytes 5-3000003/3000004"}), Damaged),
        (Fault(FILES, headers={"Content-Range": ""}), Damaged),
        (Fault(FILES, headers={"Content-Range": f"bytes {'9' * 5000}-9/9"}), Damaged),
        (Fault(FILES, status=416), Damaged),
    ],
)
def test_what_is_not_the_file_is_not_taken(
    fetching: Fetching, fault: Fault, problem: type[Problem]
) -> None:
    fetching.hub.fault(fault)
    with pytest.raises(problem, match=r"\.$"):
        list(fetching.run())
    assert fetching.there == b""


def test_nothing_is_written_beyond_the_promised_length(fetching: Fetching) -> None:
    headers = {"Content-Range": f"bytes 0-{len(CONTENT) - 1}/*", "Content-Length": ""}
    fetching.hub.fault(Fault(FILES, extra=100, headers={**headers, "Connection": "close"}))
    with pytest.raises(Damaged):
        list(fetching.run())
    assert CONTENT.startswith(fetching.there)


def test_a_full_disk_keeps_what_fitted(fetching: Fetching) -> None:
    with largest_file(1_500_000), pytest.raises(NoRoom):
        list(fetching.run())
    assert fetching.there == CONTENT[:1_500_000]
    list(fetching.run())
    assert fetching.there == CONTENT


def test_stopping_keeps_what_came(fetching: Fetching) -> None:
    stop = Stop()
    fetching.hub.fault(Fault(FILES, pause=0.02))
    running = fetching.run(stop)
    while next(running).done == 0:
        pass
    stop.set()
    with pytest.raises(Cancelled):
        list(running)
    assert 0 < len(fetching.there) < len(CONTENT)
    assert CONTENT.startswith(fetching.there)


def test_a_pause_between_two_tries_is_stopped_at_once(fetching: Fetching) -> None:
    stop = Stop()
    patience = Patience(first=60, longest=60)
    fetching.hub.fault(Fault(FILES, times=99, status=503))
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Cancelled):
        list(transfer(fetching.order, fetching.ask, stop, patience))


def test_of_two_that_fetch_the_same_part_one_is_refused(fetching: Fetching) -> None:
    with locked(fetching.order.part) as is_ours:
        assert is_ours
        with pytest.raises(Refused, match="Another window"):
            list(fetching.run())
    list(fetching.run())
    assert fetching.there == CONTENT
