"""A whole day in a few minutes, and every call by which a process could have reached another host.

A window chats, reads a document, searches, locks and is unlocked; then commands do the rest, and a
download at the end. All of it runs under strace. Before, to see that it would be seen, a process
makes a socket of each kind.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figure import Figure, NeedsData
from commanding import commanded_window
from hub_server import HubServer
from program import PASSPHRASE, Program
from tiny_llama import tiny_llama

_INTERNET = re.compile(r"\bAF_(?:INET6?|PACKET|NETLINK|VSOCK)\b")
_CONNECT = re.compile(r"connect\(.*sin6?_port=htons\((\d+)\).*?\"([^\"]+)\"")
_MAKES_ALL = "import socket\nfor kind in (2, 10, 16): socket.socket(kind, 2).close()"
_REPOSITORY = "owner/Talk-GGUF"
_NOTE = "The keeper climbed the stairs and lit the lamp before the ships came home.\n" * 40


def figures() -> Iterator[Figure]:
    """Sockets of all processes, and the hosts of a download."""
    if shutil.which("strace") is None:
        raise NeedsData("strace, installed where it is found")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        day = _Day(folder)
        day.run("control", sys.executable, "-c", _MAKES_ALL)
        yield Figure(
            "internet sockets of a process that makes three",
            len(day.reaching("control")),
            "sockets",
            3,
            less_is_better=False,
        )
        begun = time.monotonic()
        day.live()
        seconds = time.monotonic() - begun
        reaching = day.reaching("window", "command")
        yield Figure(
            "switched off: internet sockets of all processes",
            len(reaching),
            "calls",
            0,
            note=reaching[0] if reaching else f"{day.threads} threads, {seconds:.0f} s",
        )
        yield day.download()


class _Day:
    """What is done, and what strace saw."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = Program(folder / "profile")
        self._count = 0

    def live(self) -> None:
        """All that needs no network."""
        note = self._folder / "note.txt"
        note.write_text(_NOTE)
        before = self._watched("window")
        with commanded_window(self._program.folder, self._program.environment, before) as window:
            window.do(send="Tell me of the sea in a few words.")
            window.hear("grew")
            window.do(attach=str(note))
            window.do(search="lamp")
            window.do(type="A draft")
            window.lock()
            window.do(unlock=PASSPHRASE)
            window.wait_for("open")
            window.do(send="Who lit the lamp?")
            window.hear("grew")
            window.do(close=True)
            window.process.wait()
        backup = str(self._folder / "backup")
        for command in (
            ("library", "add", str(note), "--collection", "Notes"),
            ("library", "search", "who lit the lamp", "--collection", "Notes"),
            ("ask", "Who lit the lamp?", "--collection", "Notes", "--max-tokens", "24"),
            ("chats", "search", "lamp"),
            ("models", "list"),
            ("models", "fit"),
            ("network", "status"),
            ("backup", "create", backup),
            ("backup", "verify", backup),
            ("doctor",),
        ):
            done = self.run("command", *self._program.command(*command))
            if done.returncode:
                raise AssertionError(f"{' '.join(command[:2])}: {done.stderr}")

    def download(self) -> Figure:
        """The hosts and ports that a download connected to, but for the hub's own."""
        with HubServer({_REPOSITORY: {"talk-Q4_0.gguf": tiny_llama()}}) as hub:
            self._program.run("network", "endpoint", hub.url)
            self._program.run("network", "on")
            self.run("download", *self._program.command("models", "download", _REPOSITORY))
            self._program.run("network", "off")
        found = [
            (address, int(port))
            for trace in self._traces("download")
            for port, address in _CONNECT.findall(trace)
            if int(port)  # Without one, the C library only asks which way there would be.
        ]
        hosts = [("127.0.0.1", int(url.rpartition(":")[2])) for url in (hub.url, hub.files_url)]
        strange = [each for each in found if each not in hosts]
        return Figure(
            "a download: connections to others than the hub",
            len(strange),
            "connections",
            0,
            note=f"{len(found)} to the hub" if not strange else str(strange[:3]),
        )

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run it under strace."""
        return subprocess.run(
            [*self._watched(name), *command],
            env=self._program.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def reaching(self, *names: str) -> list[str]:
        """The calls that named another kind of address than that of a local socket."""
        traces = (trace for name in names for trace in self._traces(name))
        lines = (line for trace in traces for line in trace.splitlines())
        return [line for line in lines if _INTERNET.search(line)]

    @property
    def threads(self) -> int:
        """That were watched, of all processes."""
        return sum(1 for _ in self._folder.glob("*.trace.*"))

    def _watched(self, name: str) -> Sequence[str]:
        self._count += 1
        trace = self._folder / f"{name}-{self._count}.trace"
        return (
            "strace", "--follow-forks", "--seccomp-bpf", "--trace=%network,execve",
            "--output-separately", f"--output={trace}",
        )  # fmt: skip

    def _traces(self, name: str) -> Iterator[str]:
        for file in sorted(self._folder.glob(f"{name}*.trace.*")):
            yield file.read_text(encoding="utf-8", errors="replace")
