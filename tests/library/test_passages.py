from hypothesis import given
from hypothesis import strategies as st

from sottovoce.domain.document import Block, BlockKind, Page
from sottovoce.library.passages import LONGEST, WANTED, embedded_text, passages

SENTENCE = "The committee met on Tuesday and decided to keep the old bridge open. "


def page_of(*parts: tuple[str, int], number: int = 1) -> Page:
    """A page of paragraphs (level 0) and headings."""
    text, blocks = "", []
    for part, level in parts:
        kind = BlockKind.HEADING if level else BlockKind.PARAGRAPH
        blocks.append(Block(kind, len(text), len(text) + len(part), level))
        text += part + "\n\n"
    return Page(number, text, tuple(blocks))


def test_a_short_page_is_one_passage() -> None:
    page = Page(3, "  Only this.\n")
    [(span, headings)] = passages([page])
    assert (span.page, page.text[span.start : span.end], headings) == (3, "Only this.", ())


def test_an_empty_page_has_no_passage() -> None:
    assert passages([Page(1, " \n\n ")]) == []


def test_a_passage_knows_the_headings_above_it_and_begins_with_its_own() -> None:
    page = page_of(("Costs", 1), ("Paper", 2), ("It is dear.", 0), ("Ink", 2), ("It is not.", 0))
    following = page_of(("Nor is water.", 0), ("Wages", 1), ("They rose.", 0), number=2)
    found = passages([page, following])
    assert [headings for _, headings in found] == [
        ("Costs", "Paper"),
        ("Costs", "Ink"),
        ("Costs", "Ink"),
        ("Wages",),
    ]
    first = found[0][0]
    assert page.text[first.start : first.end] == "Costs\n\nPaper\n\nIt is dear."


def test_a_heading_at_the_end_of_a_page_stands_with_what_follows_it() -> None:
    page = page_of(("It is dear.", 0), ("Ink", 1))
    [_, (span, headings)] = passages([page, page_of(("It is not.", 0), number=2)])
    assert (span.page, headings) == (2, ("Ink",))


def test_headings_with_nothing_below_them_are_found_all_the_same() -> None:
    pages = [page_of((title, 1), number=number) for number, title in enumerate("ABC", start=1)]
    assert [headings for _, headings in passages(pages)] == [("A",), ("B",), ("C",)]


def test_running_heads_and_page_numbers_are_in_no_passage() -> None:
    pages = [
        page_of((f"Page {number} of 2", 1), ("Costs", 1), (SENTENCE.strip(), 0), number=number)
        for number in (1, 2)
    ]
    found = passages(pages)
    assert [headings for _, headings in found] == [("Costs",), ("Costs",)]
    assert all(pages[at.page - 1].text[at.start :].startswith("Costs") for at, _ in found)


def test_a_long_text_is_cut_into_equal_parts_that_end_with_sentences() -> None:
    page = Page(1, SENTENCE * 60)
    found = [page.text[span.start : span.end] for span, _ in passages([page])]
    assert len(found) > 3
    assert all(text.endswith("open.") and text.startswith("The") for text in found)
    lengths = [len(text) for text in found]
    assert max(lengths) <= min(lengths) + 2 * len(SENTENCE)


def test_a_paragraph_is_kept_whole_rather_than_filled_up_with_the_next() -> None:
    paragraph = (SENTENCE * 10).strip()
    page = page_of((paragraph, 0), (paragraph, 0), (paragraph, 0))
    assert [page.text[span.start : span.end] for span, _ in passages([page])] == [paragraph] * 3


def test_a_text_without_sentences_or_spaces_is_cut_all_the_same() -> None:
    page = Page(1, "x" * 20_000)
    found = passages([page])
    assert sum(span.end - span.start for span, _ in found) == 20_000
    assert max(span.end - span.start for span, _ in found) <= 4 * LONGEST


def test_chinese_passages_are_shorter_as_each_sign_says_more() -> None:
    page = Page(1, "委员会星期二开会，决定保留旧桥。" * 60)
    found = passages([page])
    assert all(span.end - span.start <= 2 * WANTED for span, _ in found)


@given(st.text(alphabet="ab .\n。1\u0301", max_size=3000))
def test_passages_hold_every_word_once_and_in_order(text: str) -> None:
    found = [span for span, _ in passages([Page(1, text)])]
    assert [span.start for span in found] == sorted(span.start for span in found)
    assert "".join(text[span.start : span.end] for span in found).split() or not text.strip()
    kept = "".join("".join(text[span.start : span.end].split()) for span in found)
    assert kept == "".join(text.split())


def test_what_a_passage_stands_under_is_searched_with_it_and_only_once() -> None:
    assert embedded_text("Report", ("Costs", "Paper"), "Paper\nIt is dear.") == (
        "Report. Costs. Paper It is dear."
    )
    assert embedded_text("", (), "It is dear.") == "It is dear."


def test_a_word_broken_at_the_end_of_a_line_is_searched_as_one() -> None:
    assert embedded_text("", (), "the Verfas-\nsungsgericht in Anglo-\nAmerican law") == (
        "the Verfassungsgericht in Anglo-American law"
    )
    assert embedded_text("", (), "委员会星期\n二开会") == "委员会星期二开会"
