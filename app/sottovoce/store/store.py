"""The store as the rest of Sottovoce sees it."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sottovoce.domain.conversation import FIRST_TEMPORARY, Conversation, Hit, Message, State
from sottovoce.domain.document import Scope, Sources
from sottovoce.domain.problems import Missing
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.domain.settings import Settings
from sottovoce.domain.text import encodable
from sottovoce.store import (
    conversations,
    messages,
    migrations,
    moments,
    search,
    settings,
    temporary,
)
from sottovoce.store.database import Database, open_database
from sottovoce.system.processes import is_running, own_identity


def open_store(path: Path | None, key: bytes) -> "Store":
    """Return the store at `path` under `key` (48 bytes); with None, one forgotten when closed.

    Raises Refused if the key is another store's or the place may not be written, Damaged, NoRoom,
    Interrupted if another process keeps it busy, and Unsupported if a newer Sottovoce made it.
    """
    return Store(open_database(path, key, migrations.released("chats"), what="chats"))


class Store:
    """Conversations and settings. Any thread may call; a change is on disk when the call returns.

    Every method may raise Damaged, NoRoom, Interrupted or Refused, as a disk may fail at any time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._temporary: Database | None = None
        """Chats that are in memory alone, once there was one."""
        self._owner = own_identity()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._temporary is not None:
            self._temporary.close()
        self._database.close()

    def _of(self, number: int | None) -> Database:
        """Where the conversation or message of this number is."""
        if number is None or number < FIRST_TEMPORARY:
            return self._database
        if self._temporary is None:
            raise Missing("This temporary chat is gone.")
        return self._temporary

    # Conversations.

    def new_conversation(self, title: str = "") -> Conversation:
        """Return an empty conversation. It is listed once it has a message or a draft."""
        with self._database.writing() as connection:
            return conversations.create(connection, encodable(title))

    def new_temporary(self) -> Conversation:
        """Return an empty conversation in memory alone, which no list and no search shows."""
        if self._temporary is None:
            self._temporary = temporary.open_temporary()
        with self._temporary.writing() as connection:
            return conversations.create(connection, "")

    def temporary_conversations(self) -> list[Conversation]:
        """Return those in memory alone that are neither deleted nor empty, newest first."""
        if self._temporary is None:
            return []
        with self._temporary.reading() as connection:
            return conversations.listed(connection)

    def forget_temporary(self, conversation: int) -> None:
        """Forget what is in memory alone."""
        with self._of(conversation).writing() as connection:
            conversations.remove(connection, [conversation])

    def keep_temporary(
        self, conversation: int, *, into: int, scope: Scope, documents: Mapping[int, int]
    ) -> Conversation:
        """Keep a temporary conversation as `into`, an empty one, and return that.

        It is answered from `scope` from now on; `documents` says which number each of its own
        documents has now. The temporary one stays until it is forgotten. Raises Missing.
        """
        with self._of(conversation).reading() as source, self._database.writing() as target:
            temporary.keep(
                source, target, conversation, into=into, scope=scope, documents=documents
            )
            return conversations.get(target, into)

    def conversation(self, conversation: int) -> Conversation:
        """Return one conversation. Raises Missing if it is not there or was deleted."""
        with self._of(conversation).reading() as connection:
            return conversations.get(connection, conversation)

    def has_conversation(self, conversation: int) -> bool:
        """Whether it is there, or was deleted and can still be brought back."""
        with self._of(conversation).reading() as connection:
            return conversations.is_there(connection, conversation)

    def conversations(self) -> list[Conversation]:
        """Return all that are neither deleted nor empty, newest first."""
        with self._database.reading() as connection:
            return conversations.listed(connection)

    def rename(self, conversation: int, title: str) -> None:
        with self._of(conversation).writing() as connection:
            conversations.rename(connection, conversation, encodable(title))

    def keep_scope(self, conversation: int, scope: Scope) -> None:
        """Keep which documents a conversation is answered from."""
        with self._of(conversation).writing() as connection:
            conversations.keep_scope(connection, conversation, scope)

    def delete(self, conversation: int) -> None:
        """Hide a conversation everywhere; `restore` brings it back until it is purged.

        Of temporary ones only the last can be brought back: this purges the others.
        """
        with self._of(conversation).writing() as connection:
            if conversation >= FIRST_TEMPORARY:
                conversations.purge(connection, timedelta())
            conversations.mark_deleted(connection, conversation, moments.now())

    def remove(self, conversation: int) -> None:
        """Remove one conversation for good, to the last trace in the file, as `purge_deleted` does.

        Raises Missing if it is not there or was deleted.
        """
        with self._database.writing() as connection:
            conversations.get(connection, conversation)
            conversations.remove(connection, [conversation])
            search.compact(connection)
        self._database.checkpoint()

    def restore(self, conversation: int) -> None:
        with self._of(conversation).writing() as connection:
            conversations.mark_deleted(connection, conversation, None)

    def purge_deleted(self, older_than: timedelta) -> None:
        """Remove for good, to the last trace in the file, what was deleted longer ago than this.

        If there is any, it takes about a second for every 20,000 messages that stay.
        """
        with self._database.writing() as connection:
            was_any = conversations.purge(connection, older_than)
            if was_any:
                search.compact(connection)
        if was_any:
            self._database.checkpoint()

    def remove_expired(self, older_than: timedelta) -> int:
        """Remove for good what is kept and had no message for as long; return how many chats.

        It takes as long as `purge_deleted` does.
        """
        with self._database.writing() as connection:
            due = conversations.expired(connection, older_than)
            conversations.remove(connection, due)
            if due:
                search.compact(connection)
        if due:
            self._database.checkpoint()
        return len(due)

    def draft(self, conversation: int | None) -> str:
        """Return what was typed but not sent; None stands for the chat that is not begun yet."""
        with self._of(conversation).reading() as connection:
            return conversations.draft(connection, conversation)

    def keep_draft(self, conversation: int | None, text: str) -> None:
        with self._of(conversation).writing() as connection:
            conversations.keep_draft(connection, conversation, encodable(text))

    # Messages.

    def messages(self, conversation: int) -> list[Message]:
        """Return the shown branch from root to leaf. Raises Missing if the conversation is gone."""
        with self._of(conversation).reading() as connection:
            leaf = conversations.get(connection, conversation).leaf
            return messages.branch(connection, conversation, leaf)

    def message(self, message: int) -> Message:
        """Return one message. Raises Missing."""
        with self._of(message).reading() as connection:
            return messages.get(connection, message)

    def say(self, conversation: int, text: str, parent: int | None) -> Message:
        """Keep the user's words after `parent` and show them. Raises Missing if either is gone."""
        with self._of(conversation).writing() as connection:
            number = messages.say(connection, conversation, encodable(text), parent)
            conversations.extend(connection, conversation, number)
            return messages.get(connection, number)

    def begin_reply(
        self, conversation: int, parent: int, model: str, sources: Sources | None = None
    ) -> Message:
        """Return an empty reply to `parent`, this process's own until finished. Raises Missing."""
        with self._of(conversation).writing() as connection:
            number = messages.begin_reply(
                connection,
                conversation,
                parent,
                model=model,
                owner=self._owner,
                sources=sources,
            )
            conversations.extend(connection, conversation, number)
            return messages.get(connection, number)

    def continue_reply(self, message: int) -> Message:
        """Return a reply that was cut short, being written by this process from where it ended.

        Raises Missing, and Unsupported if the reply is whole or is being written.
        """
        with self._of(message).writing() as connection:
            messages.continue_reply(connection, message, self._owner)
            continued = messages.get(connection, message)
            conversations.show(connection, continued.conversation, message)
            return continued

    def journal(self, message: int, text: str) -> None:
        """Keep the next words of a reply that is being written. Raises Missing if it is gone."""
        with self._of(message).writing() as connection:
            messages.journal(connection, message, text)

    def finish_reply(
        self,
        message: int,
        state: State,
        *,
        text: str,
        finish: Finish | None = None,
        usage: Usage | None = None,
        timings: Timings | None = None,
        sources: Sources | None = None,
    ) -> Message:
        """Keep a reply as it ended; `text` is all of it. Raises Missing if nobody writes it.

        Of the sources' passages only their places are kept; without sources, those it began with.
        """
        with self._of(message).writing() as connection:
            messages.finish_reply(
                connection,
                message,
                state,
                text=text,
                finish=finish,
                usage=usage,
                timings=timings,
                sources=sources,
            )
            return messages.get(connection, message)

    def show_branch(self, message: int) -> None:
        """Show the newest branch that goes through `message`. Raises Missing."""
        with self._of(message).writing() as connection:
            conversation = messages.get(connection, message).conversation
            leaf = messages.newest_below(connection, message)
            conversations.show(connection, conversation, leaf)

    def recover(self) -> list[Message]:
        """Return the replies whose process died while writing, kept now as interrupted."""
        with self._database.writing() as connection:
            lost = [
                message
                for message, owner in messages.being_written(connection)
                if not is_running(owner)
            ]
            for message in lost:
                messages.finish_reply(
                    connection,
                    message,
                    State.INTERRUPTED,
                    text=messages.get(connection, message).text,
                )
            return [messages.get(connection, message) for message in lost]

    # Finding, and settings.

    def search(self, text: str, limit: int = 50) -> list[Hit]:
        """Return where all words of `text` occur: titles first, then messages, newest first."""
        with self._database.reading() as connection:
            return search.find(connection, encodable(text), conversations.listed(connection), limit)

    def settings(self) -> Settings:
        """Return what was kept; whatever cannot be understood has its default."""
        with self._database.reading() as connection:
            return settings.read(connection)

    def keep_settings(self, values: Settings) -> None:
        with self._database.writing() as connection:
            settings.write(connection, values)
