"""How large the program is that `./dev build` made, how soon it is there, and what is in it.

Nothing of it is imported or patched: it is measured from outside, as its users have it.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure, NeedsBuild
from program import Program

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "dist" / "sottovoce"
RESOURCES = BUILT / "_internal" / "sottovoce" / "resources"
NOTICES = RESOURCES / "notices"
STARTS = 9
ANSWERS = 5
BINDING = re.compile(r"(?<!L)GPL-[\w.-]++(?! WITH )")
"""Licences that would put all of Sottovoce under them, as the lesser one does not, nor any other
with an exception for programs that it is in."""
_PAINTED = b"qt.widgets.painting: Flushing"
"""What Qt says, if asked to, when it hands a window's first pixels to the system."""


@dataclass(frozen=True)
class Built(Program):
    """Starts the program that was built."""

    def command(self, *arguments: str) -> list[str]:
        return [str(BUILT / "sottovoce"), "--data-dir", str(self.folder), *arguments]


def figures() -> Iterator[Figure]:
    """Weigh the build, start it, ask its starter model, read its notices. Raises NeedsBuild."""
    if not NOTICES.exists():  # They are what the build makes last.
        raise NeedsBuild
    yield Figure("installed, without models", _size() / 1e6, "MB", 260)
    with tempfile.TemporaryDirectory() as folder:
        program = Built(Path(folder))
        seen = [_first_frame(program) for _ in range(STARTS + 1)][1:]  # The first is the warm-up.
        yield Figure("start to first painted frame", statistics.median(seen), "s", 0.8)
        if any(RESOURCES.glob("starter/*.gguf")):
            answers = [_answer(program) for _ in range(ANSWERS + 1)][1:]
            word, whole = (statistics.median(each) for each in zip(*answers, strict=True))
            note = f"all 24 tokens after {whole:.2f} s"
            yield Figure("start of `ask` to the first word", word, "s", 3, note=note)
    if sys.platform == "linux":
        unresolved = _unresolved()
        yield Figure(
            "libraries that are nowhere",
            len(unresolved),
            "libraries",
            0,
            note="; ".join(unresolved),
        )
    components = json.loads((NOTICES / "notices.json").read_text("utf-8"))
    silent = [each["name"] for each in components if not _has_text(each["files"])]
    of = f"of {len(components)}"
    yield Figure(
        "components without their licence",
        len(silent),
        "components",
        0,
        note=", ".join(silent) or of,
    )
    bound = [each["name"] for each in components if BINDING.search(each["licence"])]
    yield Figure(
        "components under the GPL or AGPL", len(bound), "components", 0, note=", ".join(bound) or of
    )


def _size() -> int:
    """Bytes of all files but the models that come along. What reads scans is no such model."""
    files = (each for each in BUILT.rglob("*") if each.is_file() and not each.is_symlink())
    return sum(each.stat().st_size for each in files if each.suffix != ".gguf")


def _first_frame(program: Program) -> float:
    """Seconds from the start of its window until that is painted."""
    asked = program.environment | {"QT_LOGGING_RULES": "qt.widgets.painting=true"}
    begun = time.monotonic()
    with subprocess.Popen(program.command(), env=asked, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(_PAINTED):
                painted = time.monotonic() - begun
                process.terminate()
                process.communicate()
                return painted
    raise AssertionError("The window was never painted.")


def _answer(program: Program) -> tuple[float, float]:
    """Seconds from the start of a command until the first word is whole, and until it is over."""
    command = program.command("ask", "What is the sea?", "--temporary", "--temperature", "0")
    begun, told, word = time.monotonic(), b"", 0.0
    with subprocess.Popen(
        [*command, "--max-tokens", "24"], env=program.environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        while piece := os.read(process.stdout.fileno(), 4096):
            told += piece
            if not word and re.search(rb"\S\s", told):
                word = time.monotonic() - begun
    assert process.returncode == 0, process.returncode
    assert len(told.split()) > 5, told
    return word, time.monotonic() - begun


def _unresolved() -> list[str]:
    """What is said about libraries that nobody has."""
    check = [sys.executable, str(ROOT / "packaging" / "check_libraries.py"), str(BUILT)]
    done = subprocess.run(check, capture_output=True, check=False, encoding="utf-8")
    assert done.returncode == bool(done.stderr), done.stderr
    return done.stderr.splitlines()


def _has_text(files: list[str]) -> bool:
    return bool(files) and all((NOTICES / each).read_text("utf-8").strip() for each in files)
