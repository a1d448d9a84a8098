"""Whether a bundle that was changed is ever used, and what a kill costs while one is installed."""

import hashlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figure import Figure
from models.bundling import (
    BAD_NAMES,
    KEY,
    cargoes,
    flips,
    kill_while_installing,
    make,
    refusal,
    sign_again,
    sign_bytes,
)
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle.install import install
from sottovoce.models.bundle.medium import MANIFEST
from sottovoce.models.bundle.minisign import new_key
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.bundle.signers import Signers
from sottovoce.system.paths import Profile

FLIPS, KILLS = 1_000, 100
SIZE, ROUNDS = 500_000_000, 3
"""Bytes of a model that is carried."""


def figures() -> Iterator[Figure]:
    """Change bundles in many ways, kill installations, and take the time and room of one."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        profile = Profile(folder / "profile")
        profile.folder.mkdir()
        trusted = Signers(profile)
        trusted.trust(KEY.public)
        yield from _changed(folder, trusted)
        toll = kill_while_installing(folder / "kills", KILLS, random.Random(11))
        note = f"in {toll.kills} kills"
        yield Figure("installation killed: files half in place", toll.half, "files", 0, note=note)
        yield Figure("installation killed: next run failed", toll.lost, "times", 0, note=note)
        yield Figure("installation killed: leftovers after it", toll.left, "times", 0, note=note)
        yield from _cost(folder, profile)


def _changed(folder: Path, trusted: Signers) -> Iterator[Figure]:
    carried = cargoes(folder / "from", size=400_000)
    one, many = make(folder / "one", carried), make(folder / "many", carried, split=100_000)
    for bundle, form in ((one, "one file"), (many, "a folder")):
        used = sum(not refusal(bundle, trusted) for _ in flips(bundle, FLIPS, random.Random(3)))
        yield Figure(f"a byte flipped in {form}: used", used, "bundles", 0, note=f"of {FLIPS}")
    content = one.read_bytes()
    dice, used = random.Random(4), 0
    for _ in range(100):
        one.write_bytes(content[: dice.randrange(len(content))])
        used += not refusal(one, trusted)
    yield Figure("cut anywhere: used", used, "bundles", 0, note="of 100")
    attacks = _attacks(many)
    used = sum(_is_used(many, attack, trusted) for attack in attacks)
    note = f"of {len(attacks)}: reordered, signed by another, names, doubles"
    yield Figure("tampered with: used", used, "bundles", 0, note=note)
    assert not refusal(many, trusted), "The bundle itself is good."


def _attacks(bundle: Path) -> list[Callable[[], object]]:
    """Ways to change a bundle in a folder; all files are put back after each."""
    manifest = (bundle / MANIFEST).read_bytes()
    parts = sorted(bundle.glob("*.part"))

    def swap(one: Path, other: Path) -> None:
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)

    def named(name: str) -> Callable[[], object]:
        return lambda: sign_again(
            bundle, lambda values: values["items"][0]["files"][0].update(name=name)
        )

    return [
        *(lambda a=a, b=b: swap(a, b) for a in parts for b in parts if a < b),
        *(lambda part=part: part.unlink() for part in parts),
        *(lambda part=part: part.write_bytes(part.read_bytes() + b"x") for part in parts),
        lambda: sign_bytes(bundle, manifest, new_key()),
        lambda: sign_again(bundle, lambda values: values["items"].append(values["items"][0])),
        *map(named, BAD_NAMES),
    ]


def _is_used(bundle: Path, attack: Callable[[], object], trusted: Signers) -> bool:
    before = {path: path.read_bytes() for path in bundle.iterdir()}
    attack()
    is_used = not refusal(bundle, trusted)
    for path, content in before.items():
        path.write_bytes(content)
    return is_used


def _cost(folder: Path, profile: Profile) -> Iterator[Figure]:
    """Time and room of an installation; the least there is to do is a copy and its SHA-256."""
    bundle = make(folder / "large", cargoes(folder / "from large", size=SIZE)[:1])
    # By turns, so that other work on the machine slows down both.
    rounds = [(_copy(bundle, folder / "copy"), *_install(bundle, profile)) for _ in range(ROUNDS)]
    least, seconds, room = zip(*rounds, strict=True)
    note = f"{SIZE / min(seconds) / 1e6:.0f} MB/s"
    share = min(seconds) / min(least)
    yield Figure("time, as a part of a copy with its SHA-256", share, "ratio", 3, note=note)
    share = max(room) / SIZE
    yield Figure("room while installing, as a part of what is carried", share, "ratio", 1.01)


def _copy(source: Path, target: Path) -> float:
    """Seconds for a copy that is on disk, with its sum taken on the way."""
    began, sum_ = time.perf_counter(), hashlib.sha256()
    with source.open("rb") as here, target.open("wb") as there:
        while data := here.read(4_000_000):
            sum_.update(data)
            there.write(data)
        there.flush()
        os.fsync(there.fileno())
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def _install(bundle: Path, profile: Profile) -> tuple[float, int]:
    """Seconds for an installation, and the most bytes that there were meanwhile."""
    began, most = time.perf_counter(), 0
    for _ in install(open_bundle(bundle), profile, Stop(), acceptances={}):
        files = (path.stat() for path in profile.models.rglob("*") if path.is_file())
        most = max(most, sum(file.st_size for file in files))
    seconds = time.perf_counter() - began
    shutil.rmtree(profile.models)
    return seconds, most
