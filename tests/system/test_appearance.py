from pathlib import Path

import pytest

from sottovoce.domain.problems import Refused
from sottovoce.domain.settings import Appearance, Scheme
from sottovoce.system.appearance import read_appearance, write_appearance


def test_the_appearance_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "appearance.json"
    chosen = Appearance(scheme=Scheme.DARK, geometry="AAEC", sidebar_width=300, sidebar_shown=False)
    write_appearance(path, chosen)
    assert read_appearance(path) == chosen
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Appearance()),
        (b"\xff\x00", Appearance()),
        (b"[]", Appearance()),
        (b'{"scheme": "\xff"}', Appearance()),
        (b'{"a":' * 100_000, Appearance()),
        (b'{"scheme": "purple", "sidebar_width": 200}', Appearance(sidebar_width=200)),
        (b'{"sidebar_shown": 3, "later": 1}', Appearance()),
        (b'{"sidebar_width": -7}', Appearance(sidebar_width=200)),
        (b'{"sidebar_width": 1000000000000}', Appearance(sidebar_width=460)),
    ],
)
def test_what_cannot_be_understood_has_its_default(
    tmp_path: Path, content: bytes, expected: Appearance
) -> None:
    path = tmp_path / "appearance.json"
    path.write_bytes(content)
    assert read_appearance(path) == expected


def test_a_missing_file_is_the_default(tmp_path: Path) -> None:
    assert read_appearance(tmp_path / "missing.json") == Appearance()


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write_appearance(tmp_path / "missing" / "appearance.json", Appearance())
