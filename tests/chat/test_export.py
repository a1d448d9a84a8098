import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sottovoce.chat.export import Format, export
from sottovoce.domain.conversation import Conversation, Message, Role, State
from sottovoce.domain.document import Citation, Sources, Span, Statement, Support
from sottovoce.domain.reply import Finish, Timings, Usage

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CHAT = Conversation(7, "Tables & <b>bold</b>", NOON, NOON, leaf=2)
MESSAGES = [
    Message(1, 7, None, Role.USER, "Show <script>alert(1)</script>\nplease", State.COMPLETE, NOON),
    Message(
        2,
        7,
        1,
        Role.ASSISTANT,
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n<img src=http://x/y.png> ![z](http://x/z.png)",
        State.COMPLETE,
        NOON,
        model="Starter",
        finish=Finish.END,
        usage=Usage(10, 2, 30, 4096),
        timings=Timings(0.5, 0.1, 100.0, 40.0),
    ),
]


def test_markdown_names_the_speakers_and_keeps_the_words() -> None:
    text = export(CHAT, MESSAGES, Format.MARKDOWN)

    assert text.startswith("# Tables & <b>bold</b>\n\n## You\n\nShow <script>")
    assert "## Starter\n\n| a | b |" in text


def test_json_holds_everything_that_is_known_of_a_message() -> None:
    values = json.loads(export(CHAT, MESSAGES, Format.JSON))

    assert values["title"] == CHAT.title
    assert [m["text"] for m in values["messages"]] == [m.text for m in MESSAGES]
    assert values["messages"][1]["usage"]["generated"] == 30
    assert values["messages"][1]["created"] == "2026-11-01T12:00:00+00:00"


def test_html_shows_markup_as_text_and_fetches_nothing() -> None:
    page = export(CHAT, MESSAGES, Format.HTML)

    assert "<td>1</td>" in page
    assert "<script>" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page


SAYS = "It was built in 1998. It is blue."
CITED = replace(
    MESSAGES[1],
    text=SAYS,
    sources=Sources(
        citations=(
            Citation(
                1, 3, Path("/a/mill.pdf"), "Mill", Span(4, 7, 20), "built <in>\n1998", pages=9
            ),
        ),
        statements=(
            Statement(0, 21, Support.SUPPORTED, (1,)),
            Statement(22, 33, Support.UNSUPPORTED),
        ),
    ),
)


def test_markdown_names_the_sources_of_a_reply() -> None:
    text = export(CHAT, [CITED], Format.MARKDOWN)

    assert "It was built in 1998. [1] It is blue.\n\n[1] Mill, page 4: “built <in> 1998”\n" in text


def test_html_names_them_without_markup_of_theirs() -> None:
    page = export(CHAT, [CITED], Format.HTML)

    assert '<p class="source" dir="auto">[1] Mill, page 4: “built &lt;in&gt; 1998”</p>' in page


def test_json_holds_where_they_stand_and_what_is_not_borne_out() -> None:
    [message] = json.loads(export(CHAT, [CITED], Format.JSON))["messages"]

    [citation] = message["sources"]["citations"]
    assert citation == {
        "number": 1,
        "document": "/a/mill.pdf",
        "page": 4,
        "start": 7,
        "end": 20,
        "quote": "built <in>\n1998",
    }
    assert [each["support"] for each in message["sources"]["statements"]] == [
        "supported",
        "unsupported",
    ]
