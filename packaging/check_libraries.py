"""Check that every library a build of Linux loads is in it, or on the list of what systems have.

    check_libraries.py FOLDER      FOLDER is what ./dev build made: dist/sottovoce

The list is linux/minimum-system.toml. It also says how new the C and C++ libraries must be.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shrink import native_files

LIST = Path(__file__).parent / "linux" / "minimum-system.toml"


@dataclass(frozen=True, slots=True)
class Needs:
    """What one native file asks the system's loader for."""

    libraries: tuple[str, ...]
    folders: tuple[str, ...]
    """Where it says that they are."""
    versions: tuple[tuple[str, str], ...]
    """The sets of functions that must be in them, such as ("glibc", "2.34")."""


def main() -> int:
    """Say what is not in order. Returns the exit code."""
    troubles = list(check(Path(sys.argv[1])))
    for trouble in troubles:
        sys.stderr.write(f"[libraries] {trouble}\n")
    return 1 if troubles else 0


def check(folder: Path) -> Iterator[str]:
    """A sentence for everything that is not in order."""
    minimum = tomllib.loads(LIST.read_text("utf-8"))
    known = minimum["libraries"] | minimum.get("libraries-of-python", {})
    asked: set[str] = set()
    for file in native_files(folder):
        needs = needs_of(file)
        # PyInstaller's programs look beside themselves, in the one folder that has or leads to all.
        places = [folder / "_internal", file.parent, *map(Path, needs.folders)]
        for library in needs.libraries:
            if library in known:
                asked.add(library)
            elif not any((place / library).exists() for place in places):
                yield f"{file.relative_to(folder)} needs {library}, which nobody has."
        for name, version in needs.versions:
            if name in minimum and _numbers(version) > _numbers(minimum[name]):
                yield f"{file.relative_to(folder)} needs {name} {version}, not {minimum[name]}."
    for library in sorted(minimum["libraries"].keys() - asked):
        yield f"{library} is on the list, and nothing needs it."


def needs_of(file: Path) -> Needs:
    """Return what a file asks for, as objdump of the GNU binutils tells it."""
    told = subprocess.run(
        ["objdump", "--private-headers", file], stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout
    folders = re.findall(r"^ +R(?:UN)?PATH +(\S+)$", told, re.MULTILINE)
    return Needs(
        libraries=tuple(re.findall(r"^ +NEEDED +(\S+)$", told, re.MULTILINE)),
        folders=tuple(
            folder.replace("$ORIGIN", str(file.parent))
            for each in folders
            for folder in each.split(":")
        ),
        versions=tuple(
            (name.lower(), version)
            for name, version in re.findall(r" ([A-Z]+)_([\d.]+)$", told, re.MULTILINE)
        ),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    sys.exit(main())
