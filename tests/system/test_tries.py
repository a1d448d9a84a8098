from dataclasses import dataclass
from pathlib import Path

import pytest

from sottovoce.system.tries import Tries


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_pauses_grow_to_half_a_minute_and_no_further(tmp_path: Path, clock: Clock) -> None:
    tries = Tries(tmp_path / "tries.json", clock)
    pauses = []
    for _ in range(12):
        tries.note_wrong()
        pauses.append(tries.pause)
        clock.now += tries.pause
        assert tries.pause == 0
    assert pauses == [0, 0, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]


def test_a_pause_is_there_after_the_window_was_closed(tmp_path: Path, clock: Clock) -> None:
    for _ in range(5):
        Tries(tmp_path / "tries.json", clock).note_wrong()
    again = Tries(tmp_path / "tries.json", clock)
    assert again.pause == 4
    clock.now += 1
    assert again.pause == 3
    again.clear()
    assert again.pause == 0


@pytest.mark.parametrize("content", [b"", b"[]", b'{"count": 9e99, "at": 0}', b"\xff" * 100])
def test_nonsense_in_the_file_locks_nobody_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tries.json").write_bytes(content)
    assert Tries(tmp_path / "tries.json").pause == 0


def test_a_clock_that_was_set_back_locks_nobody_out(tmp_path: Path, clock: Clock) -> None:
    tries = Tries(tmp_path / "tries.json", clock)
    for _ in range(20):
        tries.note_wrong()
    clock.now -= 1_000_000
    assert tries.pause <= 30


def test_where_nothing_may_be_written_there_is_no_pause(tmp_path: Path, clock: Clock) -> None:
    tries = Tries(tmp_path / "nowhere" / "tries.json", clock)
    for _ in range(20):
        tries.note_wrong()
    assert tries.pause == 0
