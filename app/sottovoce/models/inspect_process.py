"""The process that looks into one GGUF file, locked in with it, and ends."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from sottovoce.domain.problems import Problem, Unsupported
from sottovoce.models.examine import examine
from sottovoce.models.gguf import find_files
from sottovoce.models.inspect_wire import (
    TOO_MUCH,
    Examine,
    Examined,
    News,
    packed,
)
from sottovoce.models.template import examine_template
from sottovoce.system.child import Channel, Failed, Locked, inherited
from sottovoce.system.logs import harden
from sottovoce.system.network.gate import NetworkGate
from sottovoce.system.sandbox import Limits, confine

_TEMPLATE = "{% for message in messages %}{{ message['content'] ~ '\\n' ~ 1.5 }}{% endfor %}"
LIMITS = Limits(memory=300_000_000, seconds=2)


def main(arguments: Sequence[str]) -> int:
    """Answer the parent that holds the other ends of the two pipes named in `arguments`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    harden()
    NetworkGate().close()
    # What is imported on first use must be there before the doors are shut: codecs, for one.
    examine_template(_TEMPLATE, len(_TEMPLATE))
    channel = Channel[Examine](*inherited(arguments), Examine)
    try:
        for news in _answer(Path(os.fsdecode(channel.hear().path))):
            channel.tell(news)
    except (EOFError, OSError):
        return 1  # The parent is gone.
    return 0


def _answer(path: Path) -> Iterator[News]:
    try:
        files = [file for file in find_files(path).there if file.is_file()]
        yield Locked(confine(files, LIMITS))
        yield Examined(packed(examine(path)))
    except Problem as problem:
        yield Failed.of(problem)
    except MemoryError:
        yield Failed.of(Unsupported(TOO_MUCH))
