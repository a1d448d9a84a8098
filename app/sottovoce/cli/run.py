"""Runs one command and turns its end into an exit code."""

import argparse
import signal
from collections.abc import Callable
from types import FrameType

from sottovoce.cli import ask, chats, doctor
from sottovoce.cli.session import Parts
from sottovoce.cli.terminal import tell
from sottovoce.domain.problems import Cancelled, Problem
from sottovoce.domain.stop import Stop

DONE = 0
PROBLEM = 1
STOPPED = 130

_COMMANDS: dict[str, Callable[[argparse.Namespace, Parts, Stop], None]] = {
    "ask": ask.run,
    "chats": chats.run,
    "doctor": doctor.run,
}


def run(arguments: argparse.Namespace, parts: Parts) -> int:
    """Do what was typed: 0 done, 1 a Problem, told in one sentence, 130 stopped by the user."""
    try:
        _COMMANDS[arguments.command](arguments, parts, _stop_on_signals())
    except Cancelled:
        return STOPPED
    except Problem as problem:
        tell(str(problem))
        return PROBLEM
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does.
        return PROBLEM
    return DONE


def _stop_on_signals() -> Stop:
    """A Stop that Ctrl+C and a polite kill set. A second Ctrl+C ends the process at once."""
    stop = Stop()

    def on_signal(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop
