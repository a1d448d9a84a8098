"""A small program tries to get out: once locked in, and once free, to see that it knows how."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sottovoce.system import landlock
from sottovoce.system.sandbox import (
    Confinement,
    possible,
    possible_errand,
    possible_offline,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="locks of Linux")

NOBODY = 65_534
STRICT = "confine([Path(own)], Limits(memory=1_000_000_000, seconds=1))"

PROBES = {
    "connect over IPv4": "socket.create_connection(('127.0.0.1', port), 5).close()",
    "make an IPv6 socket": "socket.socket(socket.AF_INET6).close()",
    "make a UDP socket": "socket.socket(type=socket.SOCK_DGRAM).close()",
    "make a local socket": "socket.socket(socket.AF_UNIX).close()",
    "make a pair of sockets": "socket.socketpair()[0].close()",
    "make a netlink socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()",
    "look up a name": "socket.getaddrinfo('localhost', 1)",
    "set up io_uring": "call(425, 8, ctypes.create_string_buffer(120))",
    "start a program": "subprocess.run(['/bin/true'], check=True)",
    "fork": "forked()",
    "signal the parent": "os.kill(os.getppid(), 0)",
    "have the parent signalled": "fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())",
    "read another file": "Path(other).read_bytes()",
    "list a folder": "os.listdir(Path(own).parent)",
    "write to the file": "open(own, 'r+b').close()",
    "make a file": "Path(own + '.new').write_bytes(b'')",
    "shorten the file": "os.truncate(own, 1)",
    "change the file's mode": "os.chmod(own, 0o644)",
    "change the file's times": "os.utime(own)",
    "rename the file": "os.rename(own, own + '.moved')",
    "remove the file": "os.unlink(own)",
    "make a folder": "os.mkdir(own + '.folder')",
    "make a link": "os.symlink('x', own + '.link')",
    "see the parent's environment": "Path(f'/proc/{os.getppid()}/environ').read_bytes()",
    "take much memory": "mmap.mmap(-1, 2_000_000_000).close()",
    "become another program": "become()",
}
PROGRAM = """
import ctypes, fcntl, json, mmap, os, socket, subprocess, sys, threading
from pathlib import Path
from sottovoce.system import landlock
from sottovoce.system.network.client import files_to_connect
from sottovoce.system.sandbox import Limits, confine, keep_errand, keep_offline, libraries

own, other, port, locked, user, first, lock, *probes = sys.argv[1:]
port = int(port)
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")

def forked():
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)

def become():
    os.execv("/bin/echo", ["echo", '"done"'])

def told(probe):
    if not int(locked):
        Path(own).write_bytes(b"GGUF")
    try:
        exec(probe)
    except (OSError, MemoryError):
        return "refused"
    return "done"

try:
    socket.getaddrinfo("localhost", 1)  # Imports a codec.
except OSError:
    pass
exec(first)
if int(user):
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
if int(locked):
    held = eval(lock)
    print(json.dumps([held.files, held.changes, held.network, held.programs, held.memory]))
for probe in probes:
    print(json.dumps(told(probe)), flush=True)
"""


class Prison:
    """Runs probes with a file that may be read, and one that may not."""

    def __init__(self, folder: Path, port: int, user: int) -> None:
        self._own = folder / "own.gguf"
        self._other = folder / "other.gguf"
        self._port = port
        self._user = user

    def run(
        self, *probes: str, locked: bool = True, first: str = "", lock: str = STRICT
    ) -> tuple[list[object], int]:
        """What a new process tells of its locks, and of each probe; and how it ended."""
        for file in (self._own, self._other):
            file.write_bytes(b"GGUF")
            file.chmod(0o666)
        arguments = (self._own, self._other, self._port, int(locked), self._user, first)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, arguments), lock, *probes],
            stdout=subprocess.PIPE,
            timeout=60,
        )
        return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(params=["whoever runs this", "nobody"])
def prison(request: pytest.FixtureRequest, port: int) -> Iterator[Prison]:
    user = NOBODY if request.param == "nobody" else 0
    if user and os.getuid() != 0:
        pytest.skip("only root can become another user")
    with TemporaryDirectory() as folder:  # The folders of pytest are closed to other users.
        Path(folder).chmod(0o777)
        yield Prison(Path(folder), port, user)


@pytest.fixture
def full(prison: Prison) -> Prison:
    """Where this kernel has all locks; elsewhere the program is told what is missing."""
    if not possible().is_full:
        pytest.skip("this kernel does not have all locks")
    return prison


def test_it_tells_what_it_holds(prison: Prison) -> None:
    (held,), _ = prison.run()
    there = possible()
    assert held == list(astuple(there))


def test_a_locked_in_process_cannot_get_out(full: Prison) -> None:
    (_, *told), _ = full.run(*PROBES.values())
    assert dict(zip(PROBES, told, strict=True)) == dict.fromkeys(PROBES, "refused")


@pytest.mark.parametrize("prison", ["whoever runs this"], indirect=True)
def test_a_free_process_can_do_all_that(prison: Prison) -> None:
    told, _ = prison.run(*PROBES.values(), locked=False)
    assert dict(zip(PROBES, told, strict=True)) == dict.fromkeys(PROBES, "done")


@pytest.mark.parametrize(
    "work",
    [
        "assert Path(own).read_bytes() == b'GGUF'",
        "worker = threading.Thread(target=os.getpid); worker.start(); worker.join()",
        "os.write(os.pipe()[1], b'x')",
        "bytearray(10_000_000)",
    ],
)
def test_a_locked_in_process_can_still_work(work: str, full: Prison) -> None:
    (_, told), _ = full.run(work)
    assert told == "done"


def test_threads_are_locked_in_too(full: Prison) -> None:
    start = "worker = threading.Thread(target=socket.socket); worker.start(); worker.join()"
    (_, kind, _), _ = full.run(
        f"threading.excepthook = lambda crash: print(json.dumps(crash.exc_type.__name__)); {start}"
    )
    assert kind == "PermissionError"


def test_a_lock_that_leaves_a_thread_free_counts_for_nothing(full: Prison) -> None:
    waits = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    (held,), _ = full.run(first=waits)
    assert held == [False, False, True, True, True]


LIBRARY = "keep_offline(Path(own).parent)"
LIBRARY_MAY = (
    "Path(other).read_bytes()",
    "os.listdir('/')",
    "Path(own + '.new').write_bytes(b'')",
    "os.rename(own + '.new', own + '.moved')",
    "os.unlink(own + '.moved')",
    "socket.socketpair()[0].close()",
    "forked()",
    "subprocess.run([sys.executable, '-c', ''], check=True)",
    "open('/dev/null', 'wb').close()",
)
LIBRARY_MAY_NOT = (
    "connect over IPv4", "make an IPv6 socket", "make a UDP socket", "make a local socket",
    "make a netlink socket", "set up io_uring", "start a program",
    "become another program", "signal the parent", "have the parent signalled",
)  # fmt: skip


@pytest.mark.parametrize("prison", ["whoever runs this"], indirect=True)
def test_the_library_reads_writes_its_folder_and_starts_itself_alone(full: Prison) -> None:
    not_allowed = [PROBES[name] for name in LIBRARY_MAY_NOT]
    outside = "Path(sys.prefix, 'sottovoce-escape').write_bytes(b'')"
    datagrams = "socket.socketpair(type=socket.SOCK_DGRAM)"
    (held, *told), _ = full.run(*LIBRARY_MAY, *not_allowed, outside, datagrams, lock=LIBRARY)
    assert held == [False, True, True, True, False]
    done, refused = told[: len(LIBRARY_MAY)], told[len(LIBRARY_MAY) :]
    assert dict(zip(LIBRARY_MAY, done, strict=True)) == dict.fromkeys(LIBRARY_MAY, "done")
    assert refused == ["refused"] * (len(LIBRARY_MAY_NOT) + 2)


ERRAND = "keep_errand([Path(other), *libraries(), *files_to_connect()], [Path(own)])"
ERRAND_MAY = (
    PROBES["connect over IPv4"],
    PROBES["look up a name"],
    PROBES["read another file"],
    PROBES["write to the file"],
    PROBES["shorten the file"],
)
ERRAND_MAY_NOT = (
    "list a folder", "make a file", "rename the file", "remove the file", "make a folder",
    "make a link", "set up io_uring", "start a program", "become another program", "fork",
    "signal the parent", "have the parent signalled", "see the parent's environment",
    "make a local socket",
)  # fmt: skip


@pytest.mark.parametrize("prison", ["whoever runs this"], indirect=True)
def test_an_errand_reaches_the_network_and_its_own_file_alone(full: Prison) -> None:
    not_allowed = [PROBES[name] for name in ERRAND_MAY_NOT]
    serve, packets = "socket.create_server(('127.0.0.1', 0))", "socket.socket(17, 3)"
    (held, *told), _ = full.run(*ERRAND_MAY, *not_allowed, serve, packets, lock=ERRAND)
    assert held == [True, True, False, True, False]
    done, refused = told[: len(ERRAND_MAY)], told[len(ERRAND_MAY) :]
    assert dict(zip(ERRAND_MAY, done, strict=True)) == dict.fromkeys(ERRAND_MAY, "done")
    assert refused == ["refused"] * (len(ERRAND_MAY_NOT) + 2)


@pytest.mark.parametrize("prison", ["whoever runs this"], indirect=True)
@pytest.mark.parametrize(
    ("lock", "told"),
    [(LIBRARY, possible_offline()), (ERRAND, possible_errand())],
)
def test_it_is_known_before_how_far_the_others_go(
    prison: Prison, lock: str, told: Confinement
) -> None:
    (held,), _ = prison.run(lock=lock)
    assert held == list(astuple(told))


def test_endless_work_is_ended(full: Prison) -> None:
    _, code = full.run("while True: pass")
    assert code == -signal.SIGKILL


def test_without_landlock_the_other_locks_still_hold(prison: Prison) -> None:
    old_kernel = "from sottovoce.system import landlock; landlock.version = lambda: 0"
    (held, network, file), _ = prison.run(
        "socket.socket()", "Path(other).read_bytes()", first=old_kernel
    )
    assert held == [False, False, True, True, True]
    assert (network, file) == ("refused", "done")


def test_what_the_kernel_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(platform, "machine", lambda: "sparc")
    held = possible()
    assert not held.is_full
    assert held == Confinement(
        files=False, changes=False, network=False, programs=False, memory=True
    )
