"""Processes of this program, by what they hear and tell."""

import os
import struct
import subprocess
import sys
import threading
from multiprocessing import Pipe
from pathlib import Path

import msgspec
import psutil
import pytest

from sottovoce.domain.problems import Cancelled, Damaged, Refused
from sottovoce.domain.stop import Stop
from sottovoce.system.child import Channel, Child, Failed

LISTENS = """
import ctypes, os, sys
from importlib import import_module
from sottovoce.system.child import Channel

def hear(self):
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
    os._exit(0)

Channel.hear = hear
import_module(f"sottovoce.{sys.argv[1]}").main([str(end) for end in os.pipe()])
"""
"""Tells whether others may read its memory when it is first told something."""


class Word(msgspec.Struct, frozen=True, tag=True):
    text: str


class Number(msgspec.Struct, frozen=True, tag=True):
    value: int


Message = Word | Number
SWITCH = "--network-process"
"""One that waits to hear something."""


@pytest.fixture
def channels() -> tuple[Channel[Message], Channel[Message]]:
    hearing, telling = Pipe(duplex=False)
    other_hearing, other_telling = Pipe(duplex=False)
    return (
        Channel[Message](hearing, other_telling, Message),
        Channel[Message](other_hearing, telling, Message),
    )


def test_messages_arrive_as_they_were_told(
    channels: tuple[Channel[Message], Channel[Message]],
) -> None:
    here, there = channels
    assert not there.heard_within(0)
    here.tell(Word("a" * 1000))
    here.tell(Number(7))
    assert there.heard_within(1)
    assert [there.hear(), there.hear()] == [Word("a" * 1000), Number(7)]


def test_several_threads_may_tell_at_once(
    channels: tuple[Channel[Message], Channel[Message]],
) -> None:
    here, there = channels
    words = [Word(letter * 10_000) for letter in "abcd"]
    threads = [threading.Thread(target=here.tell, args=[word]) for word in words]
    for thread in threads:
        thread.start()
    heard = {there.hear() for _ in words}
    for thread in threads:
        thread.join()
    assert heard == set(words)


def test_what_makes_no_sense_is_the_end(
    channels: tuple[Channel[Message], Channel[Message]],
) -> None:
    class Other(msgspec.Struct, tag=True):
        text: str

    here, there = channels
    here.tell(Other("x"))
    with pytest.raises(EOFError):
        there.hear()


def test_hanging_up_is_heard(channels: tuple[Channel[Message], Channel[Message]]) -> None:
    here, there = channels
    here.hang_up()
    assert there.heard_within(1)
    with pytest.raises(EOFError):
        there.hear()


def test_what_is_not_told_in_time_is_not_waited_for(
    channels: tuple[Channel[Message], Channel[Message]],
) -> None:
    here, there = channels
    with pytest.raises(TimeoutError):
        there.hear_within(0.01, Stop())
    here.tell(Number(7))
    assert there.hear_within(30, Stop()) == Number(7)
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        there.hear_within(30, stop)


@pytest.mark.skipif(sys.platform == "win32", reason="messages come in whole there")
def test_nobody_is_waited_for_in_the_middle_of_a_message() -> None:
    hearing, telling = Pipe(duplex=False)
    here = Channel[Message](hearing, telling, Message)
    whole = msgspec.msgpack.encode(Word("Hello"))
    os.write(telling.fileno(), struct.pack("!i", len(whole)) + whole[:3])
    assert not here.heard_within(0)
    with pytest.raises(TimeoutError):
        here.hear_within(0.01, Stop())
    os.write(telling.fileno(), whole[3:])
    assert here.hear_within(30, Stop()) == Word("Hello")


def test_a_message_that_is_too_long_is_the_end() -> None:
    hearing, telling = Pipe(duplex=False)
    here = Channel[Message](hearing, telling, Message, largest=1000)
    here.tell(Word("a" * 900))
    assert here.hear() == Word("a" * 900)
    here.tell(Word("a" * 1001))
    with pytest.raises((EOFError, OSError)):
        here.hear()


@pytest.mark.skipif(sys.platform == "win32", reason="it is waited for there")
def test_who_does_not_listen_is_not_waited_for() -> None:
    hearing, telling = Pipe(duplex=False)
    here = Channel[Message](hearing, telling, Message, patience=0.01)
    with pytest.raises(TimeoutError):
        here.tell(Word("a" * 1_000_000))


def test_a_problem_is_the_same_on_the_other_side() -> None:
    problem = Failed.of(Refused("It is locked.")).as_problem
    assert isinstance(problem, Refused)
    assert str(problem) == "It is locked."
    assert isinstance(Failed("SystemExit", "Let me out.").as_problem, Damaged)


def test_a_child_ends_when_it_hears_no_more() -> None:
    child = Child[Message](SWITCH, Message)
    assert child.lives
    assert child.exit_code is None
    child.end(patience=30)
    assert child.exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="processes are suspended by signals")
def test_a_child_that_hangs_is_ended_by_force() -> None:
    child = Child[Message](SWITCH, Message)
    process = psutil.Process(child.pid)
    process.suspend()
    child.end(patience=0.1)
    assert not child.lives
    assert not process.is_running()


def test_a_child_inherits_no_secret_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTOVOCE_PASSPHRASE", "seven words")
    with (tmp_path / "open").open("w") as file:
        file.write("x")
        # Without the second, only the system's administrator could look into it.
        more = {"EXTRA": "1", "SOTTOVOCE_DEBUGGER": "1"}
        child = Child[Message](SWITCH, Message, environment=more)
        process = psutil.Process(child.pid)
        while not (environment := process.environ()):
            pass  # It is only just becoming the program.
        files = {Path(each.path).name for each in process.open_files()}
        child.end()
    assert environment["EXTRA"] == "1"
    assert "SOTTOVOCE_PASSPHRASE" not in environment
    assert "open" not in files


def test_what_a_child_prints_goes_into_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    child = Child[Message]("--no-such-switch", Message, log=log)
    with pytest.raises(EOFError):
        child.channel.hear()
    child.end(patience=30)
    assert child.exit_code == 2
    assert "usage" in log.read_text()


def test_a_log_that_is_full_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    log.write_bytes(b"x" * 1_000_001)
    Child[Message](SWITCH, Message, log=log).end(patience=30)
    assert log.read_bytes() == b""


def test_a_log_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    child = Child[Message](SWITCH, Message, log=tmp_path / "logs" / "child.log")
    child.end(patience=30)
    assert child.exit_code == 0


def test_it_is_light() -> None:
    program = (
        "import sys, sottovoce.system.child;"
        "sys.exit(', '.join({'ssl', 'psutil', 'httpx2'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux tells it")
@pytest.mark.parametrize(
    "module",
    [
        "engine.worker",
        "library.library_process",
        "library.page_process",
        "library.parser_process",
        "models.inspect_process",
        "models.network_process",
    ],
)
def test_no_process_lets_others_of_its_user_read_its_memory(module: str) -> None:
    asked = subprocess.run([sys.executable, "-c", LISTENS, module], capture_output=True, timeout=60)
    assert asked.stdout == b"0\n", asked.stderr
