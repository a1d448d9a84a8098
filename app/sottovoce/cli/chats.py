"""`chats`: what is kept, listed, shown, searched, exported and deleted."""

import argparse
from collections.abc import Callable

from sottovoce.chat.attached import forget_orphans
from sottovoce.chat.export import conversation_values, export, message_values
from sottovoce.chat.quoting import lines, with_marks
from sottovoce.cli.session import Parts, opened
from sottovoce.cli.terminal import tell, visible, write, write_json
from sottovoce.domain.conversation import Conversation, Role
from sottovoce.store.store import Store


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what was asked for with the chats that are kept; Refused where nothing gives the key."""
    actions: dict[str, Callable[[argparse.Namespace, Store], None]] = {
        "list": _list,
        "show": _show,
        "search": _search,
        "export": _export,
        "delete": _delete,
    }
    with opened(parts) as (store, documents):
        actions[arguments.action](arguments, store)
        if arguments.action == "delete" and parts.profile.documents.exists():
            with documents() as library:
                forget_orphans(store, library)


def _list(arguments: argparse.Namespace, store: Store) -> None:
    conversations = store.conversations()
    if arguments.json:
        write_json({"chats": [conversation_values(c) for c in conversations]}, indent=2)
        return
    if not conversations:
        tell('There are no chats yet. Begin one with: sottovoce ask "…"')
    for conversation in conversations:
        write(f"{conversation.id:>6}  {_day(conversation)}  {_line(conversation.title)}\n")


def _show(arguments: argparse.Namespace, store: Store) -> None:
    conversation = store.conversation(arguments.id)
    messages = store.messages(conversation.id)
    if arguments.json:
        values = conversation_values(conversation)
        write_json(values | {"messages": [message_values(m) for m in messages]}, indent=2)
        return
    write(f"{_line(conversation.title)}\n")
    for message in messages:
        speaker = "You" if message.role is Role.USER else message.model
        write(f"\n{speaker}:\n{with_marks(message.text, message.sources).rstrip()}\n")
        if message.sources:
            write("".join(f"{line}\n" for line in lines(message.sources.citations)))


def _search(arguments: argparse.Namespace, store: Store) -> None:
    hits = store.search(arguments.text, limit=arguments.limit)
    if arguments.json:
        results = [
            {
                "chat": hit.conversation.id,
                "title": hit.conversation.title,
                "message": hit.message,
                "excerpt": hit.excerpt,
                "start": hit.start,
                "length": hit.length,
            }
            for hit in hits
        ]
        write_json({"results": results}, indent=2)
        return
    if not hits:
        tell("No chat holds these words.")
    for hit in hits:
        write(f"{hit.conversation.id:>6}  {_line(hit.conversation.title)}\n")
        if hit.message is not None:
            write(f"        {_line(hit.excerpt)}\n")


def _export(arguments: argparse.Namespace, store: Store) -> None:
    conversation = store.conversation(arguments.id)
    write(export(conversation, store.messages(conversation.id), arguments.format))


def _delete(arguments: argparse.Namespace, store: Store) -> None:
    store.remove(arguments.id)


def _day(conversation: Conversation) -> str:
    return conversation.updated.astimezone().strftime("%Y-%m-%d %H:%M")


def _line(text: str) -> str:
    return visible(" ".join(text.split()))
