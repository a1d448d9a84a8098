import errno
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

from hub_server import Fault, HubServer
from models.downloading import (
    REPOSITORY,
    SHARDS,
    SINGLE,
    gguf,
    largest_file,
    online,
    run_until_killed,
    run_while_network_is_killed,
    shards,
)
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.admission import NOT_ALLOWED
from sottovoce.models.download import Checking, Choice, ChosenFile, Download, Installed, State
from sottovoce.models.downloads import Downloads
from sottovoce.models.install import install
from sottovoce.models.pace import Pace
from sottovoce.models.records import (
    Acceptance,
    Record,
    Source,
    file_record,
    link_place,
    new_record,
    read_record,
    record_place,
    write_record,
)
from sottovoce.models.remote import Remote
from sottovoce.models.shelf import Origin, Shelf
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.paths import Profile

CONTENT = gguf(3_000_000, seed=1)
PARTS = shards(1_000_000)
FILES = f"{REPOSITORY}/{SINGLE}?"
"""What only requests to the file host hold."""


@pytest.fixture(scope="module")
def serving() -> Iterator[HubServer]:
    with HubServer({REPOSITORY: {SINGLE: CONTENT, **PARTS}}) as hub:
        yield hub


@pytest.fixture
def hub(serving: HubServer) -> HubServer:
    serving.mend()
    serving.sent.clear()
    serving.asked.clear()
    return serving


@pytest.fixture
def profile(hub: HubServer, tmp_path: Path) -> Profile:
    return online(tmp_path / "profile", hub.url)


@pytest.fixture
def downloads(profile: Profile) -> Downloads:
    return Downloads(profile, Remote(profile))


@pytest.fixture
def single(hub: HubServer) -> Choice:
    file = ChosenFile(SINGLE, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    return Choice("Small", REPOSITORY, (file,), hub.commit(REPOSITORY), licence="apache-2.0")


@pytest.fixture
def sharded(hub: HubServer) -> Choice:
    files = tuple(
        ChosenFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in PARTS.items()
    )
    return Choice("Large", REPOSITORY, files, hub.commit(REPOSITORY))


def run(downloads: Downloads, choice: Choice) -> Path:
    """Download it from beginning to end."""
    *_, last = downloads.run(downloads.add(choice), Stop())
    assert isinstance(last, Installed)
    return last.path


def part(profile: Profile, download: Download, name: str = SINGLE) -> Path:
    return profile.models / "downloads" / download.id / f"{name}.part"


def switch_off(profile: Profile) -> None:
    write_switch(profile.network, NetworkSettings(on=False))


def test_what_administrators_do_not_allow_is_not_fetched(
    profile: Profile, single: Choice, hub: HubServer
) -> None:
    strict = Profile(profile.folder, Policy(models=frozenset({"ab" * 32})))
    downloads = Downloads(strict, Remote(strict))
    with pytest.raises(Refused, match="administrator does not allow this model"):
        downloads.add(single)
    unknown = replace(single, files=(ChosenFile(SINGLE, None, None),), revision="main")
    with pytest.raises(Refused, match="administrator does not allow this model"):
        run(downloads, unknown)
    assert hub.sent == []


def test_a_model_that_is_not_allowed_any_more_says_so_on_the_shelf(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    run(downloads, single)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    for allowed, trouble in (({sha256}, ""), (set[str](), NOT_ALLOWED)):
        shelf = Shelf(profile.models, None, Policy(models=frozenset(allowed)))
        [item] = [item for item in shelf.items() if item.origin is Origin.OWN]
        assert item.trouble == trouble


def test_a_model_is_installed_as_it_was_sent(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    path = run(downloads, single)
    assert path == profile.models / SINGLE
    assert path.read_bytes() == CONTENT
    assert downloads.list() == []
    [item] = [item for item in Shelf(profile.models).items() if item.origin is Origin.OWN]
    assert (item.name, item.trouble) == ("Small", "")


def test_where_it_came_from_is_written_down(
    downloads: Downloads, hub: HubServer, single: Choice
) -> None:
    acceptance = Acceptance("Apache 2.0", datetime(2026, 11, 23, tzinfo=UTC))
    record = read_record(record_place(run(downloads, replace(single, acceptance=acceptance))))
    assert record is not None
    assert record.source == Source(REPOSITORY, hub.commit(REPOSITORY))
    assert (record.licence, record.acceptance) == ("apache-2.0", acceptance)
    [file] = record.files
    assert (file.path, file.size, file.sha256) == (
        SINGLE,
        len(CONTENT),
        single.files[0].sha256,
    )


def test_three_parts_become_one_model(
    downloads: Downloads, profile: Profile, sharded: Choice
) -> None:
    first = run(downloads, sharded)
    assert first.name == Path(SHARDS[0]).name
    for name, content in PARTS.items():
        assert (profile.models / Path(name).name).read_bytes() == content
    [item] = [item for item in Shelf(profile.models).items() if item.origin is Origin.OWN]
    assert len(item.files) == 3


def test_news_count_all_files_together(downloads: Downloads, sharded: Choice) -> None:
    news = list(downloads.run(downloads.add(sharded), Stop()))
    counts = [each.done for each in news if isinstance(each, Transferred)]
    assert counts == sorted(counts)
    assert counts[-1] == sum(map(len, PARTS.values()))
    assert {each.total for each in news if isinstance(each, Transferred)} == {counts[-1]}


def test_what_a_choice_leaves_open_is_asked_and_then_kept(
    downloads: Downloads, hub: HubServer, single: Choice
) -> None:
    open_choice = replace(single, revision=None, files=(ChosenFile(SINGLE),))
    hub.fault(Fault(FILES, status=416))
    with pytest.raises(Damaged):
        run(downloads, open_choice)
    [kept] = downloads.list()
    assert kept.choice == single
    assert run(downloads, open_choice).read_bytes() == CONTENT


def test_a_commit_that_is_gone_is_not_replaced_by_another(
    profile: Profile, downloads: Downloads, hub: HubServer, single: Choice
) -> None:
    hub.fault(Fault(FILES, pause=0.01))
    running = downloads.run(download := downloads.add(single), Stop())
    while next(running) == Transferred(0, len(CONTENT)):
        pass
    running.close()  # type: ignore[attr-defined]  # It is a generator, as every caller knows it.
    there = part(profile, download).read_bytes()
    with HubServer({REPOSITORY: {SINGLE: gguf(3_000_000, seed=9)}}) as changed:
        online(profile.folder, changed.url)
        with pytest.raises(Missing):
            run(downloads, single)
    assert part(profile, download).read_bytes() == there


def test_a_gated_model_needs_its_token(profile: Profile, single: Choice) -> None:
    with HubServer({REPOSITORY: {SINGLE: CONTENT}}, gated=[REPOSITORY]) as hub:
        online(profile.folder, hub.url)
        choice = replace(single, revision=hub.commit(REPOSITORY))
        with pytest.raises(Refused):
            run(Downloads(profile, Remote(profile)), choice)
        run(Downloads(profile, Remote(profile, token=lambda: "hf_good")), choice)
        tokens = {asked.server: asked.token for asked in hub.asked}
    assert tokens == {"hub": "Bearer hf_good", "files": None}


def test_while_the_network_is_off_nothing_is_fetched(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer
) -> None:
    switch_off(profile)
    with pytest.raises(Refused, match="switched off"):
        run(downloads, single)
    assert hub.asked == []
    [failed] = downloads.list()
    assert (failed.state, failed.trouble) == (State.FAILED, _sentence(failed))


def _sentence(failed: Download) -> str:
    assert failed.trouble.endswith(".")
    return failed.trouble


def test_a_flipped_byte_is_never_installed(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer
) -> None:
    hub.fault(Fault(FILES, flip=2_000_000))
    with pytest.raises(Damaged, match=f"“{SINGLE}” did not arrive as it was sent"):
        run(downloads, single)
    [failed] = downloads.list()
    assert not (profile.models / SINGLE).exists()
    assert not part(profile, failed).exists()
    assert run(downloads, single).read_bytes() == CONTENT


def test_of_a_set_only_the_damaged_file_is_fetched_again(
    downloads: Downloads, profile: Profile, sharded: Choice, hub: HubServer
) -> None:
    hub.fault(Fault(f"{SHARDS[1]}?", flip=500_000))
    with pytest.raises(Damaged, match=Path(SHARDS[1]).name):
        run(downloads, sharded)
    run(downloads, sharded)
    assert [hub.bytes_sent_twice(REPOSITORY, name) for name in SHARDS] == [0, len(CONTENT_2), 0]


CONTENT_2 = PARTS[SHARDS[1]]


def test_bytes_that_changed_on_disk_meanwhile_are_found(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    download = downloads.add(single)
    part(profile, download).write_bytes(CONTENT[:1_000_000] + b"x" + CONTENT[1_000_001:2_000_000])
    with pytest.raises(Damaged):
        run(downloads, single)
    assert run(downloads, single).read_bytes() == CONTENT


@pytest.mark.parametrize("size", [2_000_000, len(CONTENT)])
def test_zeros_that_a_power_cut_left_behind_are_fetched_again(
    downloads: Downloads, profile: Profile, single: Choice, size: int
) -> None:
    there = part(profile, downloads.add(single))
    there.write_bytes(CONTENT[:1_000_000] + bytes(size - 1_000_000))
    assert run(downloads, single).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FILES, status=200, body=b"<p>Sign in", headers={"Content-Type": "text/html"}),
        Fault(FILES, status=200, body=b"GGUF"),
        Fault(FILES, headers={"Content-Length": str(len(CONTENT) + 5)}),
        Fault(FILES, status=416),
    ],
)
def test_what_is_not_the_file_is_never_installed(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer, fault: Fault
) -> None:
    hub.fault(replace(fault))
    with pytest.raises(Problem, match=r"\. .+\.$"):
        run(downloads, single)
    assert not (profile.models / SINGLE).exists()
    assert run(downloads, single).read_bytes() == CONTENT


def test_what_is_no_model_is_never_installed(profile: Profile) -> None:
    page = b"<!doctype html>" * 1000
    with HubServer({REPOSITORY: {SINGLE: page}}) as hub:
        online(profile.folder, hub.url)
        downloads = Downloads(profile, Remote(profile))
        with pytest.raises(Damaged, match="not a model"):
            run(downloads, Choice("Page", REPOSITORY, (ChosenFile(SINGLE),)))
    [failed] = downloads.list()
    assert failed.done == 0
    assert not (profile.models / SINGLE).exists()


def test_a_model_that_cannot_fit_is_not_begun(downloads: Downloads, single: Choice) -> None:
    huge = replace(single, files=(replace(single.files[0], size=10**16),))
    with pytest.raises(NoRoom, match=r"Small needs 10000000\.0 GB on the disk"):
        downloads.add(huge)
    assert downloads.list() == []


def test_room_is_kept_for_what_is_in_the_queue(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    most = shutil.disk_usage(profile.folder).free * 2 // 3
    downloads.add(replace(single, files=(replace(single.files[0], size=most),)))
    other = ChosenFile("other.gguf", most)
    with pytest.raises(NoRoom):
        downloads.add(replace(single, files=(other,)))


def test_a_disk_that_fills_up_keeps_what_was_fetched(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer
) -> None:
    with largest_file(1_000_000), pytest.raises(NoRoom):
        run(downloads, single)
    [failed] = downloads.list()
    assert (failed.state, failed.done) == (State.FAILED, 1_000_000)
    assert run(downloads, single).read_bytes() == CONTENT


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux makes small disks in memory.")
def test_a_full_disk_keeps_what_was_fetched(tmp_path: Path, hub: HubServer, single: Choice) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=270m", "none", str(folder)]
    if subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("Only root may mount disks.")
    try:
        profile = online(folder / "profile", hub.url)
        downloads = Downloads(profile, Remote(profile))
        hub.fault(Fault(FILES, pause=0.005))
        running = downloads.run(downloads.add(single), Stop())
        next(running)
        with (folder / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(folder).free - 1_500_000)
        with pytest.raises(NoRoom, match="The disk is full"):
            list(running)
        [failed] = downloads.list()
        assert 1_000_000 < failed.done < len(CONTENT)
        (folder / "filler").unlink()
        assert run(downloads, single).read_bytes() == CONTENT
    finally:
        subprocess.run(["umount", folder], check=True)


def test_pausing_keeps_what_was_fetched_and_resuming_goes_on(
    downloads: Downloads, single: Choice, hub: HubServer
) -> None:
    hub.fault(Fault(FILES, pause=0.01))
    running = downloads.run(download := downloads.add(single), Stop())
    while next(running) == Transferred(0, len(CONTENT)):
        assert downloads.list()[0].state is State.RUNNING
    downloads.pause(download)
    with pytest.raises(Cancelled):
        list(running)
    [paused] = downloads.list()
    assert paused.state is State.PAUSED
    assert 0 < paused.done < len(CONTENT)
    assert downloads.next() is None
    with pytest.raises(Cancelled):
        next(downloads.run(paused, Stop()))
    resumed = downloads.resume(paused)
    assert resumed.state is State.WAITING
    *_, last = downloads.run(resumed, Stop())
    assert isinstance(last, Installed)


def test_what_was_stopped_waits_to_be_run_again(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer
) -> None:
    stop = Stop()
    hub.fault(Fault(FILES, pause=0.01))
    running = downloads.run(downloads.add(single), stop)
    next(running)
    stop.set()
    with pytest.raises(Cancelled):
        list(running)
    [waiting] = Downloads(profile, Remote(profile)).list()
    assert waiting.state is State.WAITING
    assert waiting.choice == single


def test_what_waits_for_the_hub_is_stopped_at_once(
    downloads: Downloads, single: Choice, hub: HubServer
) -> None:
    hub.fault(Fault(FILES, pause=0.02, stall=1_000_000))
    stop = Stop()
    running = downloads.run(downloads.add(single), stop)
    while next(running) == Transferred(0, len(CONTENT)):
        pass
    begun = time.monotonic()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Cancelled):
        list(running)
    assert time.monotonic() - begun < 10  # Without the stop it waits for half a minute.


def test_cancelling_leaves_nothing_behind(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer
) -> None:
    hub.fault(Fault(FILES, pause=0.01))
    running = downloads.run(download := downloads.add(single), Stop())
    next(running)
    downloads.cancel(download)
    with pytest.raises(Cancelled):
        list(running)
    downloads.cancel(downloads.add(single))
    assert downloads.list() == []
    assert not any(each.is_dir() for each in (profile.models / "downloads").iterdir())


def test_a_download_is_run_once_at_a_time(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    other = Downloads(profile, Remote(profile))
    running = downloads.run(download := downloads.add(single), Stop())
    next(running)
    [seen] = other.list()
    assert seen.state is State.RUNNING
    assert other.next() is None
    for refused in (other.run(seen, Stop()), map(other.pause, [seen]), map(other.cancel, [seen])):
        with pytest.raises(Refused, match="Another window or command"):
            next(refused)
    *_, last = running
    assert isinstance(last, Installed)
    with pytest.raises(Missing):
        next(other.run(download, Stop()))


def test_several_run_beside_each_other(
    downloads: Downloads, single: Choice, sharded: Choice
) -> None:
    one = downloads.run(downloads.add(single), Stop())
    other = downloads.run(downloads.add(sharded), Stop())
    next(one)
    next(other)
    assert [each.state for each in downloads.list()] == [State.RUNNING, State.RUNNING]
    ends = [list(running)[-1] for running in (one, other)]
    assert all(isinstance(end, Installed) for end in ends)


def test_the_queue_keeps_its_order_until_it_is_changed(
    downloads: Downloads, single: Choice
) -> None:
    def named(name: str) -> Download:
        return downloads.add(replace(single, files=(ChosenFile(f"{name}.gguf", 1000),), name=name))

    def order() -> str:
        return "".join(each.choice.name for each in downloads.list())

    a, b, c = named("a"), named("b"), named("c")
    assert order() == "abc"
    downloads.move(c, before=a)
    assert order() == "cab"
    downloads.move(c, before=b)
    assert order() == "acb"
    downloads.move(a, before=None)
    assert order() == "cba"
    downloads.pause(c)
    following = downloads.next()
    assert following is not None
    assert following.id == b.id


def test_a_clock_that_goes_back_lets_nobody_push_in(
    downloads: Downloads, single: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime(2020, 1, 1, tzinfo=zone)

    first = downloads.add(single)
    monkeypatch.setattr("sottovoce.models.downloads.datetime", Earlier)
    second = downloads.add(replace(single, files=(ChosenFile("second.gguf", 1000),)))
    assert [each.id for each in downloads.list()] == [first.id, second.id]


def test_other_hosts_are_heeded_by_a_download_that_runs(
    downloads: Downloads, profile: Profile, single: Choice, hub: HubServer
) -> None:
    hub.fault(Fault(FILES, pause=0.05))
    news = downloads.run(downloads.add(single), Stop())
    assert any(isinstance(each, Transferred) and each.done > 500_000 for each in news)
    chosen = NetworkSettings(on=True, endpoint=hub.url, hosts=("files.example",))
    write_switch(profile.network, chosen)
    *_, last = news
    assert isinstance(last, Installed)
    assert len([asked for asked in hub.asked if asked.method == "GET"]) == 2


@pytest.mark.parametrize(
    "files",
    [
        [],
        [{"name": ".."}],
        [{"name": "small.gguf", "size": -5, "sha256": "0" * 64}],
        [{"name": "C:small.gguf"}],
        [{"name": 5}],
        "small.gguf",
    ],
)
def test_what_others_wrote_into_the_queue_is_not_run(
    downloads: Downloads, profile: Profile, single: Choice, files: object
) -> None:
    download = downloads.add(single)
    entry = profile.models / "downloads" / download.id / "download.json"
    kept = json.loads(entry.read_text(encoding="utf-8"))
    kept["choice"]["files"] = files
    entry.write_text(json.dumps(kept), encoding="utf-8")
    assert downloads.list() == []
    with pytest.raises(Missing):
        list(downloads.run(download, Stop()))


def test_what_cannot_be_kept_leaves_nothing_in_the_queue(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    with largest_file(10), pytest.raises(NoRoom):
        downloads.add(single)
    assert list((profile.models / "downloads").iterdir()) == []


def test_two_that_end_at_once_do_not_take_the_same_name(
    profile: Profile, single: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.models.mkdir()
    staged = [tmp_path / "one", tmp_path / "other"]
    for folder in staged:
        folder.mkdir()
        (folder / SINGLE).write_text(folder.name)
    other = threading.Thread(target=install, args=(staged[1], profile.models, single))

    def write_while_the_other_ends(place: Path, record: Record) -> None:
        monkeypatch.undo()
        other.start()
        other.join(0.2)
        write_record(place, record)

    monkeypatch.setattr("sottovoce.models.install.write_record", write_while_the_other_ends)
    install(staged[0], profile.models, single)
    other.join()
    texts = {path.read_text() for path in profile.models.glob("*.gguf")}
    assert texts == {"one", "other"}


def test_an_ending_in_capitals_is_found_on_the_shelf(profile: Profile) -> None:
    with HubServer({REPOSITORY: {"Small.GGUF": CONTENT}}) as hub:
        online(profile.folder, hub.url)
        downloads = Downloads(profile, Remote(profile))
        path = run(downloads, Choice("Small", REPOSITORY, (ChosenFile("Small.GGUF"),)))
    assert path.name == "Small.gguf"


def test_the_same_choice_is_queued_once(downloads: Downloads, single: Choice) -> None:
    there = downloads.add(single)
    downloads.pause(there)
    again = downloads.add(replace(single, revision=None))
    assert (again.id, again.state) == (there.id, State.WAITING)
    assert len(downloads.list()) == 1


def test_a_licence_must_be_accepted_where_it_asks_for_it(
    downloads: Downloads, single: Choice
) -> None:
    with pytest.raises(Refused, match="Accept the licence of Small"):
        downloads.add(replace(single, must_accept=True))


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("readme.md",),
        (".hidden.gguf",),
        ("a\\b.gguf",),
        ("con.gguf",),
        ("nul .gguf",),
        ("COM¹.Q4.gguf",),
        (f"{'ü' * 100}.gguf",),
        ("a\n.gguf",),
        (SHARDS[0],),
        (SHARDS[1], SHARDS[0], SHARDS[2]),
        (SHARDS[0], SINGLE),
    ],
)
def test_only_whole_models_with_plain_names_are_taken(
    downloads: Downloads, single: Choice, names: tuple[str, ...]
) -> None:
    with pytest.raises(Unsupported):
        downloads.add(replace(single, files=tuple(map(ChosenFile, names))))


def test_a_file_that_is_another_than_was_chosen_is_not_fetched(
    downloads: Downloads, single: Choice, hub: HubServer
) -> None:
    chosen = ChosenFile(SINGLE, len(CONTENT), "0" * 64)
    with pytest.raises(Damaged, match="another file"):
        run(downloads, replace(single, revision=None, files=(chosen,)))
    with pytest.raises(Missing, match="not on the hub any more"):
        run(downloads, replace(single, revision=None, files=(ChosenFile("gone.gguf"),)))
    assert hub.bytes_sent(REPOSITORY, SINGLE) == 0


def test_what_is_on_the_shelf_already_is_not_fetched_again(
    downloads: Downloads, profile: Profile, single: Choice, sharded: Choice
) -> None:
    there = [run(downloads, choice) for choice in (single, sharded)]
    switch_off(profile)
    again = [run(downloads, replace(choice, name="New")) for choice in (single, sharded)]
    assert again == there


def test_a_linked_model_counts_as_being_there_once_its_bytes_are_known(
    downloads: Downloads, profile: Profile, single: Choice, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(CONTENT)
    link = link_place(profile.models, mine)
    link.parent.mkdir()
    write_record(link, new_record([file_record(mine, single.files[0].sha256 or "")]))
    assert run(downloads, single) == mine
    mine.write_bytes(CONTENT)
    assert run(downloads, single) == profile.models / SINGLE


def test_a_model_of_the_same_name_is_left_alone(
    downloads: Downloads, profile: Profile, single: Choice, sharded: Choice
) -> None:
    profile.models.mkdir(exist_ok=True)
    mine = [profile.models / name for name in (SINGLE, Path(SHARDS[1]).name)]
    for file in mine:
        file.write_bytes(b"mine")
    assert run(downloads, single).name == "small-2.gguf"
    assert run(downloads, sharded).name == "large-2-00001-of-00003.gguf"
    assert [file.read_bytes() for file in mine] == [b"mine", b"mine"]


def test_what_was_fetched_whole_is_installed_without_the_network(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    switch_off(profile)
    part(profile, downloads.add(single)).write_bytes(CONTENT)
    assert run(downloads, single).read_bytes() == CONTENT


def test_an_installation_that_was_broken_off_is_finished(
    downloads: Downloads, profile: Profile, sharded: Choice, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == Path(SHARDS[1]).name:
            raise OSError(errno.EIO, "The disk fails.")
        return rename(self, target)

    # All parts are fetched and checked; then the third is moved and the second is not.
    folder = part(profile, downloads.add(sharded)).parent
    for name, content in PARTS.items():
        (folder / Path(name).name).write_bytes(content)
    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(Refused):
        run(downloads, sharded)
    monkeypatch.undo()
    assert [file.name for file in profile.models.glob("*.gguf")] == [Path(SHARDS[2]).name]
    switch_off(profile)
    first = run(downloads, sharded)
    [item] = [item for item in Shelf(profile.models).items() if item.origin is Origin.OWN]
    assert (item.path, item.trouble) == (first, "")
    assert first.name == Path(SHARDS[0]).name


def test_a_part_is_checked_from_its_beginning_before_it_is_installed(
    downloads: Downloads, profile: Profile, single: Choice
) -> None:
    size = 200_000_000
    content = gguf(size, seed=4)
    file = ChosenFile(SINGLE, len(content), hashlib.sha256(content).hexdigest())
    download = downloads.add(replace(single, files=(file,)))
    part(profile, download).write_bytes(content)
    news = list(downloads.run(download, Stop()))
    assert any(isinstance(each, Checking) for each in news)
    assert isinstance(news[-1], Installed)


def test_speed_is_that_of_the_last_seconds() -> None:
    seconds = iter([0.0, 1.0, 2.0, 6.0, 7.0, 8.0])
    pace = Pace(1000, clock=lambda: next(seconds))
    told = [pace.at(done) for done in (100, 200, 200, 200, 200, 250)]
    assert [each.speed for each in told] == [0, 100, 50, 0, 0, 50 / 6]
    assert [each.seconds_left for each in told] == [None, 8, 16, None, None, 90]


@pytest.fixture
def slow(profile: Profile) -> Iterator[HubServer]:
    """A hub whose one model takes some seconds to come."""
    with HubServer({REPOSITORY: {SINGLE: gguf(12_000_000, seed=2)}}) as hub:
        hub.fault(Fault(FILES, times=999, pause=0.005))
        online(profile.folder, hub.url)
        yield hub


LOST = 1024 * 1024
"""Bytes that may have been under way when something was killed, be the machine ever so busy."""


@pytest.mark.journey
def test_a_killed_network_process_costs_only_what_was_under_way(
    downloads: Downloads, slow: HubServer
) -> None:
    downloads.add(Choice("Slow", REPOSITORY, (ChosenFile(SINGLE),)))
    path, kills = run_while_network_is_killed(downloads, 5, random.Random(3))
    assert kills >= 3
    assert hashlib.sha256(path.read_bytes()).hexdigest() == slow.sha256(REPOSITORY, SINGLE)
    assert slow.bytes_sent_twice(REPOSITORY, SINGLE) <= kills * LOST


@pytest.mark.journey
@pytest.mark.parametrize("alone", [True, False])
def test_a_killed_program_costs_only_what_was_under_way(
    profile: Profile, slow: HubServer, *, alone: bool
) -> None:
    downloads = Downloads(profile, Remote(profile))
    downloads.add(Choice("Slow", REPOSITORY, (ChosenFile(SINGLE),)))
    for seed in range(3):
        run_until_killed(profile.folder, random.Random(seed), alone=alone)
    [waiting] = downloads.list()
    assert waiting.state is State.WAITING
    assert waiting.done > 0
    *_, last = downloads.run(waiting, Stop())
    assert isinstance(last, Installed)
    found = hashlib.sha256(last.path.read_bytes()).hexdigest()
    assert found == slow.sha256(REPOSITORY, SINGLE)
    assert slow.bytes_sent_twice(REPOSITORY, SINGLE) <= 3 * LOST
