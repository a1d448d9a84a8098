"""What opens the chats is changed on the command line."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from program import Program

pytestmark = pytest.mark.journey

OTHER = "eight other words beside a light window"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A profile that has begun."""
    made = Program(tmp_path / "profile")
    assert made.run("chats", "list").returncode == 0
    return made


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(f"{OTHER}\n", encoding="utf-8")
    return path


def typed(program: Program, *arguments: str, lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program.command(*arguments),
        env=program.environment,
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def done(program: Program, *arguments: str) -> str:
    ended = program.run(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_passphrase_is_replaced(program: Program, other: Path) -> None:
    done(program, "protect", "passphrase", "--new-passphrase-file", str(other))
    refused = program.run("chats", "list")
    assert (refused.returncode, refused.stderr) == (1, "The passphrase is not right.\n")
    done(replace(program, passphrase=OTHER), "chats", "list")


def test_a_recovery_key_opens_what_a_forgotten_passphrase_does_not(
    program: Program, other: Path
) -> None:
    key = done(program, "protect", "recovery-key").strip()
    assert re.fullmatch(r"([0-9A-Z]{5}-){7}[0-9A-Z]{5}", key)
    assert program.json("protect", "status")["opened_by"] == ["passphrase", "recovery"]

    lost = replace(program, passphrase=None)
    mistyped = typed(lost, "protect", "recover", lines=f"{key[:-1]}\n")
    assert mistyped.returncode == 1
    assert "has 40 letters and digits, and this has 39" in mistyped.stderr
    recovered = typed(
        lost, "protect", "recover", "--new-passphrase-file", str(other), lines=f"{key.lower()}\n"
    )
    assert recovered.returncode == 0, recovered.stderr
    done(replace(program, passphrase=OTHER), "chats", "list")


def test_the_last_that_opens_the_chats_stays(program: Program) -> None:
    refused = program.run("protect", "passphrase", "--remove")
    assert refused.returncode == 1
    assert "Nothing else would open your chats" in refused.stderr
    assert "they are opened by a passphrase." in done(program, "protect", "status")


def test_another_key_opens_with_the_same_passphrase(program: Program) -> None:
    before = (program.folder / "sottovoce.db").read_bytes()[:16]
    ended = program.run("protect", "change-key")
    assert ended.returncode == 0, ended.stderr
    assert (program.folder / "sottovoce.db").read_bytes()[:16] != before
    done(program, "chats", "list")


def test_forgetting_asks_for_the_word_and_leaves_nothing(program: Program) -> None:
    assert typed(program, "protect", "forget", lines="yes\n").returncode == 130
    done(program, "chats", "list")
    assert typed(program, "protect", "forget", lines="forget\n").returncode == 0
    assert not (program.folder / "sottovoce.db").exists()
    assert not (program.folder / "vault").exists()
    assert done(program, "protect", "status") == "Nothing is kept here yet.\n"


def test_after_wrong_passphrases_the_right_one_waits_and_opens(program: Program) -> None:
    wrong = replace(program, passphrase="not this one")
    for _ in range(5):
        assert wrong.run("chats", "list").returncode == 1
    opened = program.run("chats", "list")
    assert opened.returncode == 0
    assert "it is tried in" in opened.stderr
    assert "it is tried in" not in program.run("chats", "list").stderr
