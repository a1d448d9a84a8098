from hypothesis import given
from hypothesis import strategies as st

from sottovoce.engine.cut import StopStrings


def test_no_part_of_a_stop_string_is_shown() -> None:
    stops = StopStrings(["###"])
    assert stops.pass_on("one #") == "one "
    assert stops.pass_on("#") == ""
    assert stops.pass_on("# two") == ""
    assert stops.found


def test_what_only_looked_like_a_stop_string_is_shown_after_all() -> None:
    stops = StopStrings(["###"])
    assert stops.pass_on("a ##") + stops.pass_on(" b") == "a ## b"
    assert not stops.found


def test_what_was_held_back_at_the_end_is_not_lost() -> None:
    stops = StopStrings(["END"])
    assert stops.pass_on("the EN") + stops.rest() == "the EN"


def test_the_first_of_several_stop_strings_counts() -> None:
    stops = StopStrings(["later", "now"])
    assert stops.pass_on("not now, later") == "not "


@given(st.lists(st.text("ab#", max_size=4)), st.lists(st.text("ab#", min_size=1, max_size=4)))
def test_the_text_ends_where_a_stop_string_begins_however_it_was_cut(
    pieces: list[str], strings: list[str]
) -> None:
    stops = StopStrings(strings)
    shown = ""
    for piece in pieces:
        shown += stops.pass_on(piece)
        if stops.found:
            break
    shown += stops.rest()
    text = "".join(pieces)
    places = [place for string in strings if (place := text.find(string)) >= 0]
    assert stops.found == bool(places)
    assert text.startswith(shown)
    assert not any(string in shown for string in strings)
    if not places:
        assert shown == text
