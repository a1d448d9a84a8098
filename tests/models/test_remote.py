"""The network process as its parent sees it: started when wanted, stopped at once, gone after."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hub_server import Fault, HubServer
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Cancelled, Interrupted, Missing, Offline, Refused
from sottovoce.domain.stop import Stop
from sottovoce.models.remote import Remote
from sottovoce.models.repository import FetchOrder, RemoteFile
from sottovoce.system.network.ledger import Ledger
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.paths import Profile, profile

REPOSITORY = "anna/large-GGUF"
CONTENT = b"GGUF" + bytes(range(1, 256)) * 20_000


@pytest.fixture
def hub() -> Iterator[HubServer]:
    files = {"large.gguf": CONTENT, "notes/read me.txt": b"A text."}
    with HubServer({REPOSITORY: files}) as hub:
        yield hub


@pytest.fixture
def online(tmp_path: Path, hub: HubServer) -> Profile:
    made = profile(tmp_path / "profile")
    write_switch(made.network, NetworkSettings(on=True, endpoint=hub.url))
    return made


@pytest.fixture
def order(hub: HubServer, tmp_path: Path) -> FetchOrder:
    part = tmp_path / "large.part"
    part.touch()
    file = RemoteFile("large.gguf", len(CONTENT), hub.sha256(REPOSITORY, "large.gguf"))
    return FetchOrder(REPOSITORY, hub.commit(REPOSITORY), file, part)


def network_processes() -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process().children()
        if process.status() != psutil.STATUS_ZOMBIE and "--network-process" in process.cmdline()
    ]


def seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        work()
    return time.monotonic() - begun


def test_kept_off_by_administrators_nothing_starts(online: Profile, hub: HubServer) -> None:
    made = profile(online.folder, Policy(network=False))
    with pytest.raises(Refused, match="administrator keeps") as told:
        Remote(made).search("words", Stop())
    assert not isinstance(told.value, Offline)
    assert [entry.is_allowed for entry in Ledger(made.ledger).entries()] == [False]
    assert hub.asked == []


def test_only_the_hosts_of_the_policy_are_asked(online: Profile, hub: HubServer) -> None:
    with pytest.raises(Refused, match=r"administrator does not allow 127\.0\.0\.1"):
        Remote(profile(online.folder, Policy(hosts=("hub.example",)))).search("large", Stop())
    assert hub.asked == []
    assert Remote(profile(online.folder, Policy(hosts=("127.0.0.1",)))).search("large", Stop())


def test_switched_off_nothing_starts_and_the_refusal_is_noted(
    tmp_path: Path, hub: HubServer
) -> None:
    made = profile(tmp_path / "profile")
    write_switch(made.network, NetworkSettings(on=False, endpoint=hub.url))
    remote = Remote(made, token=lambda: pytest.fail("The keyring is not to be asked."))
    order = FetchOrder("a/b", "0" * 40, RemoteFile("a", 1, None), tmp_path / "a.part")
    for ask in (
        lambda: remote.search("words", Stop()),
        lambda: remote.describe("a/b", None, Stop()),
        lambda: list(remote.fetch(order, Stop())),
    ):
        with pytest.raises(Refused, match="switched off"):
            ask()
    entries = Ledger(made.ledger).entries()
    assert [entry.is_allowed for entry in entries] == [False] * 3
    assert {entry.host for entry in entries} == {"127.0.0.1"}
    assert not made.logs.exists()  # The first thing a network process would be given is its log.
    assert hub.asked == []


def test_a_file_is_fetched_whole(online: Profile, order: FetchOrder, hub: HubServer) -> None:
    *_, last = Remote(online).fetch(order, Stop())
    assert order.part.read_bytes() == CONTENT
    assert last.done == last.total == len(CONTENT)
    assert network_processes() == []
    assert [entry.purpose for entry in Ledger(online.ledger).entries()] == ["Download a model"] * 2


def test_a_small_file_comes_from_the_hub_itself(
    online: Profile, hub: HubServer, tmp_path: Path
) -> None:
    part = tmp_path / "notes.part"
    part.touch()
    file = RemoteFile("notes/read me.txt", 7, None)
    list(Remote(online).fetch(FetchOrder(REPOSITORY, "main", file, part), Stop()))
    assert part.read_bytes() == b"A text."
    assert {asked.server for asked in hub.asked} == {"hub"}


def test_a_file_that_is_not_there_is_missing(online: Profile, order: FetchOrder) -> None:
    gone = RemoteFile("gone.gguf", 10, None)
    with pytest.raises(Missing, match="no such file"):
        list(Remote(online).fetch(FetchOrder(REPOSITORY, "main", gone, order.part), Stop()))


def test_a_file_is_found_after_its_repository_was_renamed(
    online: Profile, order: FetchOrder, hub: HubServer
) -> None:
    there = f"/{REPOSITORY}/resolve/{order.commit}/large.gguf"
    hub.fault(Fault("HEAD /anna/was", status=307, headers={"Location": there}))
    renamed = FetchOrder("anna/was", order.commit, order.file, order.part)
    list(Remote(online).fetch(renamed, Stop()))
    assert order.part.read_bytes() == CONTENT


def test_a_download_that_leads_to_another_host_is_refused(
    online: Profile, order: FetchOrder, hub: HubServer
) -> None:
    hub.fault(Fault("HEAD", headers={"Location": "https://evil.example/large.gguf"}))
    with pytest.raises(Refused, match=r"evil\.example"):
        list(Remote(online).fetch(order, Stop()))
    assert order.part.read_bytes() == b""


@pytest.mark.parametrize("location", ["https://a:b/", "\x01"])
def test_a_location_that_makes_no_sense_is_asked_for_again(
    online: Profile, order: FetchOrder, hub: HubServer, location: str
) -> None:
    hub.fault(Fault("HEAD", headers={"Location": location}))
    list(Remote(online).fetch(order, Stop()))
    assert order.part.read_bytes() == CONTENT


def test_stopping_a_silent_download_is_quick_and_keeps_what_came(
    online: Profile, order: FetchOrder, hub: HubServer
) -> None:
    hub.fault(Fault("GET", stall=1_000_000))
    stop = Stop()
    news = Remote(online).fetch(order, stop)
    next(news)
    _until(lambda: order.part.stat().st_size > 500_000)
    stop.set()
    assert seconds(lambda: list(news)) < 10  # Without the stop it waits for half a minute.
    assert network_processes() == []
    kept = order.part.read_bytes()
    assert kept == CONTENT[: len(kept)]


def test_stopping_a_search_that_nobody_answers_is_quick(online: Profile, hub: HubServer) -> None:
    hub.fault(Fault("/api", stall=0))
    stop = Stop()

    def stop_when_asked() -> None:
        _until(lambda: bool(hub.asked))
        stop.set()

    stopping = threading.Thread(target=stop_when_asked)
    stopping.start()
    with pytest.raises(Cancelled):
        Remote(online).search("words", stop)
    stopping.join()
    assert network_processes() == []


def test_stopped_before_it_began_it_does_not_begin(online: Profile, hub: HubServer) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        Remote(online).search("words", stop)
    assert hub.asked == []


def test_a_killed_network_process_is_interrupted_and_fetching_goes_on_where_it_was(
    online: Profile, order: FetchOrder, hub: HubServer
) -> None:
    hub.fault(Fault("GET", stall=1_000_000))
    news = Remote(online).fetch(order, Stop())
    next(news)
    _until(lambda: order.part.stat().st_size > 500_000)
    [victim] = network_processes()
    victim.kill()
    with pytest.raises(Interrupted):
        list(news)
    kept = order.part.stat().st_size
    list(Remote(online).fetch(order, Stop()))
    assert order.part.read_bytes() == CONTENT
    assert hub.asked[-1].headers["range"] == f"bytes={kept}-"


def test_a_download_nobody_listens_to_any_more_ends(
    online: Profile, order: FetchOrder, hub: HubServer
) -> None:
    hub.fault(Fault("GET", stall=1_000_000))
    news = Remote(online).fetch(order, Stop())
    next(news)
    assert network_processes()
    news.close()  # type: ignore[attr-defined] # It is a generator, which callers need not know.
    assert network_processes() == []


@pytest.mark.parametrize("fault", [Fault("GET", stall=1_000_000), Fault("GET", pause=0.05)])
def test_switching_off_ends_what_is_under_way(
    online: Profile, order: FetchOrder, hub: HubServer, fault: Fault
) -> None:
    hub.fault(replace(fault, times=99))
    news = Remote(online).fetch(order, Stop())
    next(news)
    _until(lambda: order.part.stat().st_size > 500_000)
    write_switch(online.network, NetworkSettings(on=False, endpoint=hub.url))
    _until(lambda: network_processes() == [])  # Although nobody listens to it now.
    with pytest.raises(Refused, match="switched off"):
        list(news)
    last = Ledger(online.ledger).entries()[-1]
    assert (last.is_allowed, last.purpose) == (False, "Download a model")


def test_a_token_does_not_go_where_the_switch_led_before(online: Profile, hub: HubServer) -> None:
    """It may take the keyring a while to hand it out: meanwhile another hub may be chosen."""

    def token() -> str:
        write_switch(online.network, NetworkSettings(on=True, endpoint="https://hub.example"))
        return "hf_of_the_other_hub"

    with pytest.raises(Interrupted):
        Remote(online, token).search("words", Stop())
    assert hub.asked == []


def test_several_may_ask_at_once(online: Profile) -> None:
    found: list[int] = []

    def ask() -> None:
        found.append(len(Remote(online).search("large", Stop())))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1]


PARENT = """
import sys
from pathlib import Path
from sottovoce.domain.stop import Stop
from sottovoce.models.remote import Remote
from sottovoce.system.paths import Profile
import psutil, threading
threading.Thread(target=lambda: Remote(Profile(Path(sys.argv[1]))).search("x", Stop())).start()
while not (children := psutil.Process().children()):
    pass
print(children[0].pid, flush=True)
"""


def test_it_ends_with_its_parent(online: Profile, hub: HubServer) -> None:
    hub.fault(Fault("/api", stall=0))
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(online.folder)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        _until(lambda: bool(hub.asked))
        parent.kill()
        parent.wait()
        _, left = psutil.wait_procs([orphan], timeout=30)
    assert not left


def test_no_file_of_ours_holds_what_was_searched_for(online: Profile, hub: HubServer) -> None:
    hub.fault(Fault("/api", status=500))
    with pytest.raises(Exception, match="troubles"):
        Remote(online).search("marmalade", Stop())
    Remote(online, token=lambda: "hf_good").search("marmalade", Stop())
    files = [file for file in online.folder.rglob("*") if file.is_file()]
    assert online.ledger in files
    for file in files:
        assert b"marmalade" not in file.read_bytes()
        assert b"hf_good" not in file.read_bytes()


def test_the_parents_side_is_light() -> None:
    program = (
        "import sys, sottovoce.models.remote;"
        "heavy = {'huggingface_hub', 'httpx2', 'httpcore2', 'truststore', 'ssl'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        threading.Event().wait(0.005)
