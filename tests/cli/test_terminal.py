import json
import os
import sys

import pytest

from sottovoce.cli.layout import columns_of
from sottovoce.cli.terminal import Progress, columns, in_line, tell, visible, write_json


def narrow_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be 40 columns."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext é 長 🙂", "plain\n\ttext é 長 🙂"),
        ("\x1b[2Jgone", "<U+001B>[2Jgone"),
        ("a\rb\x07", "a<U+000D>b<U+0007>"),
        ("\x9b31m", "<U+009B>31m"),
        ("invoice\u202efdp.exe", "invoice<U+202E>fdp.exe"),
    ],
)
def test_a_reply_cannot_move_the_cursor_or_turn_the_line(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_name_stays_in_its_line() -> None:
    assert in_line("a\nAll is well.\tb\x1b[m") == "a<U+000A>All is well.<U+0009>b<U+001B>[m"


def test_a_sentence_cannot_move_the_cursor_either(capsys: pytest.CaptureFixture[str]) -> None:
    tell("There is nothing in \x1b[2J.")
    assert capsys.readouterr().err == "There is nothing in <U+001B>[2J.\n"


def test_progress_never_takes_more_than_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow_screen(monkeypatch)
    with Progress() as progress:
        progress.show("Reading 模型" * 20 + "\n")
    [_, shown, _] = capsys.readouterr().err.split("\r\x1b[K")
    assert columns_of(shown) < 40
    assert "\n" not in shown


def test_programs_have_no_end_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert columns() > 100_000
    narrow_screen(monkeypatch)
    assert columns() == 40


def test_a_path_that_is_no_text_comes_back_from_json(capsys: pytest.CaptureFixture[str]) -> None:
    path = os.fsdecode(b"/models/\xff.gguf")
    write_json({"path": path, "name": "模型"})
    assert json.loads(capsys.readouterr().out) == {"path": path, "name": "模型"}
