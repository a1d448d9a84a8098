import pytest

from sottovoce.chat.title import title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("  two\nlines\tand   spaces ", "two lines and spaces"),
        ("word " * 30, "word word word word word word word word word word word…"),
        ("長" * 100, "長" * 59 + "…"),
    ],
)
def test_a_title_is_the_first_words_on_one_line(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title_of(text)) <= 60
