"""Ways out of a process that is locked in, tried one after the other. For Linux on x86-64.

Each is tried by the system's own calls, past whatever Python would refuse. What fails with a bad
argument has reached the system, and counts as a way out like what succeeds: only a refusal counts.
Started as a program, it tries all of them unlocked, each in a fork, and writes what came of it.
"""

import ctypes
import errno
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

REFUSED = "refused"
_REFUSALS = {errno.EPERM, errno.EACCES, errno.EXDEV}
_NOWHERE = 2**64 - 4096
"""An address at which there is nothing."""
_TARGETS = "ESCAPE_TARGETS"

_ELSEWHERE = (
    "/dev/shm/sottovoce-escape",
    f"{tempfile.gettempdir()}/sottovoce-escape",
    f"{sys.prefix}/sottovoce-escape",
)

Attempt = Callable[[], object]


@dataclass(frozen=True)
class Targets:
    """What there is to reach outside."""

    own: str
    """The one file that may be read."""
    secret: str
    link: str
    """To the secret, beside the own file."""
    folder: str
    port: int
    local: str
    """A local socket that listens."""
    victim: int
    """A process of the same user."""


@contextmanager
def targets() -> Iterator[Targets]:
    """Things to reach; they are in the environment of what is started meanwhile."""
    with (
        tempfile.TemporaryDirectory() as name,
        socket.create_server(("127.0.0.1", 0)) as server,
        closing(socket.socket(socket.AF_UNIX)) as local,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim,
    ):
        folder = Path(name)
        own, secret, link = folder / "own.odd", folder / "home" / "secret", folder / "link.odd"
        secret.parent.mkdir()
        secret.write_text("a secret")
        own.write_text("a document")
        link.symlink_to(secret)
        local.bind(str(folder / "local"))
        local.listen()
        made = Targets(
            own=str(own),
            secret=str(secret),
            link=str(link),
            folder=name,
            port=server.getsockname()[1],
            local=str(folder / "local"),
            victim=victim.pid,
        )
        os.environ[_TARGETS] = json.dumps(asdict(made))
        try:
            yield made
        finally:
            del os.environ[_TARGETS]
            victim.kill()


def tried() -> dict[str, str]:
    """What came of each attempt in this process."""
    there = Targets(**json.loads(os.environ[_TARGETS]))
    return {name: _outcome(attempt) for name, attempt in _attempts(there)}


def tried_unlocked() -> dict[str, str]:
    """What comes of each in a free process, of which each attempt takes a copy."""
    done = subprocess.run([sys.executable, __file__], stdout=subprocess.PIPE, check=True)
    outcomes: dict[str, str] = json.loads(done.stdout)
    return outcomes


def _outcome(attempt: Attempt) -> str:
    try:
        attempt()
    except OSError as error:
        return REFUSED if error.errno in _REFUSALS else errno.errorcode.get(error.errno or 0, "?")
    return "done"


def _attempts(there: Targets) -> Iterator[tuple[str, Attempt]]:
    yield from _sockets(there)
    yield from _programs(there)
    yield from _processes(there)
    yield from _files(there)
    yield from _kernel()


libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    given = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    result: int = libc.syscall(ctypes.c_long(number), *given)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _raw(number: int, *arguments: int | bytes) -> Attempt:
    return partial(_call, number, *arguments)


# Sockets.

_KINDS = {
    "TCP": (2, 1, 0), "TCP over IPv6": (10, 1, 0), "UDP": (2, 2, 0), "UDP over IPv6": (10, 2, 0),
    "raw": (2, 3, 1), "raw IPv6": (10, 3, 58), "multipath TCP": (2, 1, 262),
    "SCTP": (2, 1, 132), "DCCP": (2, 6, 33), "UDP-Lite": (2, 2, 136), "packets": (17, 3, 0x300),
    "netlink of routes": (16, 3, 0), "netlink of the audit": (16, 3, 9),
    "netlink of devices": (16, 2, 15), "netlink of sockets": (16, 3, 4),
    "virtual machines": (40, 1, 0), "ciphers": (38, 5, 0), "XDP": (44, 3, 0), "CAN": (29, 3, 1),
    "TIPC": (30, 1, 0), "Bluetooth": (31, 3, 1), "keys": (15, 3, 2), "RDS": (21, 5, 0),
    "Qualcomm": (42, 2, 0), "local": (1, 1, 0), "local datagrams": (1, 2, 0), "SMC": (43, 1, 0),
}  # fmt: skip


def _sockets(there: Targets) -> Iterator[tuple[str, Attempt]]:
    for name, arguments in _KINDS.items():
        yield f"a socket for {name}", _raw(41, *arguments)
    address = struct.pack("=HHI8x", 2, socket.htons(there.port), socket.htonl(0x7F000001))
    local = struct.pack("=H", 1) + there.local.encode() + b"\0"
    abstract = struct.pack("=H", 1) + b"\0sottovoce"
    yield "connect to a server", lambda: _call(42, _call(41, 2, 1, 0), address, len(address))
    yield (
        "connect with the first bytes",
        lambda: _call(44, _call(41, 2, 1, 0), b"x", 1, 0x20000000, address, len(address)),
    )
    yield (
        "send a datagram",
        lambda: _call(44, _call(41, 2, 2, 0), b"x", 1, 0, address, len(address)),
    )
    yield "listen for others", lambda: _call(50, _call(41, 2, 1, 0), 1)
    yield "connect to a local server", lambda: _call(42, _call(41, 1, 1, 0), local, len(local))
    yield "an abstract name", lambda: _call(49, _call(41, 1, 1, 0), abstract, len(abstract))
    yield "look up a name", _look_up
    yield "a pair of sockets", _raw(53, 1, 1, 0, _NOWHERE)
    for name, number in {
        "connect": 42, "accept": 43, "bind": 49, "listen": 50, "accept4": 288, "sendto": 44,
        "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "sendmmsg": 307, "recvmmsg": 299,
    }.items():  # fmt: skip
        yield f"{name} with what is open", _raw(number, -1, _NOWHERE, 1, 0, 0, 0)


def _look_up() -> None:
    found = ctypes.c_void_p()
    if libc.getaddrinfo(b"localhost", b"80", None, ctypes.byref(found)):
        raise OSError(errno.EPERM, "")


# Programs and processes.


def _programs(there: Targets) -> Iterator[tuple[str, Attempt]]:
    yield "fork", _forked
    yield "fork many times", _forked_often
    yield "fork by clone", lambda: _reaped(_call(56, 17, 0, 0, 0, 0))
    yield "fork by clone3", _clone3
    yield "start a program", lambda: os.posix_spawn("/bin/true", ["true"], {})
    yield "start a shell", _shell
    yield "become a program", lambda: _call(59, b"/bin/true", 0, 0)
    yield "become a program by its descriptor", lambda: _call(322, -100, b"/bin/true", 0, 0, 0)
    yield "become a program made in memory", _from_memory
    yield "become a program by the loader", lambda: _call(59, b"/lib64/ld-linux-x86-64.so.2", 0, 0)


def _forked() -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    _reaped(child)


def _forked_often() -> None:
    for _ in range(20):
        _forked()


def _reaped(child: int) -> None:
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _clone3() -> None:
    try:
        _reaped(_call(435, struct.pack("=8xQQQQ56x", 0, 0, 0, 17)[:88], 88))
    except OSError as error:
        # It is said not to exist, so that the C library takes the one that is looked into.
        raise PermissionError(errno.EPERM, "") if error.errno == errno.ENOSYS else error from None


def _shell() -> None:
    if os.system("true"):
        raise PermissionError(errno.EPERM, "")


def _from_memory() -> None:
    _call(322, os.memfd_create("program"), b"", 0, 0, 0x1000)


def _processes(there: Targets) -> Iterator[tuple[str, Attempt]]:
    victim, one = there.victim, struct.pack("=QQ", 0, 0)
    mask = struct.pack("=Q", 0xFF)
    yield from {
        "stop it as a debugger": _raw(101, 0x4206, victim, 0, 0),
        "read its memory": _raw(310, victim, _NOWHERE, 1, _NOWHERE, 1, 0),
        "write its memory": _raw(311, victim, _NOWHERE, 1, _NOWHERE, 1, 0),
        "compare with it": _raw(312, victim, os.getpid(), 0, 0, 0),
        "hold it by a descriptor": _raw(434, victim, 0),
        "signal a descriptor": _raw(424, -1, 0, 0, 0),
        "take a descriptor": _raw(438, -1, 0, 0),
        "advise on its memory": _raw(440, -1, _NOWHERE, 1, 4, 0),
        "release its memory": _raw(448, -1, 0),
        "signal it": _raw(62, victim, 0),
        "signal its group": _raw(62, 0, 0),
        "signal its thread": _raw(200, victim, 0),
        "signal its thread in its group": _raw(234, victim, victim, 0),
        "queue a signal": _raw(129, victim, 0, _NOWHERE),
        "queue a signal for a thread": _raw(297, victim, victim, 0, _NOWHERE),
        "change its priority": _raw(141, 0, victim, 1),
        "change its user's priority": _raw(141, 2, 0, 0),
        "change its disk priority": _raw(251, 1, victim, 0),
        "change its scheduling": _raw(144, victim, 0, struct.pack("=i", 0)),
        "change its scheduling parameters": _raw(142, victim, struct.pack("=i", 0)),
        "change its scheduling attributes": _raw(314, victim, _NOWHERE, 0),
        "change its processors": _raw(203, victim, 8, mask),
        "move its pages": _raw(279, victim, 0, 0, 0, 0, 0),
        "move its memory": _raw(256, victim, 0, 0, 0),
        "change its limits": _raw(302, victim, 4, 0, one),
        "leave the group": _raw(109, 0, 0),
    }.items()
    for name in ("environ", "mem", "maps", "cmdline", "root", "cwd", "exe", "fd", "task"):
        yield f"open its {name}", partial(os.open, f"/proc/{victim}/{name}", os.O_RDONLY)
    yield "open its memory to write", partial(os.open, f"/proc/{victim}/mem", os.O_WRONLY)
    yield "list all processes", partial(os.listdir, "/proc")


# Files.


def _files(there: Targets) -> Iterator[tuple[str, Attempt]]:
    folder, own, secret = Path(there.folder), Path(there.own), Path(there.secret)
    new = folder / "new"
    for name, path in {
        "a secret": there.secret,
        "a secret through a link": there.link,
        "the users": "/etc/passwd",
        "the passwords": "/etc/shadow",
        "the machine's name": "/etc/hostname",
        "the terminal": "/dev/zero",
        "the boot line": "/proc/cmdline",
        "open connections": "/proc/net/tcp",
    }.items():
        yield f"read {name}", partial(_read, path)
    for name, path in {
        "the root": "/",
        "the homes": "/home",
        "a home": str(Path(there.secret).parent),
        "its own folder": there.folder,
        "temporary files": tempfile.gettempdir(),
        "shared memory": "/dev/shm",
        "devices": "/dev",
        "settings": "/etc",
    }.items():
        yield f"list {name}", partial(os.listdir, path)
    made = os.O_WRONLY | os.O_CREAT
    yield from {
        "write its own file": lambda: os.open(own, os.O_RDWR),
        "append to its own file": lambda: os.open(own, os.O_WRONLY | os.O_APPEND),
        "empty its own file": lambda: os.open(own, os.O_RDONLY | os.O_TRUNC),
        "shorten its own file": lambda: os.truncate(own, 1),
        "make a file": lambda: os.open(new, made),
        "make a file without a name": lambda: os.open(folder, os.O_WRONLY | os.O_TMPFILE),
        "make a file in memory for all": lambda: os.open(_ELSEWHERE[0], made),
        "make a file among the temporary": lambda: os.open(_ELSEWHERE[1], made),
        "make a file in the program": lambda: os.open(_ELSEWHERE[2], made),
        "make a folder": new.mkdir,
        "make a link": lambda: new.symlink_to(secret),
        "make a hard link of a secret": lambda: new.hardlink_to(secret),
        "make a pipe with a name": lambda: os.mkfifo(new),
        "make a device": lambda: os.mknod(new, 0o20666, os.makedev(1, 1)),
        "rename its own file": lambda: own.rename(new),
        "put its own file in place of a secret": lambda: own.rename(secret),
        "change places with a secret": _raw(
            316, -100, os.fsencode(own), -100, there.secret.encode(), 2
        ),
        "remove its own file": own.unlink,
        "remove a secret": secret.unlink,
        "remove a folder": folder.rmdir,
        "change its own file's mode": lambda: own.chmod(0o644),
        "change a secret's mode": lambda: secret.chmod(0o666),
        "give a secret away": lambda: os.chown(secret, -1, -1),
        "change a secret's times": lambda: os.utime(secret),
        "mark its own file": lambda: os.setxattr(own, "user.mark", b"x"),
        "mark what is open": _raw(190, -1, _NOWHERE, _NOWHERE, 1, 0),
        "change the mode of what is open": _raw(91, -1, 0o666),
        "watch files": lambda: _call(294, 0),
        "watch all files": _raw(300, 0, 0),
        "ask for a handle": _raw(303, -100, os.fsencode(own), _NOWHERE, _NOWHERE, 0),
        "open by a handle": _raw(304, -1, _NOWHERE, 0),
        "set how crashes are handled": lambda: os.open(
            "/proc/sys/kernel/core_pattern", os.O_WRONLY
        ),
        "feed the log of the kernel": lambda: os.open("/dev/kmsg", os.O_WRONLY),
        "map a secret": lambda: mmap.mmap(os.open(secret, os.O_RDONLY), 0, prot=1),
    }.items()


def _read(path: str) -> None:
    os.read(os.open(path, os.O_RDONLY), 1)


# The kernel.


def _kernel() -> Iterator[tuple[str, Attempt]]:
    for name, (number, *arguments) in {
        "rings of calls": (425, 8, _NOWHERE), "enter a ring": (426, -1, 0, 0, 0, 0, 0),
        "register with a ring": (427, -1, 0, 0, 0), "programs in the kernel": (321, 0, 0, 0),
        "count events": (298, _NOWHERE, 0, -1, -1, 0), "handle page faults": (323, 0),
        "use its keyring": (250, 0, -3, 0), "add a key": (248, _NOWHERE, 0, 0, 0, 0),
        "ask for a key": (249, _NOWHERE, 0, 0, 0), "mount": (165, _NOWHERE, _NOWHERE, 0, 0, 0),
        "unmount": (166, _NOWHERE, 0), "move a mount": (429, -1, _NOWHERE, -1, _NOWHERE, 0),
        "open a tree": (428, -1, _NOWHERE, 0), "open a file system": (430, _NOWHERE, 0),
        "set up a file system": (431, -1, 0, 0, 0, 0), "mount a file system": (432, -1, 0, 0),
        "pick a file system": (433, -1, _NOWHERE, 0), "change a mount": (442, -1, 0, 0, 0, 0),
        "change the root": (161, _NOWHERE), "swap the roots": (155, _NOWHERE, _NOWHERE),
        "a user namespace": (272, 0x10000000), "a network namespace": (272, 0x40000000),
        "join a namespace": (308, -1, 0), "load a module": (175, 0, 0, 0),
        "load a module file": (313, -1, 0, 0), "unload a module": (176, _NOWHERE, 0),
        "load a kernel": (246, 0, 0, 0, 0xFFFF), "load a kernel file": (320, -1, -1, 0, 0, 0),
        "restart": (169, 0, 0, 0, 0), "use swap": (167, _NOWHERE, 0), "stop swap": (168, _NOWHERE),
        "name the machine": (170, _NOWHERE, 4), "name its domain": (171, _NOWHERE, 4),
        "set the time": (164, _NOWHERE, 0), "set a clock": (227, 0, _NOWHERE),
        "tune the time": (159, _NOWHERE), "tune a clock": (305, 0, _NOWHERE), "ports": (172, 0),
        "some ports": (173, 0, 1, 0), "account": (163, _NOWHERE), "quotas": (179, -1, 0, 0, 0),
        "the log": (103, 10, 0, 0), "another personality": (135, 0xFFFFFFFF),
        "make shared memory": (29, 0, 4096, 0o1600), "take shared memory": (30, -1, 0, 0),
        "control shared memory": (31, -1, 2, _NOWHERE), "make a semaphore": (64, 0, 1, 0o1600),
        "use a semaphore": (65, -1, _NOWHERE, 1), "control a semaphore": (66, -1, 0, 2, _NOWHERE),
        "wait for a semaphore": (220, -1, _NOWHERE, 1, 0), "make a queue": (68, 0, 0o1600),
        "send to a queue": (69, -1, _NOWHERE, 1, 0), "take from a queue": (70, -1, _NOWHERE, 1),
        "control a queue": (71, -1, 2, _NOWHERE), "open a queue": (240, _NOWHERE, 0, 0, 0),
        "remove a queue": (241, _NOWHERE),
    }.items():  # fmt: skip
        yield name, _raw(number, *arguments)


if __name__ == "__main__":
    there = Targets(**json.loads(os.environ[_TARGETS]))
    outcomes = {}
    for name, attempt in _attempts(there):
        hearing, telling = os.pipe()
        if (child := os.fork()) == 0:
            os.write(telling, _outcome(attempt).encode())
            os._exit(0)
        os.close(telling)
        os.waitpid(child, 0)
        # What has become another program tells nothing.
        outcomes[name] = os.read(hearing, 100).decode() or "done"
        os.close(hearing)
        Path(there.own).write_text("a document")
        for path in (there.folder + "/new", *_ELSEWHERE):
            subprocess.run(["rm", "-rf", path], check=True)
        Path(there.secret).write_text("a secret")
    sys.stdout.write(json.dumps(outcomes))
