"""What is lost when Sottovoce is killed while it backs up, restores or migrates; and how fast."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from sottovoce.domain.stop import Stop
from sottovoce.store.backup import create
from store.backup_killing import losses
from store.remembering import remembering

KILLS = 100
_DOINGS = {"back_up": "backup", "restore": "restore", "migrate": "migration of both databases"}
_MEGABYTES = 100


def figures() -> Iterator[Figure]:
    """Kill each a hundred times; then back up a hundred megabytes, restored on trial."""
    for doing, name in _DOINGS.items():
        with tempfile.TemporaryDirectory() as folder:
            lost = losses(doing, KILLS, Path(folder))
        yield Figure(f"killed during {name}: times anything was lost", lost, "times", 0)
    with tempfile.TemporaryDirectory() as folder:
        yield _speed(Path(folder))


def _speed(folder: Path) -> Figure:
    texts = [f"{number} {'voices ' * 7000}" for number in range(_MEGABYTES * 20)]
    here, key = remembering(folder / "here", *texts)
    size = here.database.stat().st_size / 1e6
    began = time.perf_counter()
    for _ in create(here, key, folder / "mine.backup", Stop()):
        pass
    speed = size / (time.perf_counter() - began)
    note = f"{size:.0f} MB of database"
    return Figure("backup, restored on trial", speed, "MB/s", 10, less_is_better=False, note=note)
