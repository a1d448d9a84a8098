"""Packs for tests, and a program that is killed while it replaces one."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from models.bundling import KEY, make
from sottovoce.domain.hardware import LLAMA_CPP
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.bundle.create import Cargo
from sottovoce.models.bundle.manifest import Kind
from sottovoce.models.bundle.minisign import SecretKey
from sottovoce.models.bundle.reading import open_bundle
from sottovoce.models.packs import Pack, Packs
from sottovoce.system.application import this_platform
from sottovoce.system.paths import Profile

_STEPS = "steps"
"""Where a program that nobody killed writes down how many it took."""


def pack(
    folder: Path,
    *,
    name: str = "Vulkan",
    version: str = LLAMA_CPP,
    platform: str | None = None,
    key: SecretKey = KEY,
    files: tuple[Path, ...] = (),
    names: tuple[str, ...] = (),
) -> Path:
    """A pack of two libraries, which are none unless others are given."""
    folder.mkdir(parents=True, exist_ok=True)
    if not files:
        files = (folder / "libhelp.so.1", folder / "libggml-vulkan.so")
        for file in files:
            file.write_bytes(file.name.encode() * 1_000)
    called = names or tuple(file.name for file in files)
    there = platform or this_platform()
    cargo = Cargo(Kind.PACK, name, files, called, version=version, platform=there)
    target = folder / f"{name}{version}{there}{key.public.fingerprint[:4]}.sottovoce-bundle"
    return make(target, [cargo], key=key, name=name)


def put(packs: Packs, path: Path) -> Pack:
    """The pack, installed."""
    *_, last = packs.install(open_bundle(path), Stop())
    assert isinstance(last, Pack)
    return last


@dataclass
class Toll:
    """What killed replacements left behind."""

    kills: int = 0
    old: int = 0
    new: int = 0
    """How often either pack was there at the next start."""
    half: int = 0
    """Times that a byte of it was wrong."""
    lost: int = 0
    """Times that there was none, or more than one."""
    left: int = 0
    """Times that something else lay beside it after the next start."""


def kill_while_replacing(folder: Path, kills: int) -> Toll:
    """Replace a pack, be killed at so many instants from the first to the last, and start again."""
    old = pack(folder / "old")
    library = folder / "libggml-vulkan.so"
    library.write_bytes(b"new" * 10_000)
    new = pack(folder / "new", files=(library,))
    assert _run(old, new, folder / "whole", 0) == 0
    steps = int((folder / "whole" / _STEPS).read_text())
    toll = Toll()
    for number in range(kills):
        home = folder / f"{number}"
        last = 1 + round(number * (steps - 1) / (kills - 1))
        toll.kills += _run(old, new, home, last) == -signal.SIGKILL
        profile = Profile(home / "profile")
        packs = Packs(profile, KEY.public)
        loaded = {library.path.parent for library in packs.libraries()}
        found = packs.all()
        toll.lost += len(found) != 1 or loaded != {found[0].folder}
        toll.left += {path.name for path in profile.packs.iterdir()} != {
            "lock",
            *(each.folder.name for each in found),
        }
        for each in found:
            toll.old += len(each.libraries) == 2
            toll.new += len(each.libraries) == 1
            try:
                packs.verify(each, Stop())
            except Problem:
                toll.half += 1
        shutil.rmtree(home)
    return toll


def _run(old: Path, new: Path, home: Path, last_step: int) -> int:
    """The exit code of a program that replaces a pack, and is gone at this step."""
    paths = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, __file__, str(old), str(new), str(home), f"{last_step}"]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, check=False).returncode


def _main() -> None:
    old, new, home = map(Path, sys.argv[1:4])
    last_step, steps = int(sys.argv[4]), 0

    def count(event: str, _: object) -> None:
        nonlocal steps
        if event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}:
            steps += 1
            if steps == last_step:
                os.kill(os.getpid(), signal.SIGKILL)

    profile = Profile(home / "profile")
    profile.folder.mkdir(parents=True)
    packs = Packs(profile, KEY.public)
    put(packs, old)
    sys.addaudithook(count)
    put(packs, new)
    (home / _STEPS).write_text(f"{steps}", encoding="utf-8")


if __name__ == "__main__":
    _main()
