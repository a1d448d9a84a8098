"""Freeze Sottovoce into a folder that needs no Python, dist/sottovoce, and pack it."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from check_libraries import check
from colour_profile import remove_profiles
from jbig import replace_jbig
from notices import NOTICES, Unshippable, write_notices
from shrink import shrink

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "freeze"
PACKAGES = ROOT / "packaging" / "linux" / "packages.py"
PARTS = {"models": "*.gguf", "native code": "*.so*", "data to read scans": "*.traineddata"}
"""What is counted by itself, by the names of its files."""


def main() -> int:
    """Build what the arguments ask for, and say how large it became. Returns the exit code."""
    arguments = read_arguments()
    output = arguments.output.resolve()
    started = time.monotonic()
    folder = freeze(output, with_models=not arguments.without_models)
    if troubles := finish(folder):
        for trouble in troubles:
            say(trouble)
        return 1
    if sys.platform == "darwin":
        finish_app(output / "Sottovoce.app", folder)
    for part, size in sizes(folder).items():
        say(f"{size / 1e6:6.1f} MB {part}")
    say(f"{folder} is ready after {time.monotonic() - started:.0f} s.")
    for kind in arguments.packages:
        command = [sys.executable, str(PACKAGES), kind, str(folder), str(output)]
        subprocess.run(command + ["--without-models"] * arguments.without_models, check=True)
    if arguments.test:
        return subprocess.call([sys.executable, "-m", "pytest", str(ROOT / "tests" / "frozen")])
    return 0


def read_arguments() -> argparse.Namespace:
    """Return what was asked for."""
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
    parser.add_argument(
        "--test", action="store_true", help="run the tests of the frozen program afterwards"
    )
    if sys.platform == "linux":
        parser.add_argument(
            "--deb", dest="packages", action="append_const", const="deb", help="pack it for Debian"
        )
        parser.add_argument(
            "--tar", dest="packages", action="append_const", const="tar", help="pack it for others"
        )
    parser.set_defaults(packages=[])
    return parser.parse_args()


def freeze(output: Path, *, with_models: bool) -> Path:
    """Let PyInstaller gather the program, and return the folder. What was there before goes."""
    command = [sys.executable, "-m", "PyInstaller", str(ROOT / "build.spec")]
    command += ["--noconfirm", "--log-level", "ERROR"]
    command += ["--distpath", str(output), "--workpath", str(WORK)]
    # What Python compiles depends on the order of sets: this way the same becomes the same.
    variables = {**os.environ, "PYTHONHASHSEED": "0"}
    variables.pop("SOTTOVOCE_WITHOUT_MODELS", None)
    if not with_models:
        variables["SOTTOVOCE_WITHOUT_MODELS"] = "1"
    subprocess.run(command, env=variables, check=True, stdout=sys.stderr)
    return output / "sottovoce"


def finish(folder: Path) -> list[str]:
    """Make of it what may be shipped, and return what is not in order."""
    troubles: list[str] = []
    remove_profiles(folder)
    if sys.platform == "linux":
        replace_jbig(folder)
        shrink(folder / "_internal")  # Not the programs: PyInstaller hung Python code onto them.
        troubles += check(folder)
    try:
        write_notices(folder)
    except Unshippable as error:
        troubles.append(str(error))
    return troubles


def finish_app(app: Path, folder: Path) -> None:
    """Make of the same files, as a Mac has them, what was made of those in the folder."""
    remove_profiles(app)
    shutil.copytree(folder / "_internal" / NOTICES, app / "Contents" / "Resources" / NOTICES)


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the whole, and of what much of it is."""
    files = [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]
    of = {each: each.stat().st_size for each in files}
    parts = {
        part: sum(size for each, size in of.items() if each.match(pattern))
        for part, pattern in PARTS.items()
    }
    whole = sum(of.values())
    return {"in all": whole, "without models": whole - parts["models"], **parts}


def say(sentence: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(f"[build] {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
