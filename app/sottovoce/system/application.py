"""The application as it was installed: its folder, and whether the user may put another there."""

import os
import platform
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from sottovoce import __version__
from sottovoce.domain.problems import Refused

CARRIED = ("portable", "data")
"""What of a portable application is the user's: the file that makes it so, and all that is kept."""
_PROGRAMS = {"sottovoce", "sottovoce-engine", "_internal", "Contents"}
"""What builds have at their top, the last one on a Mac."""
_SYSTEMS = ("/usr", "/opt", "/app", "/snap", "/nix", "/gnu")
"""Where packages of the system, or of a store, are; nobody else changes anything there."""
_PROCESSORS = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}
_SYSTEM_NAMES = {"win32": "windows", "darwin": "macos"}
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Application:
    """One that lies in a folder of its own."""

    folder: Path
    """With all of it and nothing else, but what is `CARRIED`; on a Mac the .app."""
    program: Path
    """What opens the window, relative to the folder."""
    version: str

    @property
    def stage(self) -> Path:
        """The folder beside it where another gets ready."""
        return self.folder.with_name(f".{self.folder.name}.update")


def this_application() -> Application | None:
    """The one that runs now; None if it was not installed as one, but from a Python package."""
    if not getattr(sys, "frozen", False):
        return None
    program = Path(sys.executable).resolve()
    outer = (each for each in program.parents if each.suffix == ".app")
    folder = next(outer, program.parent)
    opener = program.with_name(f"sottovoce{program.suffix}")  # Commands may run in the other one.
    return Application(folder, opener.relative_to(folder), __version__)


def this_platform() -> str:
    """What the programs are made for that run here, such as linux-x86_64."""
    machine = platform.machine().lower()
    return f"{_SYSTEM_NAMES.get(sys.platform, 'linux')}-{_PROCESSORS.get(machine, machine)}"


def check_replaceable(application: Application) -> None:
    """Return if its user may put another in its place. Raises Refused, with the reason."""
    folder = application.folder
    if sys.platform == "win32":
        raise Refused("Windows replaces no program while it runs.")
    if _is_systems(folder):
        raise Refused("Sottovoce was installed for all users of this computer.")
    may_change = [os.access(each, os.W_OK | os.X_OK) for each in (folder, folder.parent)]
    if not (_is_own(folder) and all(may_change)):
        raise Refused("The folder of Sottovoce is not yours to change.")


def was_unpacked(application: Application) -> bool:
    """Whether it lies where somebody unpacked it, and no installer put it."""
    return sys.platform == "linux" and not _is_systems(application.folder)


def added(folder: Path) -> list[str]:
    """The names of what lies in the folder of an application, but in no build."""
    return sorted({each.name for each in folder.iterdir()} - _PROGRAMS)


def check_alone(application: Application, others: frozenset[str]) -> None:
    """Return if nothing lies in its folder that is neither of it nor, by name, among `others`.

    Somebody may have unpacked it among other things, which must not go with it. Raises Refused.
    """
    found = [name for name in added(application.folder) if name not in {*others, *CARRIED}]
    if found and application.folder.suffix != ".app":  # That is one thing to the eye.
        raise Refused(
            f"The folder of Sottovoce holds something else, too: “{found[0]}”. Move that "
            "elsewhere, or Sottovoce into a folder of its own."
        )


def is_private(folder: Path) -> bool:
    """Whether it is a folder, no link to one, and nobody but its user may change it."""
    return _is_own(folder) and not folder.lstat().st_mode & _OTHERS_MAY_WRITE


def _is_systems(folder: Path) -> bool:
    return any(folder.is_relative_to(system) for system in _SYSTEMS)


def _is_own(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())
