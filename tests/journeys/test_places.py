"""Whose files lie where: on a stick, and on a machine that several people use."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from program import PASSPHRASE, Program

pytestmark = pytest.mark.journey

PORTABLE = """
import sys
sys.frozen, sys.executable = True, sys.argv[1]
from sottovoce.launch import launch
sys.exit(launch(sys.argv[2:]))
"""


def run_portable(folder: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = Program(folder).environment | {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", PORTABLE, str(folder / "sottovoce-engine"), *arguments],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def test_a_portable_program_leaves_nothing_on_the_machine(tmp_path: Path) -> None:
    home, stick = tmp_path / "home", tmp_path / "stick"
    home.mkdir()
    stick.mkdir()
    (stick / "portable").touch()
    done = run_portable(stick, "chats", "list", home=home)
    assert done.returncode == 0, done.stderr
    assert {each.name for each in (stick / "data").iterdir()} >= {"vault", "sottovoce.db", "logs"}
    assert list(home.rglob("*")) == []
    done = run_portable(stick, "chats", "list", home=home)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_nobody_else_may_look_into_what_is_kept(tmp_path: Path) -> None:
    program = Program(tmp_path / "profile")
    before = os.umask(0)  # The most careless a user can be.
    try:
        program.ask("Good morning", "--document", str(Path(__file__)))
        for arguments in (
            ("backup", "create", str(tmp_path / "mine.backup")),
            ("backup", "restore", str(tmp_path / "mine.backup")),
            ("network", "on"),
            ("models", "list"),
        ):
            done = program.run(*arguments)
            assert done.returncode == 0, done.stderr
    finally:
        os.umask(before)
    for path in (program.folder, *program.folder.rglob("*"), tmp_path / "mine.backup"):
        allowed = 0o700 if path.is_dir() else 0o600
        # Models are no secrets, and lie in a folder nobody else may enter.
        if not path.is_relative_to(program.folder / "models"):
            assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_two_people_use_one_machine_at_once(tmp_path: Path) -> None:
    one, other = Program(tmp_path / "one"), Program(tmp_path / "other", f"{PASSPHRASE} too")
    asked = [
        person.start("ask", "Good morning", "--json", "--max-tokens", "8")
        for person in (one, other)
    ]
    for process in asked:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    for person in (one, other):
        assert len(person.json("chats", "list")["chats"]) == 1
    assert "not right" in Program(one.folder, other.passphrase).run("chats", "list").stderr
