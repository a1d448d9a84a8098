"""What others wrote is shown, and does nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hostile_window
from hostile_contents import CONTENTS

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
PROGRAM = hostile_window.__file__
HOST = "127.0.0.1:9"


def traced(folder: Path, *arguments: str) -> tuple[str, str]:
    """What a window with hostile texts wrote, and the calls it made about files and the network."""
    trace = folder / "trace"
    bait = folder / "bait.png"
    bait.touch()
    watched = ["strace", "--follow-forks", "--seccomp-bpf", "--trace=%network,%file"]
    done = subprocess.run(
        [*watched, f"--output={trace}", sys.executable, PROGRAM, bait, HOST, *arguments],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    calls = trace.read_text(encoding="utf-8", errors="replace").split("\n", 1)[1]
    return done.stdout, calls


def test_no_text_of_others_opens_a_file_or_a_connection(tmp_path: Path) -> None:
    written, calls = traced(tmp_path)

    assert written == f"{len(CONTENTS)}\n"
    assert len(CONTENTS) >= 60
    assert "bait.png" not in calls
    assert "AF_INET" not in calls
    assert calls.count("execve(") == 0


def test_the_watch_sees_a_file_that_is_opened_for_what_a_text_says(tmp_path: Path) -> None:
    _, calls = traced(tmp_path, "control")

    assert "bait.png" in calls
