"""The installed package is upgraded and removed, and nobody loses a word."""

import os
import subprocess
from pathlib import Path

import pytest

from frozen_program import ROOT, Frozen

pytestmark = [
    pytest.mark.journey,
    pytest.mark.frozen,
    pytest.mark.skipif(
        "SOTTOVOCE_ROOT" not in os.environ, reason="packaging/linux/clean_root.sh installs it"
    ),
]


def dpkg(root: Path, *arguments: str) -> str:
    """What it says, as root of that system, which has no network."""
    in_root = str(ROOT / "packaging" / "linux" / "in_root.sh")
    return subprocess.check_output(
        [in_root, str(root), "dpkg", *arguments], env={**os.environ, "AS_ROOT": "1"}, text=True
    )


def test_what_was_written_outlives_an_upgrade_and_the_program(frozen: Frozen) -> None:
    root = frozen.root
    assert root is not None
    frozen.json("ask", "What is the sea?", "--max-tokens", "8")
    written = frozen.messages(1)

    dpkg(root, "--install", "/srv/newer.deb")
    assert frozen.messages(1) == written
    assert dpkg(root, "--verify", "sottovoce") == ""

    dpkg(root, "--purge", "sottovoce")
    assert list((root / "usr").rglob("*sottovoce*")) == []
    assert (frozen.profile / "sottovoce.db").exists()

    dpkg(root, "--install", "/srv/newer.deb")
    assert frozen.messages(1) == written
