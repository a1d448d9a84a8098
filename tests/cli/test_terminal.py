import pytest

from sottovoce.cli.terminal import visible


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
