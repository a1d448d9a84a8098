"""What three hundred broken, locked and bomb-like documents do to the program that reads them."""

import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from bench.figure import Figure
from broken_documents import write, written
from sottovoce.domain.document import Page
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.formats.news import Partly
from sottovoce.library.reading import read

Result = TypeVar("Result")
_SAID_NOTHING = "nothing"


@dataclass
class Outcome:
    """What became of all files, and of the process that had them read."""

    ends: Counter[str] = field(default_factory=Counter)
    """How many ended by which Problem, partly or well."""
    crashes: list[str] = field(default_factory=list)
    slowest: float = 0
    slowest_name: str = ""
    grown: float = 0
    """Megabytes of memory."""
    child: float = 0
    """Megabytes that the largest of the reading processes took."""


def figures() -> Iterator[Figure]:
    """Read each as the library does."""
    with tempfile.TemporaryDirectory() as name:
        # To make them takes memory, and a process's peak counts for all that it starts.
        _elsewhere(write, Path(name))
        outcome = _elsewhere(outcome_of, Path(name))
    ends = ", ".join(f"{count} {end}" for end, count in outcome.ends.most_common())
    crashes = len(outcome.crashes)
    silent = outcome.ends[_SAID_NOTHING]
    slowest = outcome.slowest
    yield Figure("hostile documents: crashes of the program", crashes, "crashes", 0, note=ends)
    yield Figure("hostile documents: neither read nor reported", silent, "files", 0)
    yield Figure("hostile documents: memory of the program, more by", outcome.grown, "MB", 300)
    yield Figure("hostile documents: memory of a reading process", outcome.child, "MB", 1_000)
    yield Figure("hostile documents: slowest", slowest, "s", 120, note=outcome.slowest_name)


def outcome_of(folder: Path) -> Outcome:
    """Read all that is in a folder."""
    outcome = Outcome()
    before = _peak(resource.RUSAGE_SELF)
    for path in written(folder):
        begun = time.monotonic()
        try:
            outcome.ends[_end(path)] += 1
        except Exception:  # noqa: BLE001 - Whatever it is, it is what this counts.
            outcome.crashes.append(path.name)
        took = time.monotonic() - begun
        if took > outcome.slowest:
            outcome.slowest, outcome.slowest_name = took, path.name
    outcome.grown = _peak(resource.RUSAGE_SELF) - before
    outcome.child = _peak(resource.RUSAGE_CHILDREN)
    return outcome


def _end(path: Path) -> str:
    is_partly = has_text = False
    try:
        for news in read(path, Stop()):
            is_partly = is_partly or isinstance(news, Partly)
            has_text = has_text or (isinstance(news, Page) and bool(news.text.strip()))
    except Problem as problem:
        return type(problem).__name__
    if is_partly:
        return "partly"
    return "read" if has_text else _SAID_NOTHING


def _elsewhere(work: Callable[[Path], Result], folder: Path) -> Result:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, folder).result()


def _peak(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1000
