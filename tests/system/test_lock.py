import subprocess
import sys
from pathlib import Path

import pytest

from sottovoce.system.lock import is_locked, locked, shared

_HOLDER = """
import sys
from pathlib import Path
from sottovoce.system.lock import locked

with locked(Path(sys.argv[1])) as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def test_a_lock_is_held_by_one(path: Path) -> None:
    assert not is_locked(path)
    with locked(path) as first, locked(path) as second:
        assert (first, second) == (True, False)
        assert is_locked(path)
    assert not is_locked(path)


def test_a_shared_lock_is_held_by_many_or_by_one_alone(path: Path) -> None:
    with shared(path) as first, shared(path) as second, locked(path) as third:
        assert (first, second, third) == (True, True, False)
    with locked(path) as alone, shared(path) as together:
        assert (alone, together) == (True, False)


def test_asking_for_a_lock_leaves_no_file(path: Path) -> None:
    is_locked(path)
    assert not path.exists()


def test_a_locked_file_can_be_read_and_written(path: Path) -> None:
    with locked(path):
        path.write_bytes(b"words")
        assert path.read_bytes() == b"words"


def test_a_killed_process_lets_go(path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"True"
        assert is_locked(path)
        holder.kill()
        with locked(path, patience=10) as is_ours:
            assert is_ours
