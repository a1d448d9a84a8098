import pytest

from sottovoce.ui.chat.transcript.highlight import DARK_INKS, LIGHT_INKS, Ink, highlight
from sottovoce.ui.theme.tokens import DARK, LIGHT


def test_python_has_its_keywords_coloured() -> None:
    text = "def answer():  # why\n    return 'x'"
    parts = {text[start:end]: ink for start, end, ink in highlight(text, "python")}
    assert parts["def"] is Ink.KEYWORD
    assert parts["answer"] is Ink.NAME
    assert parts["# why"] is Ink.COMMENT


def test_an_unknown_language_has_no_colours() -> None:
    assert highlight("def answer(): pass", "no such language") == []
    assert highlight("def answer(): pass", "") == []


@pytest.mark.parametrize(
    ("inks", "background"),
    [(LIGHT_INKS, LIGHT.code), (DARK_INKS, DARK.code)],
    ids=["light", "dark"],
)
def test_every_colour_can_be_read(inks: dict[Ink, str], background: str) -> None:
    assert set(inks) == set(Ink)
    for colour in inks.values():
        assert _contrast(colour, background) >= 4.5


def _contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
