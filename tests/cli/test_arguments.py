from pathlib import Path

import pytest

from sottovoce.cli.arguments import command_in, parse


def test_nothing_typed_means_the_window() -> None:
    arguments = parse([])

    assert arguments.command is None
    assert arguments.data_dir is None


@pytest.mark.parametrize(
    "argv",
    [
        ["--data-dir", "here", "ask", "why"],
        ["ask", "why", "--data-dir", "here"],
        ["chats", "--data-dir", "here", "list"],
        ["chats", "list", "--data-dir", "here"],
        ["doctor", "--data-dir", "here"],
    ],
)
def test_the_data_folder_may_be_named_anywhere(argv: list[str]) -> None:
    assert parse(argv).data_dir == Path("here")


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["--data-dir", "ask", "doctor"], "doctor"),
        (["--data-dir", "ask"], None),
        (["ask"], None),
        (["ask", "--help"], None),
        (["--version"], None),
        (["model.gguf"], None),
    ],
)
def test_what_is_asked_for_is_known_without_a_word(
    argv: list[str], command: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_in(argv) == command
    assert capsys.readouterr() == ("", "")


def test_stop_strings_may_be_several() -> None:
    assert parse(["ask", "why", "--stop", "a", "--stop", "b"]).stop == ["a", "b"]


@pytest.mark.parametrize(
    "argv",
    [
        ["ask"],
        ["chats"],
        ["chats", "show", "first"],
        ["ask", "why", "--temperature", "-1"],
        ["ask", "why", "--temperature", "nan"],
        ["ask", "why", "--top-p", "1.5"],
        ["ask", "why", "--seed", "-1"],
        ["ask", "why", "--seed", "4294967295"],
        ["ask", "why", "--max-tokens", "0"],
        ["ask", "why", "--max-tokens", "1" + "0" * 30],
        ["ask", "why", "--context", "3000000000"],
        ["ask", "why", "--temperature", "inf"],
        ["ask", "why", "--chat", "1", "--temporary"],
        ["chats", "show", "99999999999999999999"],
        ["chats", "export", "1", "--format", "docx"],
        ["dance"],
    ],
)
def test_wrong_usage_ends_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv)

    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_what_is_typed_becomes_text_whatever_its_bytes() -> None:
    typed = parse(["ask", "why \udcff", "--system", "\udcff", "--stop", "\udcff"])

    assert (typed.question, typed.system, typed.stop) == ("why \ufffd", "\ufffd", ["\ufffd"])
    assert parse(["chats", "search", "\udcff"]).text == "\ufffd"


@pytest.mark.parametrize(
    "argv",
    [
        ["ask", "why", "--model", ""],
        ["models", "adapters", "--remove", ""],
        *(
            ["models", action, ""]
            for action in ("catalogue", "download", "fit", "import", "inspect", "remove", "verify")
        ),
    ],
)
def test_a_name_that_a_script_forgot_does_not_mean_all(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse(argv)
    assert end.value.code == 2
    assert "it is empty" in capsys.readouterr().err
