"""A conversation as a file for other programs and for people."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import StrEnum
from html import escape

from sottovoce.chat import quoting
from sottovoce.domain.conversation import Conversation, Message, Role

_STYLE = """
body { font: 17px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem;
       color: #1b1c1f; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: .85rem; color: #666b73; margin: 2rem 0 .4rem }
.user { white-space: pre-wrap; background: #f1f2f5; border-radius: 14px; padding: .6rem .9rem }
.source { font-size: .85rem; color: #666b73; margin: .3rem 0 }
pre { background: #f6f7f9; border-radius: 10px; padding: .8rem 1rem; overflow-x: auto }
table { border-collapse: collapse } td, th { border: 1px solid #e3e5e9; padding: .3rem .7rem }
"""


class Format(StrEnum):
    """How an exported conversation is written. The value is what a user types."""

    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"

    @property
    def suffix(self) -> str:
        """The usual ending of such a file's name."""
        return ".md" if self is Format.MARKDOWN else f".{self}"


def export(conversation: Conversation, messages: Sequence[Message], form: Format) -> str:
    """The shown branch of a conversation as one text."""
    write: Callable[[Conversation, Sequence[Message]], str] = {
        Format.MARKDOWN: _markdown,
        Format.JSON: _json,
        Format.HTML: _html,
    }[form]
    return write(conversation, messages)


def message_values(message: Message) -> dict[str, object]:
    """A message as plain values, the same in every JSON this program writes."""
    return {
        "id": message.id,
        "parent": message.parent,
        "role": message.role,
        "text": message.text,
        "state": message.state,
        "created": message.created.isoformat(),
        "model": message.model or None,
        "finish": message.finish,
        "usage": asdict(message.usage) if message.usage else None,
        "timings": asdict(message.timings) if message.timings else None,
        "sources": quoting.values(message.sources) if message.sources else None,
    }


def conversation_values(conversation: Conversation) -> dict[str, object]:
    """A conversation as plain values, without its messages."""
    return {
        "id": conversation.id,
        "title": conversation.title,
        "created": conversation.created.isoformat(),
        "updated": conversation.updated.isoformat(),
    }


def _name(message: Message) -> str:
    return "You" if message.role is Role.USER else message.model or "Assistant"


def _sources(message: Message) -> list[str]:
    return quoting.lines(message.sources.citations) if message.sources else []


def _json(conversation: Conversation, messages: Sequence[Message]) -> str:
    values = conversation_values(conversation) | {"messages": [message_values(m) for m in messages]}
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def _markdown(conversation: Conversation, messages: Sequence[Message]) -> str:
    parts = [f"# {conversation.title}"]
    for message in messages:
        text = quoting.with_marks(message.text, message.sources)
        parts += [f"## {_name(message)}", text.rstrip(), *_sources(message)]
    return "\n\n".join(parts) + "\n"


def _html(conversation: Conversation, messages: Sequence[Message]) -> str:
    # Late: most starts of the program export nothing.
    from markdown_it import MarkdownIt

    # A reply is untrusted: its raw HTML is shown as text, and nothing in the page may be fetched.
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.disable("image")
    parts = [
        "<!doctype html>",
        '<html><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(conversation.title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(conversation.title)}</h1>",
    ]
    for message in messages:
        parts.append(f"<h2>{escape(_name(message))}</h2>")
        if message.role is Role.USER:
            parts.append(f'<div class="user" dir="auto">{escape(message.text)}</div>')
        else:
            text = quoting.with_marks(message.text, message.sources)
            parts.append(f'<div dir="auto">{markdown.render(text)}</div>')
            parts += [f'<p class="source" dir="auto">{escape(s)}</p>' for s in _sources(message)]
    return "\n".join([*parts, "</body></html>", ""])
