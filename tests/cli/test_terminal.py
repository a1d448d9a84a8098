import json
import os
import sys

import pytest

from sottovoce.cli.terminal import (
    Progress,
    columns_of,
    folded,
    in_line,
    padded,
    tell,
    visible,
    write_beneath,
    write_json,
    write_rows,
)


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


def test_letters_that_take_two_columns_are_counted() -> None:
    assert [columns_of(text) for text in ("abc", "模型", "e\u0301")] == [3, 4, 1]
    assert padded("模型", 6) == "模型  "


def test_sentences_stand_beneath_their_facts_where_lines_are_short(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow_screen(monkeypatch)
    write_rows([("Llama 3.1 8B", "Runs well on your processor, by all we know.")])
    write_beneath("four words and more than one line of them", 20, name="Name")
    told = capsys.readouterr().out
    assert told.startswith("Llama 3.1 8B\n    Runs well")
    assert all(columns_of(line) < 40 for line in told.splitlines())


def test_programs_get_a_fact_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows([("Llama", "Runs well. " * 30)])
    write_beneath("many words " * 30, 4)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_path_that_is_no_text_comes_back_from_json(capsys: pytest.CaptureFixture[str]) -> None:
    path = os.fsdecode(b"/models/\xff.gguf")
    write_json({"path": path, "name": "模型"})
    assert json.loads(capsys.readouterr().out) == {"path": path, "name": "模型"}


def test_terms_are_folded_to_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "16")
    text = "One two three\nfour five.\n\n- six seven eight\n  nine\n- ten\n\nEnd.\n"
    assert folded(text) == ("One two three\nfour five.\n\n- six seven\n  eight nine\n- ten\n\nEnd.")


def test_a_fact_that_is_not_known_has_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    write_beneath("", 15, name="Architecture")
    assert capsys.readouterr().out == "Architecture\n"
