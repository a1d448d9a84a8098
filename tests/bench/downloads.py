"""What a download costs when it is cut, killed, lied to or stopped, and how fast it is."""

import hashlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.figure import Figure
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
from sottovoce.domain.problems import Cancelled, Problem
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.download import Choice, ChosenFile, Installed
from sottovoce.models.downloads import Downloads
from sottovoce.models.remote import Remote
from sottovoce.system.paths import Profile

ROUNDS = 20
CHUNK = 256
"""KiB: what may be fetched again after each cut or kill. It was on its way, in the buffers of the
systems at both ends; a hub that sends as fast as it can, on the same computer, fills them."""
LARGE = 1_000_000_000
FILES = f"{REPOSITORY}/{SINGLE}?"
"""What only requests to the file host hold."""
CHOICE = Choice("Model", REPOSITORY, (ChosenFile(SINGLE),))
PARTS = Choice("Model in parts", REPOSITORY, tuple(map(ChosenFile, SHARDS)))


def figures() -> Iterator[Figure]:
    """Everything that downloads are held against."""
    yield _undisturbed("redirected", CHOICE, gated=False)
    yield _undisturbed("gated", CHOICE, gated=True)
    yield _undisturbed("3 parts", PARTS, gated=False)
    yield from _cut(reset=False)
    yield from _cut(reset=True)
    yield from _network_killed()
    yield from _program_killed(alone=True)
    yield from _program_killed(alone=False)
    yield _lied_to()
    yield _full()
    yield _stopped("while bytes come", Fault(FILES, times=999, pause=0.005))
    yield _stopped("while none come", Fault(FILES, times=999, pause=0.005, stall=2_000_000))
    yield from _fast()


@dataclass(frozen=True)
class Scene:
    """A hub, and a profile that is to download its model."""

    hub: HubServer
    profile: Profile

    @property
    def downloads(self) -> Downloads:
        return Downloads(self.profile, Remote(self.profile, token=lambda: "hf_good"))

    def run(self, choice: Choice = CHOICE) -> Path:
        """The first file of the choice, once it is installed."""
        *_, last = self.downloads.run(self.downloads.add(choice), Stop())
        assert isinstance(last, Installed)
        return last.path

    def cost(self, name: str, path: Path, rounds: int) -> Iterator[Figure]:
        """Whether the installed file is right, and what was fetched more than once."""
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        is_wrong = content != self.hub.sha256(REPOSITORY, SINGLE)
        twice = self.hub.bytes_sent_twice(REPOSITORY, SINGLE) / 1024
        yield Figure(f"{name}: wrong files", is_wrong, "files", 0)
        yield Figure(f"{name}: fetched twice each time", twice / rounds, "KiB", CHUNK)


@contextmanager
def _scene(size: int, pause: float = 0.0, *, gated: bool = False) -> Iterator[Scene]:
    """`pause`: seconds between two pieces of 64 KiB."""
    files = {SINGLE: gguf(size, seed=1), **shards(size // 3)}
    with (
        HubServer({REPOSITORY: files}, gated=[REPOSITORY] if gated else []) as hub,
        tempfile.TemporaryDirectory() as folder,
    ):
        if pause:
            hub.fault(Fault(FILES, times=999, pause=pause))
        yield Scene(hub, online(Path(folder), hub.url))


def _undisturbed(name: str, choice: Choice, *, gated: bool) -> Figure:
    with _scene(20_000_000, gated=gated) as scene:
        folder = scene.run(choice).parent
        wrong = 0
        for file in choice.files:
            content = (folder / Path(file.name).name).read_bytes()
            is_right = hashlib.sha256(content).hexdigest() == scene.hub.sha256(
                REPOSITORY, file.name
            )
            wrong += not is_right or scene.hub.bytes_sent(REPOSITORY, file.name) != len(content)
    return Figure(f"{name}: files wrong or fetched twice", wrong, "files", 0)


def _cut(*, reset: bool) -> Iterator[Figure]:
    chance = random.Random(1)
    with _scene(40_000_000) as scene:
        for _ in range(ROUNDS):
            cut = chance.randint(1, 2_000_000)
            scene.hub.fault(Fault(FILES, cut=cut, reset=reset, pause=0.002))
        yield from scene.cost(f"{ROUNDS} {'resets' if reset else 'cuts'}", scene.run(), ROUNDS)


def _network_killed() -> Iterator[Figure]:
    with _scene(100_000_000, pause=0.005) as scene:
        scene.downloads.add(CHOICE)
        path, kills = run_while_network_is_killed(scene.downloads, ROUNDS, random.Random(2))
        yield from scene.cost(f"{kills} kills of the network process", path, kills)


def _program_killed(*, alone: bool) -> Iterator[Figure]:
    chance = random.Random(3)
    with _scene(100_000_000, pause=0.005) as scene:
        scene.downloads.add(CHOICE)
        for _ in range(ROUNDS):
            run_until_killed(scene.profile.folder, chance, alone=alone)
        name = f"{ROUNDS} kills of {'the program alone' if alone else 'all its processes'}"
        yield from scene.cost(name, scene.run(), ROUNDS)


def _lied_to() -> Figure:
    """Models installed that are not what was chosen, or failures without a sentence."""
    size = len(gguf(1_000_000, seed=1))
    page = {"Content-Type": "text/html"}
    faults = (
        Fault(FILES, flip=0),
        Fault(FILES, flip=size // 2),
        Fault(FILES, flip=size - 1),
        Fault(FILES, status=200, body=b"GGUF" + bytes(1000)),
        Fault(FILES, headers={"Content-Length": str(size + 1)}),
        Fault(FILES, headers={"Content-Length": str(size - 1)}),
        Fault(FILES, status=200, body=b"<html>" * 1000, headers=page),
        Fault(FILES, status=200, body=b"<html>" + bytes(size - 6)),
        Fault(FILES, status=416),
    )
    wrong = 0
    for fault in faults:
        with _scene(1_000_000) as scene:
            scene.hub.fault(fault)
            try:
                scene.run()
            except Problem as problem:
                wrong += not str(problem).endswith(".")
            wrong += len(list(scene.profile.models.glob("*.gguf")))
    return Figure(f"{len(faults)} kinds of wrong bytes: installed", wrong, "models", 0)


def _full() -> Figure:
    """What a full disk breaks or costs. The bytes that are sent when it is full are lost."""
    with _scene(5_000_000) as scene:
        with suppress(Problem), largest_file(2_000_000):
            scene.run()
        [failed] = scene.downloads.list()
        path = scene.run()
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        is_right = content == scene.hub.sha256(REPOSITORY, SINGLE)
    return Figure("disk full: wrong files", not is_right, "files", 0, note=failed.trouble)


def _stopped(name: str, fault: Fault) -> Figure:
    chance = random.Random(4)
    with _scene(200_000_000) as scene:
        scene.hub.fault(fault)
        seconds = sorted(_seconds_to_stop(scene.downloads, chance) for _ in range(ROUNDS))
    note = f"{seconds[ROUNDS // 2] * 1000:.0f} ms in the middle"
    return Figure(f"stop {name}, worst of {ROUNDS}", seconds[-1] * 1000, "ms", 50, note=note)


def _seconds_to_stop(downloads: Downloads, chance: random.Random) -> float:
    stop = Stop()
    asked: list[float] = []

    def ask() -> None:
        asked.append(time.perf_counter())
        stop.set()

    running = downloads.run(downloads.add(CHOICE), stop)
    first = next(running)
    while next(running) == first:
        pass
    timer = threading.Timer(chance.uniform(0.1, 0.4), ask)
    timer.start()
    with suppress(Cancelled):
        list(running)
    return time.perf_counter() - asked[0]


def _fast() -> Iterator[Figure]:
    """With a large file, from a hub in a process of its own. The bar is a line of 1 Gbit/s."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "hub" / REPOSITORY / SINGLE
        source.parent.mkdir(parents=True)
        source.write_bytes(gguf(LARGE, seed=5))
        with _hub_process(Path(folder) / "hub") as url:
            profile = online(Path(folder) / "profile", url)
            downloads = Downloads(profile, Remote(profile))
            alone = _seconds_alone(f"{url}/{REPOSITORY}/resolve/main/{SINGLE}")
            begun = time.perf_counter()
            *_, last = downloads.run(downloads.add(CHOICE), Stop())
            seconds = time.perf_counter() - begun
            note = f"fetched, checked and installed; {LARGE / 1e6 / alone:.0f} if only fetched"
            yield Figure("speed of 1 GB", LARGE / 1e6 / seconds, "MB/s", 125, False, note)
            assert isinstance(last, Installed)
            last.path.unlink()
            yield _resumed(downloads, profile, source)


def _resumed(downloads: Downloads, profile: Profile, source: Path) -> Figure:
    download = downloads.add(CHOICE)
    there = LARGE * 9 // 10
    part = profile.models / "downloads" / download.id / f"{SINGLE}.part"
    with source.open("rb") as file:
        part.write_bytes(file.read(there))
    begun = time.perf_counter()
    running = downloads.run(download, Stop())
    while not isinstance(news := next(running), Transferred) or news.done <= there:
        pass
    seconds = time.perf_counter() - begun
    list(running)
    note = f"{time.perf_counter() - begun:.1f} s until it is installed"
    return Figure(f"resume with {there / 1e9:g} GB there: first news", seconds, "s", 2, note=note)


def _seconds_alone(url: str) -> float:
    begun = time.perf_counter()
    with httpx2.stream("GET", url, follow_redirects=True) as response:
        for _ in response.iter_raw():
            pass
    return time.perf_counter() - begun


@contextmanager
def _hub_process(folder: Path) -> Iterator[str]:
    program = [sys.executable, str(Path(__file__).parents[1] / "hub_server.py"), str(folder)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        try:
            yield hub.stdout.readline().strip()
        finally:
            hub.kill()
