from hypothesis import given
from hypothesis import strategies as st

from sottovoce.ui.chat.transcript.characters import Counting, is_right_to_left, shown


@given(st.text())
def test_what_is_shown_has_a_sign_for_each_character(text: str) -> None:
    assert len(shown(text)) == len(text)


def test_hidden_and_direction_changing_characters_become_visible() -> None:
    assert shown("a\u202eb\u2066c\x1b\x00d") == "a�b�c␛␀d"


@given(st.text(), st.data())
def test_positions_come_back_from_qt(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(text)))
    counting = Counting(text)
    assert counting.from_qt(counting.to_qt(position)) == position


def test_an_emoji_counts_twice_in_qt() -> None:
    assert Counting("a😀b").to_qt(2) == 3


def test_the_first_letter_decides_the_direction() -> None:
    assert is_right_to_left("12 שלום hello")
    assert not is_right_to_left("hello שלום")
    assert not is_right_to_left("")
