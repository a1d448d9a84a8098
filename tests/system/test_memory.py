import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sottovoce.system.memory import available, group_room, resident
from sottovoce.system.processes import is_running, own_identity


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".", 1)).write_text(content + "\n")


def test_what_is_available_is_within_what_there_is() -> None:
    assert 0 < available() <= psutil.virtual_memory().total


def test_the_limit_of_a_control_group_counts_without_its_file_cache(tmp_path: Path) -> None:
    (tmp_path / "membership").write_text("0::/user/app\n")
    root = tmp_path / "groups"
    group(root / "user/app", memory_max="max", memory_current="70", memory_stat="anon 9")
    group(
        root / "user", memory_max="100", memory_current="70", memory_stat="anon 9\ninactive_file 20"
    )
    assert list(group_room(tmp_path / "membership", root)) == [50]


def test_the_first_version_of_control_groups_is_understood(tmp_path: Path) -> None:
    (tmp_path / "membership").write_text("5:cpu:/x\n4:memory,hugetlb:/box\n")
    box = tmp_path / "groups" / "memory" / "box"
    box.mkdir(parents=True)
    (box / "memory.limit_in_bytes").write_text("100\n")
    (box / "memory.usage_in_bytes").write_text("130\n")
    (box / "memory.stat").write_text("total_inactive_file 10\n")
    assert list(group_room(tmp_path / "membership", tmp_path / "groups")) == [0]


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert list(group_room(tmp_path / "missing", tmp_path)) == []


@pytest.fixture
def child() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_children_count_until_they_are_gone(child: "subprocess.Popen[bytes]") -> None:
    assert child.stdout is not None
    child.stdout.readline()
    own, of_child = psutil.Process().memory_info().rss, resident(child.pid)
    assert of_child > 1_000_000
    assert resident(psutil.Process().pid) > own
    child.communicate(b"\n")
    assert resident(child.pid) == 0


def test_a_process_is_told_from_others() -> None:
    identity = own_identity()
    assert is_running(identity)
    number, started = identity.split(":")
    assert not is_running(f"{number}:{float(started) - 60}")
    assert not is_running("4194305:1.0")
    assert not is_running("nonsense")
    assert not is_running("")
