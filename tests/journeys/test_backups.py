"""Backups by the real program: from one machine to another, and under an open window."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from program import PASSPHRASE, Program

pytestmark = pytest.mark.journey
_COMMANDED = Path(__file__).parents[1] / "commanded_window.py"


def test_chats_and_documents_move_to_another_machine(program: Program, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("The harbour closes at nine.")
    program.ask("Good morning")
    assert program.run("library", "add", str(letter)).returncode == 0
    file = tmp_path / "mine.backup"
    made = program.json("backup", "create", str(file))
    assert (made["chats"], made["messages"], made["documents"]) == (1, 2, 1)

    there = Program(tmp_path / "there")
    assert there.json("backup", "verify", str(file))["messages"] == 2
    assert there.run("backup", "restore", str(file)).returncode == 0

    (chat,) = there.json("chats", "list")["chats"]
    assert chat["title"].startswith("Good morning")
    (found, *_) = there.json("library", "search", "When does the harbour close?")["results"]
    assert "closes at nine" in found["text"]
    stranger = Program(tmp_path / "stranger", "another passphrase")
    assert "not right" in stranger.run("backup", "verify", str(file)).stderr


def test_the_window_begins_anew_with_what_it_restored(program: Program, tmp_path: Path) -> None:
    program.ask("The first")
    file = tmp_path / "mine.backup"
    program.json("backup", "create", str(file))
    program.ask("The second")
    with subprocess.Popen(
        [sys.executable, str(_COMMANDED), str(program.folder)],
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as window:
        assert window.stdin is not None
        assert window.stdout is not None

        def tell(**command: object) -> None:
            assert window.stdin is not None
            window.stdin.write(json.dumps(command) + "\n")
            window.stdin.flush()

        def wait_for(page: str) -> None:
            assert window.stdout is not None
            while json.loads(window.stdout.readline()).get("page") != page:
                pass

        wait_for("open")
        refused = program.run("backup", "restore", str(file))
        assert "Close it" in refused.stderr
        tell(restore=str(file))
        wait_for("enter_passphrase")
        tell(unlock=PASSPHRASE)
        wait_for("open")
        tell(close=True)
        window.wait(60)
    assert [chat["title"] for chat in program.json("chats", "list")["chats"]] == ["The first"]
    assert program.run("backup", "undo").returncode == 0
    assert len(program.json("chats", "list")["chats"]) == 2
