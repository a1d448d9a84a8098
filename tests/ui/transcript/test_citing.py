from pathlib import Path

import pytest

from sottovoce.chat.quoting import with_sources
from sottovoce.domain.document import Citation, Sources, Span, Statement, Support
from sottovoce.ui.chat.transcript.citing import JOINER, cited, doubt_at
from sottovoce.ui.chat.transcript.markdown import Paragraph, parse


def _citation(number: int) -> Citation:
    return Citation(number, 1, Path("/lease.pdf"), "", Span(3, 0, 5), "Quote\nof it", pages=9)


def _sources(text: str, *stated: tuple[str, Support, tuple[int, ...]]) -> Sources:
    """The statements of a text, each given by its words."""
    statements = tuple(
        Statement(text.index(words), text.index(words) + len(words), support, numbers)
        for words, support, numbers in stated
    )
    numbers = sorted({number for _, _, numbers in stated for number in numbers})
    return Sources(citations=tuple(map(_citation, numbers)), statements=statements)


def _read(text: str, *stated: tuple[str, Support, tuple[int, ...]]) -> list[str]:
    blocks = cited(parse(text), text, _sources(text, *stated))
    return [block.text.replace(JOINER, "") for block in blocks]


@pytest.mark.parametrize(
    ("text", "statement", "shown"),
    [
        ("It is so. More.", "It is so.", ["It is so.[1] More."]),
        ("It **is so.** More.", "It **is so.**", ["It is so.[1] More."]),
        ("It **is so.** More.", "It **is so.", ["It is so.[1] More."]),
        ("It is so.\nMore.", "It is so.\n", ["It is so.[1]\nMore."]),
        ("See [it](http://a.b/c?d=e). More.", "See [it](http://a.b/c?d=e).", ["See it.[1] More."]),
        ("A &amp; B \\* C. More.", "A &amp; B \\* C.", ["A & B * C.[1] More."]),
        ("- one\n- two\n\nEnd.", "- two", ["one", "two[1]", "End."]),
        ("1. one\n2. two", "2. two", ["one", "two[1]"]),
        ("> It is so. Yes.", "It is so.", ["It is so.[1] Yes."]),
        ("| a | b |\n|-|-|\n| c | d |", "| c |", ["a\tb\nc[1]\td"]),
        ("# Head\n\nIt is so.", "It is so.", ["Head", "It is so.[1]"]),
        ("Ist so. 是的。好。", "是的。", ["Ist so. 是的。[1]好。"]),
        ("`code is it`. More.", "`code is it`.", ["code is it.[1] More."]),
    ],
)
def test_a_mark_stands_where_its_statement_ends(
    text: str, statement: str, shown: list[str]
) -> None:
    assert _read(text, (statement, Support.SUPPORTED, (1,))) == shown


def test_the_same_words_are_marked_where_they_were_meant() -> None:
    text = "Yes. No. Yes. No."
    sources = Sources(
        citations=(_citation(1),), statements=(Statement(9, 13, Support.SUPPORTED, (1,)),)
    )
    (block,) = cited(parse(text), text, sources)
    assert block.text == f"Yes. No. Yes.{JOINER}[1] No."


def test_code_stays_as_it_is() -> None:
    text = "```\nx = 1.\n```"
    assert _read(text, ("x = 1.", Support.SUPPORTED, (1,))) == ["x = 1."]


def test_a_mark_without_a_citation_is_not_shown() -> None:
    text = "It is so."
    statement = Statement(0, len(text), Support.SUPPORTED, (7,))
    blocks = parse(text)
    assert cited(blocks, text, Sources(statements=(statement,))) == blocks


def test_doubts_cover_just_the_words_they_are_about() -> None:
    text = "All is well. The *moon* is cheese. He said “never”."
    blocks = cited(
        parse(text),
        text,
        _sources(
            text,
            ("The *moon* is cheese.", Support.UNSUPPORTED, ()),
            ("“never”", Support.MISQUOTED, ()),
        ),
    )
    (block,) = blocks
    assert isinstance(block.content, Paragraph)
    said = {
        doubt: "".join(span.text for span in block.content.spans if span.doubt is doubt)
        for doubt in (None, Support.UNSUPPORTED, Support.MISQUOTED)
    }
    assert said == {
        None: "All is well.  He said .",
        Support.UNSUPPORTED: "The moon is cheese.",
        Support.MISQUOTED: "“never”",
    }
    assert doubt_at(block, block.text.index("cheese")) is Support.UNSUPPORTED
    assert doubt_at(block, 0) is None


def test_a_reply_is_copied_with_the_list_of_its_sources() -> None:
    text = "It is **so.** More."
    copied = with_sources(text, _sources(text, ("It is **so.**", Support.SUPPORTED, (1,))))
    assert copied == "It is **so.** [1] More.\n\n[1] lease, page 3: “Quote of it”"
