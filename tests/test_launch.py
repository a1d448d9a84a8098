import argparse
from collections.abc import Sequence

import pytest

from sottovoce import launch as launching
from sottovoce.cli.arguments import parse
from sottovoce.domain.problems import Problem
from sottovoce.system.renewal import Start


class Told(Start):
    """What an update was told of a start."""

    verdict = "failed"

    def succeeded(self) -> None:
        self.verdict = "succeeded"

    def undecided(self) -> None:
        self.verdict = "undecided"


def verdict(argv: Sequence[str], outcome: int | Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a start says about an update that is being tried, where it comes to this end."""

    def end(*_: object) -> int:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    start = Told()
    monkeypatch.setattr(launching, "_launch", end)
    launching._started(argv, parse(argv), start)
    return start.verdict


def test_only_a_command_that_was_carried_out_shows_that_an_update_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = ["models", "list"]
    assert verdict(command, 0, monkeypatch) == "succeeded"
    assert verdict(command, 1, monkeypatch) == "undecided"
    assert verdict(command, 130, monkeypatch) == "undecided"
    assert verdict(command, Problem("It is missing."), monkeypatch) == "undecided"
    assert verdict(command, RuntimeError("a bug"), monkeypatch) == "failed"


def test_a_window_says_itself_whether_it_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict([], 0, monkeypatch) == "failed"
    assert verdict([], 1, monkeypatch) == "undecided"  # Chats were open in another window.


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["no", "such", "thing"]])
def test_who_only_asks_how_it_is_used_starts_nothing(
    argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: argparse.Namespace) -> None:
        raise AssertionError

    monkeypatch.setattr(launching, "starting", fail)
    monkeypatch.setattr(launching, "open_streams", lambda: None)
    with pytest.raises(SystemExit):
        launching.launch(argv)
