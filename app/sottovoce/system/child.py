"""Other processes of this program: started, talked with over two pipes, and ended."""

import os
import struct
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
    import select
    from multiprocessing.reduction import recv_handle, send_handle

Heard = TypeVar("Heard")

_LOG_SIZE = 1_000_000
"""Bytes after which a log begins anew."""
_LOOK_EVERY = 0.05
"""Seconds between two looks at a wish to stop."""
_LARGEST = 64_000_000
"""Bytes of a message that a child may tell. Who was taken over might never end one."""
_TO_HEAR = 30.0
"""Seconds for a child to hear a message."""
_MOST_AT_ONCE = 1 << 20
"""Bytes that are read in one go."""
_LENGTH = struct.Struct("!i")
"""What Python's pipes send before each message, where these are streams."""


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
        patience: float | None = None,
    ) -> None:
        """`heard` is the type of what comes in, which the type checker knows as `Heard`.

        A message of more than `largest` bytes is not heard: it counts as the end. `patience`: the
        seconds that the other side may take to hear one, or it counts as gone; not on Windows.
        """
        self._hearing = hearing
        self._messages = _Messages(hearing, largest)
        self._telling = telling
        self._patience = patience
        self._decoder: msgspec.msgpack.Decoder[Heard] = msgspec.msgpack.Decoder(heard)
        self._encoder = msgspec.msgpack.Encoder()
        self._one_at_a_time = threading.Lock()

    def tell(self, message: msgspec.Struct) -> None:
        """Send. Raises OSError if the other side is gone."""
        with self._one_at_a_time:
            _send(self._telling, self._encoder.encode(message), self._patience)

    def heard_within(self, seconds: float) -> bool:
        """Whether there is a message to hear. The end of the other side is one, too."""
        return self._messages.came_within(seconds)

    def hear(self) -> Heard:
        """Wait for the next message. Raises EOFError or OSError if the other side is gone."""
        try:
            return self._decoder.decode(self._messages.next())
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


if sys.platform == "win32":

    class _Messages:
        """What comes in. A message comes in whole."""

        def __init__(self, end: Connection, largest: int | None) -> None:
            self._end = end
            self._largest = largest

        def came_within(self, seconds: float) -> bool:
            return self._end.poll(seconds)

        def next(self) -> bytes:
            return self._end.recv_bytes(self._largest)

    def _send(end: Connection, message: bytes, patience: float | None) -> None:
        end.send_bytes(message)

else:

    class _Messages:
        """What comes in, piece by piece: nobody is waited for in the middle of a message."""

        def __init__(self, end: Connection, largest: int | None) -> None:
            self._end = end
            self._largest = largest
            self._size: int | None = None
            """Of the message that comes now, once that is known."""
            self._piece = bytearray()
            self._is_over = False

        def came_within(self, seconds: float) -> bool:
            """Whether there is a whole message, or the end."""
            until = time.monotonic() + seconds
            while not self._is_whole:
                if not self._end.poll(max(0.0, until - time.monotonic())):
                    return False
                self._read()
            return True

        def next(self) -> bytes:
            """Wait for it. Raises EOFError and OSError."""
            while not self._is_whole:
                self._read()
            if self._is_over:
                raise EOFError
            message = bytes(self._piece)
            self._size = None
            self._piece.clear()
            return message

        @property
        def _is_whole(self) -> bool:
            return self._is_over or len(self._piece) == self._size

        def _read(self) -> None:
            # Nothing beyond: what follows may be an end of another pipe.
            missing = (_LENGTH.size if self._size is None else self._size) - len(self._piece)
            piece = os.read(self._end.fileno(), min(missing, _MOST_AT_ONCE))
            self._piece += piece
            if self._size is None and len(self._piece) == _LENGTH.size:
                [self._size] = _LENGTH.unpack(self._piece)
                self._piece.clear()
                self._is_over = not 0 <= self._size <= (self._largest or self._size)
            self._is_over |= not piece

    def _send(end: Connection, message: bytes, patience: float | None) -> None:
        if patience is None:
            end.send_bytes(message)
            return
        until = time.monotonic() + patience
        left = memoryview(_LENGTH.pack(len(message)) + message)
        is_free = select.poll()
        is_free.register(end, select.POLLOUT)
        while left:
            if not is_free.poll(max(0.0, until - time.monotonic()) * 1000):
                raise TimeoutError
            # So many never wait for the other side.
            left = left[os.write(end.fileno(), left[: select.PIPE_BUF]) :]


class Child(Generic[Heard]):
    """A process of this program, from its start to its end. It is to end when it hears no more."""

    def __init__(
        self,
        switch: str,
        heard: object,
        *,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        largest: int | None = _LARGEST,
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
        self.channel = Channel[Heard](
            news_out, orders_in, heard, largest=largest, patience=_TO_HEAR
        )

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
    """Return what starts a child, without arguments."""
    if getattr(sys, "frozen", False):
        # Beside the window's executable lies one without Qt.
        here = Path(sys.executable)
        return [str(here.with_name("sottovoce-engine").with_suffix(here.suffix))]
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
