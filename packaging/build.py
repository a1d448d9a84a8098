"""Freeze Sottovoce into a folder that needs no Python: dist/sottovoce.

It is what `./dev build` runs, in .venv, where PyInstaller is.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from elf import is_elf, read_elf

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "freeze"


def main() -> int:
    """Build, and say how large it became. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="./dev build", description=__doc__)
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "dist",
        metavar="FOLDER",
        help="build into this folder",
    )
    parser.add_argument(
        "--without-models", action="store_true", help="leave out the models that come along"
    )
    arguments = parser.parse_args()
    started = time.monotonic()
    folder = freeze(arguments.output.resolve(), with_models=not arguments.without_models)
    if sys.platform == "linux":
        strip(folder)
    size = sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())
    say(f"{folder}: {size / 1e6:.0f} MB, after {time.monotonic() - started:.0f} s.")
    return 0


def freeze(output: Path, *, with_models: bool) -> Path:
    """Let PyInstaller gather the program, and return the folder. What was there before goes."""
    command = [sys.executable, "-m", "PyInstaller", str(ROOT / "build.spec")]
    command += ["--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(output), "--workpath", str(WORK)]
    # The order of sets is in what Python compiles: the same build comes out the same.
    variables = {**os.environ, "PYTHONHASHSEED": "0"}
    variables.pop("SOTTOVOCE_WITHOUT_MODELS", None)
    if not with_models:
        variables["SOTTOVOCE_WITHOUT_MODELS"] = "1"
    subprocess.run(command, env=variables, check=True, stdout=sys.stderr)
    return output / "sottovoce"


def strip(folder: Path) -> None:
    """Take from native files what only debuggers read: a quarter of the program.

    Some that their makers rewrote cannot be mapped into memory afterwards, and stay as they were.
    """
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        lean = Path(scratch, "lean")
        for file in filter(is_elf, sorted(folder.rglob("*"))):
            if file.parent == folder:
                continue  # The two programs: what PyInstaller adds to them would be cut off.
            subprocess.run(["strip", "--strip-unneeded", "-o", lean, file], check=True)
            if read_elf(lean).is_aligned and lean.stat().st_size < file.stat().st_size:
                shutil.copymode(file, lean)
                lean.replace(file)


def say(sentence: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(f"[build] {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
