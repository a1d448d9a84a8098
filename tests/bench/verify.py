"""How fast the fingerprints of models are taken, beside the system's own tool."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from sottovoce.domain.stop import Stop
from sottovoce.models.verify import Verified, verify

SIZE = 1_000_000_000
ROUNDS = 5


def figures() -> Iterator[Figure]:
    """Measure verifying a file of 1 GB that is in the system's cache, against sha256sum."""
    tool = shutil.which("sha256sum")
    if tool is None:  # Windows has none, and macOS another.
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        block = bytes(range(256)) * 4_000
        with path.open("wb") as file:
            for _ in range(SIZE // len(block)):
                file.write(block)
        # By turns, so that other work on the machine slows down both.
        pairs = [(_by_tool(tool, path), _by_us(path)) for _ in range(ROUNDS)]
    theirs, ours = (min(seconds) for seconds in zip(*pairs, strict=True))
    note = f"{path.name} at {SIZE / ours / 1e9:.2f} GB/s, sha256sum at {SIZE / theirs / 1e9:.2f}"
    yield Figure(
        "speed of verifying, as a part of sha256sum's",
        theirs / ours,
        "ratio",
        0.8,
        less_is_better=False,
        note=note,
    )


def _by_tool(tool: str, path: Path) -> float:
    began = time.perf_counter()
    subprocess.run([tool, path], check=True, capture_output=True)
    return time.perf_counter() - began


def _by_us(path: Path) -> float:
    began = time.perf_counter()
    *_, verified = verify([path], None, Stop())
    assert isinstance(verified, Verified)
    return time.perf_counter() - began
