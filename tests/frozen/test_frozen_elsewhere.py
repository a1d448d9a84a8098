"""The program that was built, where its makers did not put it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from frozen_program import BUILT

pytestmark = [
    pytest.mark.journey,
    pytest.mark.frozen,
    pytest.mark.skipif(not BUILT.exists(), reason="there is no build: ./dev build makes one"),
]


def run(program: Path, home: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Its exit code, what it printed, and what it told."""
    done = subprocess.run(
        [program, "--data-dir", home / "profile", *arguments],
        env={"PATH": os.defpath, "HOME": str(home), **variables},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=90,
    )
    return done.returncode, done.stdout, done.stderr


def test_moved_and_linked_to_it_answers_whatever_is_set_for_others(tmp_path: Path) -> None:
    folder = tmp_path / "Süße Stimme ☕"
    shutil.copytree(BUILT.parent, folder, symlinks=True)
    link = tmp_path / "link"
    link.symlink_to(folder / BUILT.name)
    before = sorted(folder.rglob("*"))
    code, said, told = run(
        link,
        tmp_path,
        "ask",
        "What is the sea?",
        "--temporary",
        "--max-tokens=4",
        LANG="C",
        LD_LIBRARY_PATH=str(tmp_path),
        PYTHONHOME=str(tmp_path),
        PYTHONPATH=str(tmp_path),
    )
    assert (code, bool(said.strip())) == (0, True), told
    assert sorted(folder.rglob("*")) == before


def test_a_missing_part_is_said_in_a_sentence(tmp_path: Path) -> None:
    program = Path(shutil.copy(BUILT, tmp_path))
    (tmp_path / "_internal").symlink_to(BUILT.parent / "_internal")
    assert run(program, tmp_path, "ask", "What is the sea?") == (
        1,
        "",
        "A part of Sottovoce is missing. Install it again.\n",
    )
