from hypothesis import given
from hypothesis import strategies as st

from sottovoce.ui.chat.transcript.heights import Heights

HEIGHTS = st.lists(st.integers(0, 500), max_size=60)


@given(HEIGHTS, HEIGHTS)
def test_sums_are_those_of_a_plain_list(built: list[int], appended: list[int]) -> None:
    heights = Heights(built)
    for height in appended:
        heights.append(height)
    plain = built + appended
    assert [heights.before(i) for i in range(len(plain) + 1)] == [
        sum(plain[:i]) for i in range(len(plain) + 1)
    ]
    assert heights.total == sum(plain)


@given(HEIGHTS.filter(bool), st.data())
def test_changing_and_cutting_keep_the_sums(built: list[int], data: st.DataObject) -> None:
    heights = Heights(built)
    at = data.draw(st.integers(0, len(built) - 1))
    heights[at] = built[at] = data.draw(st.integers(0, 500))
    length = data.draw(st.integers(0, len(built)))
    heights.truncate(length)
    heights.append(7)
    assert heights.total == sum(built[:length]) + 7


@given(st.lists(st.integers(1, 500), min_size=1, max_size=60), st.data())
def test_every_pixel_belongs_to_the_thing_drawn_there(
    built: list[int], data: st.DataObject
) -> None:
    heights = Heights(built)
    y = data.draw(st.integers(0, sum(built) - 1))
    found = heights.at(y)
    assert heights.before(found) <= y < heights.before(found + 1)


def test_outside_is_the_first_or_last() -> None:
    heights = Heights([10, 20, 30])
    assert heights.at(-5) == 0
    assert heights.at(10_000) == 2
