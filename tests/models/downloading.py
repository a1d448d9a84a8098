"""Models to download, a hub that has them, and a program that downloads and may be killed."""

import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.download import Installed
from sottovoce.models.downloads import Downloads
from sottovoce.models.remote import Remote
from sottovoce.system.network.switch import NetworkSettings, write_switch
from sottovoce.system.paths import Profile, profile

REPOSITORY = "anna/small-GGUF"
SINGLE = "small.gguf"
SHARDS = tuple(f"Q4_K_M/large-{number:05}-of-00003.gguf" for number in (1, 2, 3))


def gguf(size: int, seed: int, *, number: int = 0, count: int = 0) -> bytes:
    """A small model with random weights of this many bytes, or one part of a set of `count`."""
    dimensions = {"context_length": 512, "block_count": 1, "embedding_length": 32}
    keys = [
        _text_key("general.architecture", "llama"),
        *(_key(f"llama.{name}", 4, "I", value) for name, value in dimensions.items()),
    ]
    if count:
        keys += [
            _key("split.no", 2, "H", number),
            _key("split.count", 2, "H", count),
            _key("split.tensors.count", 5, "i", count),
        ]
    bytes_as_they_are = 24
    tensor = _text(f"weights.{number}") + struct.pack("<IQIQ", 1, size, bytes_as_they_are, 0)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys)) + b"".join(keys) + tensor
    return header + bytes(-len(header) % 32) + _random(size, seed)


def shards(size: int) -> dict[str, bytes]:
    """A model in three parts of about this many bytes."""
    return {
        name: gguf(size, seed=number, number=number, count=3) for number, name in enumerate(SHARDS)
    }


def online(folder: Path, endpoint: str) -> Profile:
    """The profile in `folder`, whose switch lets it reach the hub at `endpoint` and no other."""
    made = profile(folder)
    write_switch(made.network, NetworkSettings(on=True, endpoint=endpoint))
    return made


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond this many bytes: a disk that is full, for who writes one."""
    if sys.platform == "win32":
        pytest.skip("This system cannot keep files small.")
    import resource  # It is not there on Windows.

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def run_until_killed(folder: Path, chance: random.Random, *, alone: bool) -> None:
    """Run what is next in a program of its own, and kill it soon after bytes came.

    `alone`: its network process is not killed with it, and has to end by itself.
    """
    if sys.platform == "win32":
        pytest.skip("This system has no groups of processes to kill.")
    program = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        assert first, "it ended before it was killed"
        while running.stdout.readline() == first:
            pass
        children = psutil.Process(running.pid).children()
        killer = threading.Timer(
            chance.uniform(0.0, 0.3),
            running.kill if alone else partial(os.killpg, running.pid, signal.SIGKILL),
        )
        killer.start()
        running.stdout.read()
        killer.join()
    until = time.monotonic() + 30
    while any(map(_lives, children)):
        assert time.monotonic() < until, "the network process lives on"


def run_while_network_is_killed(
    downloads: Downloads, kills: int, chance: random.Random
) -> tuple[Path, int]:
    """Run what is next, and kill its network process at random; the model, and how often."""
    download = downloads.next()
    assert download is not None, "there is nothing to run"
    killed, done, last = 0, 0, None
    for last in downloads.run(download, Stop()):
        if not isinstance(last, Transferred) or last.done <= done or killed == kills:
            continue
        if chance.random() < 0.5:
            for child in psutil.Process().children():
                if "--network-process" in child.cmdline():
                    child.kill()
                    killed += 1
                    done = last.done
    assert isinstance(last, Installed), "it comes to its end in spite of them"
    return last.path, killed


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _random(size: int, seed: int) -> bytes:
    chance, block = random.Random(seed), 1_000_000
    return b"".join(chance.randbytes(min(block, size - at)) for at in range(0, size, block))


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def _text_key(key: str, value: str) -> bytes:
    return _text(key) + struct.pack("<I", 8) + _text(value)


def _key(key: str, kind: int, code: str, value: int) -> bytes:
    return _text(key) + struct.pack(f"<I{code}", kind, value)


def _run_next(folder: Path) -> None:
    """Run what is next in the queue, and print how far it came."""
    downloads = Downloads(profile(folder), Remote(profile(folder)))
    download = downloads.next()
    assert download is not None, "there is nothing to run"
    for news in downloads.run(download, Stop()):
        if isinstance(news, Transferred):
            sys.stdout.write(f"{news.done}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    _run_next(Path(sys.argv[1]))
