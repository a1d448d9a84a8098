"""What a thousand model files with broken headers do to the program that looks into them."""

import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from mutated_gguf import changed, changes
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.inspect import inspect
from sottovoce.models.shelf import Shelf, starter

FILES = 1_000


def figures() -> Iterator[Figure]:
    """Look into each, and link each to a shelf."""
    model = starter()
    assert model is not None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "broken.gguf"
        shutil.copyfile(model.path, file)
        yield from _figures(file, Shelf(Path(folder) / "models"))


def _figures(file: Path, shelf: Shelf) -> Iterator[Figure]:
    slowest = 0.0
    ends = Counter[str]()
    crashes = 0
    for some in changes(file, FILES, seed=11):
        with changed(file, some):
            begun = time.monotonic()
            try:
                ends[inspect(file, Stop()).kind] += 1
            except Problem as problem:
                ends[type(problem).__name__] += 1
            except Exception:  # noqa: BLE001 - Whatever it is, it is what this counts.
                crashes += 1
            slowest = max(slowest, time.monotonic() - begun)
            begun = time.monotonic()
            try:
                shelf.remove(shelf.link(file, Stop()))
            except Problem:
                pass
            except Exception:  # noqa: BLE001 - As above.
                crashes += 1
            slowest = max(slowest, time.monotonic() - begun)
    # A child's peak begins with that of the process that starts it: this one must stay small.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    note = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    yield Figure("broken headers: crashes of the program", crashes, "crashes", 0, note=note)
    yield Figure("broken headers: slowest, with the start", slowest, "s", 2)
    yield Figure("broken headers: memory of the process", peak, "MB", 300)
