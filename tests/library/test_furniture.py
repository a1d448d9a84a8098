from hypothesis import given
from hypothesis import strategies as st

from sottovoce.domain.document import Block, BlockKind, Page
from sottovoce.library.furniture import bodies

HEADS = ("Sales", "Costs", "Staff", "Rooms", "Plans")


def left(*texts: str) -> list[str]:
    pages = [Page(number, text) for number, text in enumerate(texts, start=1)]
    return bodies_of(pages)


def bodies_of(pages: list[Page]) -> list[str]:
    return [
        page.text[start:end].strip()
        for page, (start, end) in zip(pages, bodies(pages), strict=True)
    ]


def test_numbers_of_pages_are_left_out_wherever_they_stand() -> None:
    assert left("Sales rose.\n- 1 -", "Costs fell.\n- 2 -") == ["Sales rose.", "Costs fell."]
    heads = (f"ACME-7 page {number} of 5\n{text}." for number, text in enumerate(HEADS, 3))
    assert left(*heads) == [f"{text}." for text in HEADS]


def test_what_every_page_says_stays_on_the_first_of_them() -> None:
    texts = left("Cover", *(f"Draft  2\n{text}.\nSecret" for text in HEADS))
    assert texts == ["Cover", "Draft  2\nSales.\nSecret", *(f"{text}." for text in HEADS[1:])]


def test_numbers_that_do_not_count_along_are_what_a_page_is_about() -> None:
    texts = ["Total 340", "Total 215", "Total 199", "Total 730"]
    assert left(*texts) == texts
    table = [f"{row} 12\n{row} 14" for row in (31, 45, 62)]
    assert left(*table) == table


def test_what_is_said_again_inside_of_pages_stays() -> None:
    lines = [f"{text} a\nb {text}\n{text} c\nAnd so on.\nd {text}\n{text} e\nf" for text in HEADS]
    assert all("And so on." in text for text in left(*lines))


def test_titles_of_slides_are_no_furniture() -> None:
    steps = [f"Step {number}\n{text}" for number, text in enumerate(HEADS, start=1)]
    same = [f"Results\n{text}" for text in HEADS]
    for texts in (steps, same):
        titles = [Block(BlockKind.HEADING, 0, text.index("\n"), 1) for text in texts]
        pages = [
            Page(number, text, (title,))
            for number, (text, title) in enumerate(zip(texts, titles, strict=True), start=1)
        ]
        assert bodies_of(pages) == texts


def test_a_heading_that_tells_how_many_pages_there_are_is_none() -> None:
    texts = [f"Page {number} of 5\n{text}" for number, text in enumerate(HEADS, start=1)]
    blocks = (Block(BlockKind.HEADING, 0, 11, 1),)
    pages = [Page(number, text, blocks) for number, text in enumerate(texts, start=1)]
    assert bodies_of(pages) == list(HEADS)


def test_one_page_alone_keeps_all_it_has() -> None:
    assert left("Page 1 of 1\nSales rose.\n1") == ["Page 1 of 1\nSales rose.\n1"]


@given(st.lists(st.text(alphabet="ab 12\n", max_size=30), max_size=8))
def test_a_body_is_a_part_of_its_page(texts: list[str]) -> None:
    pages = [Page(number, text) for number, text in enumerate(texts, start=1)]
    for page, (start, end) in zip(pages, bodies(pages), strict=True):
        assert 0 <= start <= end <= len(page.text)
