"""Small applications that replace each other, and a process that is killed while they do."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sottovoce.domain.problems import Problem
from sottovoce.system.application import Application
from sottovoce.system.paths import Profile
from sottovoce.system.renewal import announce, new_folder, preparing, starting

OLD, NEW = "1.0.0", "1.1.0"
_STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "ctypes.call_function"}


def write_application(folder: Path, version: str, *, starts: bool = True) -> None:
    """An application whose program can say which version it is, and do nothing else."""
    (folder / "_internal").mkdir(parents=True)
    (folder / "_internal" / "version").write_text(version, encoding="utf-8")
    program = folder / "sottovoce"
    program.write_text(f"#!/bin/sh\necho {version if starts else 'broken'}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def installed(folder: Path) -> Application:
    """The application that is there now."""
    version = (folder / "_internal" / "version").read_text(encoding="utf-8")
    return Application(folder, Path("sottovoce"), version)


def prepare(folder: Path, version: str = NEW) -> None:
    """Have another version ready for the next start."""
    application = installed(folder)
    with preparing(application) as stage:
        write_application(new_folder(stage), version)
        announce(application, version)


def waiting(application: Application) -> str:
    """The version that is ready for the next start; empty if there is none."""
    journal = application.stage / "journal.json"
    return json.loads(journal.read_bytes())["version"] if journal.exists() else ""


class _Again(BaseException):
    """A program that begins anew remembers nothing."""


def start(
    folder: Path, *, succeeds: bool = True, profile: Profile | None = None, decided: bool = True
) -> tuple[str, str]:
    """Start what is there, to its end: its version, and what it tells the user."""
    while True:
        try:
            application = installed(folder)
            with starting(application, _begin_again) as begun:
                note = begun.note
                if profile is not None:
                    begun.use(profile)
                if not decided:
                    begun.undecided()
                elif succeeds:
                    begun.succeeded()
                return application.version, note
        except _Again:
            continue


def _begin_again() -> None:
    raise _Again


Run = Callable[[str, Path, int], int]


@contextmanager
def killed_processes() -> Iterator[Run]:
    """What runs an action ("start", "fail" or "prepare") in a process that is killed at a step.

    It tells the exit code: 0, or minus SIGKILL. It forks, for loading takes longer than all else.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    ) as program:
        asked, told = program.stdin, program.stdout
        assert asked is not None
        assert told is not None

        def run(action: str, folder: Path, last_step: int) -> int:
            asked.write(json.dumps([action, str(folder), last_step]) + "\n")
            asked.flush()
            return int(told.readline())

        yield run


def _main() -> None:
    for line in sys.stdin:
        action, folder, last_step = json.loads(line)
        child = os.fork()
        if not child:
            _act(action, Path(folder), last_step)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _act(action: str, folder: Path, last_step: int) -> None:
    steps = 0

    def count(event: str, _: object) -> None:
        nonlocal steps
        if event in _STEPS:
            steps += 1
            if steps == last_step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    if action != "prepare":
        start(folder, succeeds=action == "start")
        return
    try:
        prepare(folder)
    except Problem:
        return


if __name__ == "__main__":
    _main()
