from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.ui.chat.transcript.growing import Growing
from sottovoce.ui.chat.transcript.markdown import (
    LONGEST_PARAGRAPH,
    Block,
    Code,
    Container,
    Joint,
    Paragraph,
    Rule,
    Span,
    Table,
    closed,
    parse,
    typed,
)

FRAGMENTS = st.sampled_from(
    [
        "# heading\n",
        "some **bold** and `code`",
        "\n",
        "\n\n",
        "- item",
        "- item\n",
        "1. one\n",
        "7) seven\n",
        "  - nested\n",
        "   - deeper\n",
        "```py\n",
        "x = 1\n",
        "```\n",
        "~~~\n",
        "| a | b |\n",
        "|---|:-:|\n",
        "> quote\n",
        "---\n",
        "***",
        "plain text",
        "    indented\n",
        "[name]: http://x\n",
        "[name]",
        "===\n",
        "#",
        " ",
        "*",
        "`",
        "\t",
        "+ plus\n",
        "- [ ] task\n",
        "[link](https://x.org)",
        "https://x.org/a.",
        "<b>raw</b>",
        "\\*",
        "&amp;",
        "😀",
        "\r\n",
        "| 1 | 2 |\n" * 12,
        "long words and more. " * 400,
    ]
)


def test_a_long_table_below_empty_lines_grows_as_it_is() -> None:
    text = "\n  \n|---|:-:|\n|---|:-:|\n" + "| 1 | 2 |\n" * 20 + "# heading\n"
    growing = Growing()
    for line in text.splitlines(keepends=True):
        growing.grow(line)
    assert closed(growing.blocks) == parse(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=14).map("".join), st.data())
def test_a_text_that_grows_has_the_blocks_of_the_whole(text: str, data: st.DataObject) -> None:
    growing = Growing()
    shown: list[Block] = []
    at = 0
    while at < len(text):
        step = data.draw(st.integers(1, max(7, len(text) // 9)))
        kept = growing.grow(text[at : at + step])
        at += step
        assert growing.blocks[:kept] == shown[:kept]
        shown = growing.blocks
    assert closed(growing.blocks) == parse(text.removesuffix("\r"))


def test_growing_can_go_on_from_what_was_written() -> None:
    growing = Growing("# Title\n\n- one\n- tw")
    growing.grow("o\n\nEnd")
    assert growing.blocks == parse("# Title\n\n- one\n- two\n\nEnd")


def test_html_is_plain_text() -> None:
    text = '<script>alert(1)</script> <img src="x">'
    [block] = parse(text)
    assert block.content == Paragraph((Span(text),))


def test_an_image_is_its_description_and_address() -> None:
    [block] = parse("![a cat](https://evil.example/cat.png)")
    assert block.content == Paragraph((Span("a cat (https://evil.example/cat.png)"),))


def test_only_the_web_and_mail_are_links() -> None:
    [block] = parse(
        "[a](https://a.org) [b](javascript:alert(1)) [c](file:///etc/passwd) "
        "[d](mailto:d@d.org) [e](/etc/passwd) [f](//host/share) [g](ftp://g.org)"
    )
    assert isinstance(block.content, Paragraph)
    links = {span.link for span in block.content.spans}
    assert links == {"", "https://a.org", "mailto:d@d.org"}


def test_a_bare_address_is_a_link_without_the_full_stop_after_it() -> None:
    [block] = parse("See https://x.org/a_b?c=1.")
    assert block.content == Paragraph(
        (Span("See "), Span("https://x.org/a_b?c=1", link="https://x.org/a_b?c=1"), Span("."))
    )


def test_lists_keep_their_numbers_and_depth() -> None:
    blocks = parse("3. three\n3. four\n   - [x] done\n   - [ ] open\n")
    assert [(block.marker, block.text) for block in blocks] == [
        ("3.", "three"),
        ("4.", "four"),
        ("☑", "done"),
        ("☐", "open"),
    ]
    assert blocks[2].within == (Container.LIST, Container.LIST)


def test_a_code_block_in_an_item_is_code() -> None:
    blocks = parse("1. Do:\n   ```sh\n   ls  -la\n   ```\n")
    assert blocks[1].content == Code("ls  -la", "sh")
    assert blocks[1].within == (Container.LIST,)


def test_code_without_an_end_is_open_only_while_it_grows() -> None:
    text = "```py\nx = 1"
    [growing] = Growing(text).blocks
    [whole] = parse(text)
    assert growing.content == Code("x = 1", "py", is_open=True)
    assert whole.content == Code("x = 1", "py", is_open=False)


def test_tables_quotes_and_rules() -> None:
    table, quote, rule = parse("| a | b |\n|---|--:|\n| 1 | 2 |\n\n> said\n\n---")
    assert isinstance(table.content, Table)
    assert table.text == "a\tb\n1\t2"
    assert quote.within == (Container.QUOTE,)
    assert rule.content == Rule()


def test_typed_text_is_kept_line_by_line() -> None:
    blocks = typed("**a**\n\n  b\r\nc")
    assert [block.text for block in blocks] == ["**a**", "", "  b", "c"]


def test_nothing_of_a_very_long_paragraph_is_lost() -> None:
    text = "Some words, and **bold words** too. " * 900
    blocks = parse(text)
    assert len(blocks) > 2
    assert {block.joint for block in blocks[1:]} == {Joint.SAME}
    assert max(len(block.text) for block in blocks) <= LONGEST_PARAGRAPH
    assert "".join(block.text for block in blocks) == text.replace("*", "").strip()


def test_hostile_depth_ends_quickly_in_text() -> None:
    for text in (">" * 5_000, "- " * 5_000, "*" * 20_000, "[" * 20_000, "`" * 9_999):
        assert parse(text)
