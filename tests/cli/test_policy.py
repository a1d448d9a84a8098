"""`sottovoce policy`, without starting a program."""

import json
from pathlib import Path

import pytest

from fakes import ScriptedEngine
from sottovoce.cli import policy
from sottovoce.cli.arguments import parse
from sottovoce.cli.session import Parts
from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Damaged
from sottovoce.models.remote import Remote
from sottovoce.system.paths import profile
from sottovoce.system.policy import read_policy


def parts(folder: Path, rules: Policy) -> Parts:
    made = profile(folder, rules)
    return Parts(made, ScriptedEngine(), lambda: None, None, Remote(made))


def run(parts: Parts, *typed: str) -> None:
    policy.run(parse(["policy", *typed]), parts)


def test_every_rule_is_shown_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = Policy("Internal", network=False, lock_after=1, models=frozenset(), export=False)
    run(parts(tmp_path, rules), "show")
    shown = capsys.readouterr().out
    assert "The window shows: Internal" in shown
    assert "The network cannot be switched on." in shown
    assert "locks after 1 minute without input" in shown
    assert "loaded: none." in shown
    assert "cannot be exported" in shown
    assert "passphrase" not in shown


def test_without_rules_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(parts(tmp_path, NO_RULES), "show")
    assert capsys.readouterr().out == "There are no rules: each user decides.\n"


def test_what_is_shown_for_programs_is_what_a_file_would_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = Policy("Internal", hosts=("hub.example",), models=frozenset({"ab" * 32}), retention=30)
    run(parts(tmp_path, rules), "show", "--json")
    values = json.loads(capsys.readouterr().out)["rules"]
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
    file = tmp_path / "policy.toml"
    file.write_text("\n".join(lines))
    assert read_policy(file) == rules


def test_a_file_is_checked_before_it_is_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("temporary = false")
    run(parts(tmp_path, NO_RULES), "check", str(file))
    shown = capsys.readouterr().out
    assert "can be obeyed" in shown
    assert "No chat can be held without keeping it." in shown
    file.write_text("temporary = no")
    with pytest.raises(Damaged, match="line 1"):
        run(parts(tmp_path, NO_RULES), "check", str(file))
