import json
from datetime import UTC, datetime

from sottovoce.chat.export import Format, export
from sottovoce.domain.conversation import Conversation, Message, Role, State
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
