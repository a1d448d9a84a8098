from pathlib import Path

from fakes import RATES
from sottovoce.models.speed import read_rates, write_rates


def test_what_was_measured_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    write_rates(path, RATES)
    assert read_rates(path) == RATES


def test_what_cannot_be_understood_was_never_measured(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    assert read_rates(path) is None
    path.write_text('{"build": 3}')
    assert read_rates(path) is None
