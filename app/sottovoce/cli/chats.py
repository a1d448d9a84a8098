"""`chats`: what is kept, listed, shown, searched, exported and deleted."""

import argparse
import sys
from collections.abc import Callable

from sottovoce.chat.attached import forget_orphans
from sottovoce.chat.export import conversation_values, export, message_values
from sottovoce.chat.quoting import lines, with_marks
from sottovoce.cli.session import Parts, opened
from sottovoce.cli.terminal import tell, visible, write, write_json
from sottovoce.domain.conversation import Conversation, Role
from sottovoce.store.store import Store
from sottovoce.system.audit import Audit, Event
from sottovoce.system.paths import Profile


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what was asked for with the chats that are kept; Refused where nothing gives the key."""
    actions: dict[str, Callable[[argparse.Namespace, Store, Profile], None]] = {
        "list": _list,
        "show": _show,
        "search": _search,
        "export": _export,
        "delete": _delete,
    }
    with opened(parts) as (store, documents):
        actions[arguments.action](arguments, store, parts.profile)
        if arguments.action == "delete" and parts.profile.documents.exists():
            with documents() as library:
                forget_orphans(store, library)


def _list(arguments: argparse.Namespace, store: Store, _: Profile) -> None:
    conversations = store.conversations()
    if arguments.json:
        write_json({"chats": [conversation_values(c) for c in conversations]}, indent=2)
        return
    if not conversations:
        tell('There are no chats yet. Begin one with: sottovoce ask "…"')
    for conversation in conversations:
        write(f"{conversation.id:>6}  {_day(conversation)}  {_line(conversation.title)}\n")


def _show(arguments: argparse.Namespace, store: Store, profile: Profile) -> None:
    _check_leaves(arguments, profile)
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


def _search(arguments: argparse.Namespace, store: Store, profile: Profile) -> None:
    _check_leaves(arguments, profile)
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


def _check_leaves(arguments: argparse.Namespace, profile: Profile) -> None:
    """Raise Refused where a program or a file would get what may not leave."""
    if arguments.json or not sys.stdout.isatty():
        profile.policy.check_export()


def _export(arguments: argparse.Namespace, store: Store, profile: Profile) -> None:
    profile.policy.check_export()
    conversation = store.conversation(arguments.id)
    Audit(profile).note(Event.CHAT_EXPORTED, form=arguments.format)
    write(export(conversation, store.messages(conversation.id), arguments.format))


def _delete(arguments: argparse.Namespace, store: Store, profile: Profile) -> None:
    store.remove(arguments.id)
    Audit(profile).note(Event.CHAT_REMOVED, count=1)


def _day(conversation: Conversation) -> str:
    return conversation.updated.astimezone().strftime("%Y-%m-%d %H:%M")


def _line(text: str) -> str:
    return visible(" ".join(text.split()))
