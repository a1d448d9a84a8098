"""Reading what a build gathered of licences."""

import json
from pathlib import Path

import pytest

from sottovoce.domain.problems import Damaged, Missing
from sottovoce.system import notices, paths

LISTED = [
    {"name": "Qt", "version": "6", "licence": "LGPL-3.0-only", "home": "", "files": ["lgpl.txt"]},
    {
        "name": "zlib",
        "version": "",
        "licence": "Zlib",
        "home": "https://zlib.net",
        "files": ["zlib.txt", "more.txt"],
        "part_of": "Qt",
    },
    {"name": "zlib-rs", "version": "1", "licence": "Zlib", "home": "", "files": ["zlib.txt"]},
    {"name": "zip", "version": "8.6", "licence": "MIT", "home": "", "files": ["more.txt"]},
    {"name": "zip", "version": "9.2", "licence": "MIT", "home": "", "files": ["more.txt"]},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notices of a frozen Sottovoce."""
    folder = tmp_path / "resources" / "notices"
    folder.mkdir(parents=True)
    (folder / "notices.json").write_text(json.dumps(LISTED))
    for name in ("lgpl.txt", "zlib.txt", "more.txt"):
        (folder / name).write_text(f"All of {name}\n")
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path)
    return folder


def test_all_texts_of_a_component_are_shown(folder: Path) -> None:
    found = notices.read_notices()
    assert found.are_all
    text = notices.text_of(found.find("ZLIB"))
    assert "All of zlib.txt" in text
    assert "All of more.txt" in text


def test_what_a_component_is_part_of_finds_it_too(folder: Path) -> None:
    found = notices.read_notices()
    assert [each.name for each in found.containing("qt")] == ["Qt", "zlib"]
    assert [each.name for each in found.containing("zlib qt")] == ["zlib"]
    assert found.containing("") == found.notices


def test_a_beginning_is_enough_unless_several_have_it(folder: Path) -> None:
    found = notices.read_notices()
    assert found.find("q").name == "Qt"
    with pytest.raises(Missing, match="zlib, zlib-rs"):
        found.find("zl")
    with pytest.raises(Missing, match="sottovoce notices"):
        found.find("nothing")


def test_of_several_versions_each_can_be_named(folder: Path) -> None:
    found = notices.read_notices()
    with pytest.raises(Missing, match=r"zip 8\.6, zip 9\.2\."):
        found.find("zip")
    assert found.find("Zip 9.2").version == "9.2"
    assert found.find("zip 8").version == "8.6"


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"name": 1}]', b"\xff"])
def test_a_damaged_list_is_a_problem(folder: Path, content: bytes) -> None:
    (folder / "notices.json").write_bytes(content)
    with pytest.raises(Damaged):
        notices.read_notices()


def test_a_text_that_is_gone_is_a_problem(folder: Path) -> None:
    (folder / "lgpl.txt").unlink()
    with pytest.raises(Damaged):
        notices.text_of(notices.read_notices().find("Qt"))


def test_in_a_checkout_the_licences_of_what_lies_there_are_shown() -> None:
    found = notices.read_notices()
    assert not found.are_all
    for each in found.notices:
        assert len(notices.text_of(each)) > 500
    carried = {path.parts[0] for path in map(Path, (f for n in found.notices for f in n.files))}
    assert carried == {"fonts", "icons", "embedding", "ocr"}
