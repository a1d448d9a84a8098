"""Other processes of this program: started, talked with over two pipes, and ended."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Generic, TypeVar

import msgspec

from sottovoce.domain import problems
from sottovoce.domain.problems import Damaged, Problem
from sottovoce.domain.stop import Stop
from sottovoce.system.files import only_for_owner
from sottovoce.system.sandbox import Confinement

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection
else:
    from multiprocessing.reduction import recv_handle, send_handle

Heard = TypeVar("Heard")

_LOG_SIZE = 1_000_000
"""Bytes after which a log begins anew."""
_LOOK_EVERY = 0.05
"""Seconds between two looks at a wish to stop."""


class Message(msgspec.Struct, frozen=True, tag=True):
    """What one process tells another; the name of its class travels with it."""


class Locked(Message, frozen=True):
    """The process has locked itself in."""

    confinement: Confinement


class Failed(Message, frozen=True):
    """A Problem, by the name of its class."""

    problem: str
    sentence: str

    @classmethod
    def of(cls, problem: Problem) -> "Failed":
        return cls(type(problem).__name__, str(problem))

    @property
    def as_problem(self) -> Problem:
        """What it was; Damaged if a process out of order says what is none."""
        kind = getattr(problems, self.problem, None)
        if isinstance(kind, type) and issubclass(kind, Problem):
            return kind(self.sentence)
        return Damaged(self.sentence)


class Channel(Generic[Heard]):
    """Both directions of the talk, seen from one end. Any thread may send; one thread hears."""

    def __init__(
        self,
        hearing: Connection,
        telling: Connection,
        heard: object,
        *,
        largest: int | None = None,
    ) -> None:
        """`heard` is the type of what comes in, which the type checker knows as `Heard`.

        A message of more than `largest` bytes is not heard: it counts as the end.
        """
        self._hearing = hearing
        self._telling = telling
        self._decoder: msgspec.msgpack.Decoder[Heard] = msgspec.msgpack.Decoder(heard)
        self._encoder = msgspec.msgpack.Encoder()
        self._one_at_a_time = threading.Lock()
        self._largest = largest

    def tell(self, message: msgspec.Struct) -> None:
        """Send. Raises OSError if the other side is gone."""
        with self._one_at_a_time:
            self._telling.send_bytes(self._encoder.encode(message))

    def heard_within(self, seconds: float) -> bool:
        """Whether there is something to hear. The end of the other side is something, too."""
        return self._hearing.poll(seconds)

    def hear(self) -> Heard:
        """Wait for the next message. Raises EOFError or OSError if the other side is gone."""
        try:
            return self._decoder.decode(self._hearing.recv_bytes(self._largest))
        except msgspec.MsgspecError as error:
            raise EOFError from error

    def hear_within(self, seconds: float, stop: Stop) -> Heard:
        """Wait for the next message, but so long only.

        Raises TimeoutError, Cancelled, and EOFError or OSError if the other side is gone.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            stop.check()
            if self.heard_within(min(left, _LOOK_EVERY)):
                return self.hear()
        raise TimeoutError

    if sys.platform != "win32":

        def hand_over(self, end: Connection) -> None:
            """Send an end of another pipe, which `take` gives. Raises OSError."""
            with self._one_at_a_time:
                send_handle(self._telling, end.fileno(), 0)

        def take(self) -> Connection:
            """Wait for an end to tell into. Raises EOFError or OSError if the other is gone."""
            return Connection(recv_handle(self._hearing), readable=False)

    def fileno(self) -> int:
        """Return what becomes readable when there is something to hear."""
        return self._hearing.fileno()

    def hang_up(self) -> None:
        """Let the other side hear that nothing follows."""
        with self._one_at_a_time:
            self._telling.close()

    def close(self) -> None:
        """Neither tell nor hear any more."""
        self.hang_up()
        self._hearing.close()


class Child(Generic[Heard]):
    """A process of this program, from its start to its end. It is to end when it hears no more."""

    def __init__(
        self,
        switch: str,
        heard: object,
        *,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        largest: int | None = None,
        hands_over: bool = False,
    ) -> None:
        """Start the program with `switch`. Raises OSError.

        `log` takes what it prints; without it, that is dropped. `environment` is added to ours.
        `largest` is as for a channel. `hands_over`: whether ends of pipes are handed over to it.
        """
        orders_out, orders_in = Pipe(duplex=hands_over)
        news_out, news_in = Pipe(duplex=False)
        with orders_out, news_in:
            handles = [orders_out.fileno(), news_in.fileno()]
            self._process = _started(switch, handles, log, environment or {})
        self.channel = Channel[Heard](news_out, orders_in, heard, largest=largest)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """As subprocess tells it; None while it lives."""
        return self._process.poll()

    def end(self, patience: float = 2.0) -> None:
        """End it politely, and by force after `patience` seconds. It leaves no process behind."""
        self.channel.hang_up()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill(patience)

    def kill(self, patience: float = 2.0) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # It waits for a disk that never answers.
            self._process.wait(patience)


def inherited(arguments: Sequence[str]) -> tuple[Connection, Connection]:
    """In a child: its ends of both pipes, to hear and to tell, by what followed its switch."""
    hearing, telling = (int(number) for number in arguments)
    if sys.platform == "win32":
        return PipeConnection(hearing, writable=False), PipeConnection(telling, readable=False)
    return Connection(hearing, writable=False), Connection(telling, readable=False)


def _started(
    switch: str, handles: Sequence[int], log: Path | None, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    arguments = [*program(), switch, *map(str, handles)]
    # The passphrase is not a child's business.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SOTTOVOCE_")}
    with _opened(log) as output:
        if sys.platform == "win32":
            for handle in handles:
                os.set_handle_inheritable(handle, True)
            return subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**ours, **environment},
                startupinfo=subprocess.STARTUPINFO(lpAttributeList={"handle_list": [*handles]}),
                creationflags=subprocess.CREATE_NO_WINDOW,
            )
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**ours, **environment},
            pass_fds=handles,
        )


def program() -> list[str]:
    """Return what starts this program, without arguments."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    # -P: no module is taken from the folder that the program happens to be started in.
    return [sys.executable, "-P", "-m", "sottovoce"]


def _opened(log: Path | None) -> IO[bytes]:
    """Where the process prints to; nowhere, if that cannot be written."""
    if log is not None:
        with suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            is_full = log.exists() and log.stat().st_size > _LOG_SIZE
            return open(log, "wb" if is_full else "ab", opener=only_for_owner)
    return Path(os.devnull).open("wb")
