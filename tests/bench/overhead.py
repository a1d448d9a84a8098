"""What `./dev run` adds to the program's own start, once everything is set up."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from bench.figure import Figure

ROOT = Path(__file__).resolve().parents[2]


def figures() -> Iterator[Figure]:
    """One figure, from the median of five starts each way."""
    dev = seconds([sys.executable, str(ROOT / "dev"), "run", "--version"])
    program = seconds([sys.executable, "-P", "-m", "sottovoce", "--version"])
    yield Figure("./dev run, second time: overhead", dev - program, "s", 2)


def seconds(command: Sequence[str]) -> float:
    """How long the command takes."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return median(times)
