"""The program's own processes, which try to get out where they would answer or read.

They start, lock themselves in and take the question as ever; what they do then is replaced. Started
with FREE in the environment, the engine's does not lock itself in: to see what the lock costs.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

from engine.asking import ask, load, user
from escapes import Targets, tried
from sottovoce.domain.document import Format, Page
from sottovoce.domain.model import Sampling
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.domain.stop import Stop
from sottovoce.engine import session, wire, worker
from sottovoce.engine.process import ProcessEngine
from sottovoce.library import parser_process, reading
from sottovoce.library.formats.news import About
from sottovoce.library.formats.source import Source
from sottovoce.models.shelf import starter
from sottovoce.system import child
from sottovoce.system.sandbox import Confinement

FREE = "ESCAPE_FREE"
_FREE = Confinement(files=False, changes=False, network=False, programs=False, memory=False)


@contextmanager
def replaced_processes() -> Iterator[None]:
    """Have this program start what is below, in place of its own processes."""
    with patch.object(child, "program", lambda: [sys.executable, __file__]):
        yield


def tried_in_engine() -> dict[str, str]:
    """What comes of each attempt in the engine's process, after it has loaded a model."""
    model = starter()
    assert model is not None
    with replaced_processes(), closing(ProcessEngine()) as engine:
        load(engine, model)
        answer = ask(engine, user("Get out."), sampling=Sampling(max_tokens=1))
    outcomes: dict[str, str] = json.loads(answer.text)
    return outcomes


def tried_in_parser(there: Targets) -> dict[str, str]:
    """What comes of each in a process that was to read a document."""
    with replaced_processes():
        pages = [news for news in reading.read(Path(there.own), Stop()) if isinstance(news, Page)]
    outcomes: dict[str, str] = json.loads(pages[0].text)
    return outcomes


def _try_as_reply(_: session.Session, __: wire.Reply) -> Iterator[wire.News]:
    yield wire.Piece(json.dumps(tried()), 1)
    yield wire.Finished(Finish.END, Usage(0, 0, 1, 0), Timings(0, 0, 0, 0))


def _try_as_page(_: Source, __: str) -> Iterator[About | Page]:
    yield About(Format.TEXT, "", 1)
    yield Page(1, json.dumps(tried()))


def main() -> int:
    switch, *arguments = sys.argv[1:]
    if switch == "--parser-process":
        with patch.object(parser_process, "read", _try_as_page):
            return parser_process.main(arguments)
    changed = (
        patch.object(worker, "lock_in", lambda _: _FREE)
        if FREE in os.environ
        else patch.object(session.Session, "reply", _try_as_reply)
    )
    with changed:
        return worker.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
