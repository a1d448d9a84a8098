"""Bundles for tests, ways to tamper with them, and a program that is killed while it installs."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.downloading import SHARDS, gguf, shards
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle.create import Cargo, create, file_cargo, model_cargo
from sottovoce.models.bundle.install import Installed, install
from sottovoce.models.bundle.manifest import Kind
from sottovoce.models.bundle.medium import MANIFEST, SIGNATURE, SIGNER
from sottovoce.models.bundle.minisign import PublicKey, SecretKey
from sottovoce.models.bundle.reading import open_bundle, verify
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.shelf import Shelf
from sottovoce.system.paths import Profile

KEY = SecretKey(
    PublicKey(
        b"for test",
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    ),
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
)
"""Signs what tests trust: the first key of RFC 8032, with an id of our own."""


def model_file(folder: Path, name: str = "talk.gguf", size: int = 100_000, seed: int = 1) -> Path:
    """A small model that nothing is wrong with."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(gguf(size, seed))
    return path


def cargoes(folder: Path, *, size: int = 100_000) -> list[Cargo]:
    """A model, the application and a policy."""
    shelf = Shelf(folder / "shelf")
    model = shelf.link(model_file(folder, size=size), Stop())
    application, policy = folder / "Sottovoce.AppImage", folder / "policy.toml"
    application.write_bytes(random.Random(5).randbytes(3_000))
    policy.write_text('banner = "For official use"\n', encoding="utf-8")
    return [
        model_cargo(model),
        file_cargo(Kind.APPLICATION, application),
        file_cargo(Kind.POLICY, policy),
    ]


def make(
    target: Path,
    carried: list[Cargo],
    *,
    key: SecretKey = KEY,
    split: int | None = None,
    sequence: int = 5,
    name: str = "Field office",
) -> Path:
    """A bundle at `target`."""
    for _ in create(carried, target, key, Stop(), name=name, sequence=sequence, split=split):
        pass
    return target


def put(path: Path, profile: Profile, hand_to: Path | None = None) -> Installed:
    """Install what is there, as a person who asks for nothing special does."""
    *_, last = install(open_bundle(path), profile, Stop(), acceptances={}, hand_to=hand_to)
    assert isinstance(last, Installed)
    return last


def break_off(path: Path, profile: Profile) -> None:
    """Begin to install it, and leave it at the first news."""
    for _ in install(open_bundle(path), profile, Stop(), acceptances={}):
        break


def stop_at_once(work: Callable[[Stop], Iterator[object]]) -> None:
    """Do something, and stop it at the first news."""
    stop = Stop()
    for _ in work(stop):
        stop.set()


def refusal(path: Path, trusted: Signers) -> str:
    """The sentence that says why a bundle is not used; empty if it would be."""
    try:
        bundle = open_bundle(path)
        trusted.check(bundle)
        for _ in verify(bundle, Stop()):
            pass
    except Problem as problem:
        return str(problem)
    return ""


def flips(bundle: Path, count: int, dice: random.Random) -> Iterator[tuple[Path, int]]:
    """Turn one bit at each of so many places, and turn it back when asked for the next."""
    files = sorted(bundle.iterdir()) if bundle.is_dir() else [bundle]
    sizes = [file.stat().st_size for file in files]
    for _ in range(count):
        [file] = dice.choices(files, sizes)
        place, bit = dice.randrange(file.stat().st_size), 1 << dice.randrange(8)
        _turn(file, place, bit)
        yield file, place
        _turn(file, place, bit)


def _turn(file: Path, place: int, bit: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(place)
        [byte] = opened.read(1)
        opened.seek(place)
        opened.write(bytes([byte ^ bit]))


def sign_again(
    folder: Path, change: Callable[[dict[str, Any]], object], key: SecretKey = KEY
) -> None:
    """Change the manifest of a bundle in a folder, and sign it again as the one who has the key."""
    values = json.loads((folder / MANIFEST).read_bytes())
    change(values)
    sign_bytes(folder, json.dumps(values, sort_keys=True, indent=1).encode() + b"\n", key)


def sign_bytes(folder: Path, content: bytes, key: SecretKey = KEY) -> None:
    """Sign whatever is to be the manifest."""
    (folder / MANIFEST).write_bytes(content)
    (folder / SIGNATURE).write_bytes(key.sign(content, "again"))
    (folder / SIGNER).write_bytes(key.public.file)


BAD_NAMES = (
    *("../../evil.gguf", "..\\evil.gguf", "/etc/evil.gguf", "C:evil.gguf", "C:\\evil.gguf"),
    *("con.gguf", "AUX.gguf", "com1.gguf", "LPT¹.gguf", "nul .gguf", "a\u202efugg.gguf"),
    *("a/b.gguf", "-rf.gguf", ".hidden.gguf", "", ".gguf", "..", "x\0y.gguf", "x\ny.gguf"),
    *("a.gguf ", "a.gguf.", f"{'a' * 300}.gguf", "a:b.gguf", "a*.gguf", "a|b.gguf", "~.gguf"),
    *("talk.gguf/", "talk.exe", "talk.GGUF\u200b", "a-00001-of-00002.gguf"),
)
"""What no file of a bundle may be called, whoever signs it."""


_STEPS = "steps"
"""Where a program that nobody killed writes down how many it took."""


@dataclass
class Toll:
    """What killed installations left behind."""

    kills: int = 0
    half: int = 0
    """Files in their places that were not right."""
    lost: int = 0
    """Times that the next run did not bring all of it."""
    left: int = 0
    """Times that something was left of the copying after that."""


def kill_while_installing(folder: Path, kills: int, dice: random.Random) -> Toll:
    """Install, be killed when a file is opened, renamed or removed, and install again."""
    carried = [*cargoes(folder / "from"), *_sharded(folder / "from")]
    bundle = make(folder / "bundle", carried, split=30_000)
    toll = Toll()
    with _running(bundle) as run:
        assert run(folder / "whole", 0) == 0
        steps = int((folder / "whole" / _STEPS).read_text())
        while toll.kills < kills:
            home = folder / f"{toll.kills}"
            toll.kills += run(home, dice.randint(1, steps)) == -signal.SIGKILL
            toll.half += sum(not right for right in _are_right(bundle, home))
            put(bundle, Profile(home / "profile"), home / "handed")
            right = _are_right(bundle, home)
            toll.lost += len(right) != 6 or not all(right)
            toll.left += any(path.is_dir() for path in (home / "profile/models/bundles").iterdir())
            shutil.rmtree(home)
    return toll


def _sharded(folder: Path) -> list[Cargo]:
    """A model in three parts."""
    for name, content in shards(40_000).items():
        (folder / Path(name).name).write_bytes(content)
    first = folder / Path(SHARDS[0]).name
    return [model_cargo(Shelf(folder / "shelf").link(first, Stop()))]


def _are_right(bundle: Path, home: Path) -> list[bool]:
    """Of each file that is in its place, whether it is what was carried."""
    files = {file.name: file.sha256 for file in open_bundle(bundle).manifest.files}
    there = [*home.glob("profile/models/*.gguf"), *home.glob("handed/*")]
    return [
        files.get(path.name) == hashlib.sha256(path.read_bytes()).hexdigest()
        for path in there
        if path.suffix != ".part"
    ]


@contextmanager
def _running(bundle: Path) -> Iterator[Callable[[Path, int], int]]:
    """A program that installs a bundle in a home, is gone at a step, and tells its exit code.

    It is started once, and forks: loading takes longer than installing.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, __file__, str(bundle)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    ) as program:
        asked, told = program.stdin, program.stdout
        assert asked is not None
        assert told is not None

        def run(home: Path, last_step: int) -> int:
            asked.write(f"{last_step} {home}\n")
            asked.flush()
            return int(told.readline())

        yield run


def _main() -> None:
    """Install a bundle as often as asked, each time in a process of its own."""
    bundle = Path(sys.argv[1])
    for line in sys.stdin:
        last_step, home = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if not child:
            _install(bundle, Path(home), int(last_step))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _install(bundle: Path, home: Path, last_step: int) -> None:
    """Install it, and be gone at this step."""
    steps = 0

    def count(event: str, _: object) -> None:
        nonlocal steps
        if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}:
            steps += 1
            if steps == last_step:
                os.kill(os.getpid(), signal.SIGKILL)

    profile = Profile(home / "profile")
    profile.folder.mkdir(parents=True)
    Signers(profile).trust(KEY.public)
    sys.addaudithook(count)
    put(bundle, profile, home / "handed")
    (home / _STEPS).write_text(f"{steps}", encoding="utf-8")


if __name__ == "__main__":
    _main()
