"""What is lost when Sottovoce is killed while it chats."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from store.killing import kill

KILLS = 100


def figures() -> Iterator[Figure]:
    """Kill a chatting program a hundred times; what it said was on disk must be there."""
    with tempfile.TemporaryDirectory() as folder:
        toll = kill(Path(folder) / "sottovoce.db", KILLS)
    yield Figure(
        f"share of messages lost in {KILLS} kills",
        toll.lost / toll.promised,
        "ratio",
        0.0,
        note=f"{toll.promised} promised",
    )
