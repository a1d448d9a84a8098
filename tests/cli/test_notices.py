"""`sottovoce notices`, without starting a program."""

import json
from pathlib import Path

import pytest

from fakes import ScriptedEngine
from sottovoce.cli import notices
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.models.remote import Remote
from sottovoce.system.paths import profile


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    made = profile(tmp_path)
    return Parts(made, ScriptedEngine(), lambda: None, None, Remote(made))


def test_components_are_listed_with_their_licences(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    notices.run(parse(["notices"]), parts)
    shown = capsys.readouterr()
    assert any(line.split() == ["Lucide", "ISC"] for line in shown.out.splitlines())
    assert "installed Sottovoce" in shown.err


def test_one_is_shown_with_all_of_its_licence(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    notices.run(parse(["notices", "inter"]), parts)
    shown = capsys.readouterr().out
    assert shown.startswith("Inter\nOFL-1.1\nhttps://rsms.me/inter/\n")
    assert "SIL OPEN FONT LICENSE" in shown


def test_programs_get_the_same(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    notices.run(parse(["notices", "--json"]), parts)
    listed = json.loads(capsys.readouterr().out)
    assert not listed["are_all"]
    assert "Inter" in [each["name"] for each in listed["components"]]
    notices.run(parse(["notices", "Inter", "--json"]), parts)
    one = json.loads(capsys.readouterr().out)
    assert one["licence"] == "OFL-1.1"
    assert "SIL OPEN FONT LICENSE" in one["text"]
