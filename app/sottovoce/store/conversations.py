"""Conversations in the database: the list of chats, their drafts, and the end of those deleted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import apsw

from sottovoce.domain.conversation import Conversation
from sottovoce.domain.document import Scope
from sottovoce.domain.problems import Missing
from sottovoce.store import json_column, moments, search

Row = tuple[int, str, int, int, int | None, str | None]


def create(connection: apsw.Connection, title: str) -> Conversation:
    """Make an empty conversation and return it."""
    made = connection.execute(
        """
        INSERT INTO conversations (title, created, updated) VALUES (:title, :now, :now)
        RETURNING id, title, created, updated, leaf, scope
        """,
        {"title": title, "now": moments.now()},
    ).get
    return from_row(cast(Row, made))


def get(connection: apsw.Connection, conversation: int) -> Conversation:
    """Return one conversation. Raises Missing if it is not there or was deleted."""
    row = connection.execute(
        """
        SELECT id, title, created, updated, leaf, scope FROM conversations
        WHERE id = :id AND deleted IS NULL
        """,
        {"id": conversation},
    ).fetchone()
    if row is None:
        raise Missing("This chat is not here any more.")
    return from_row(cast(Row, row))


def is_there(connection: apsw.Connection, conversation: int) -> bool:
    """Whether there is such a row, deleted or not."""
    rows = connection.execute("SELECT 1 FROM conversations WHERE id = :id", {"id": conversation})
    return rows.fetchone() is not None


def listed(connection: apsw.Connection) -> list[Conversation]:
    """Those a list shows, newest first: neither deleted nor empty."""
    rows = connection.execute(
        """
        SELECT id, title, created, updated, leaf, scope FROM conversations
        WHERE deleted IS NULL
          AND (leaf IS NOT NULL OR id IN (SELECT conversation FROM drafts))
        ORDER BY updated DESC, id DESC
        """
    )
    return [from_row(cast(Row, row)) for row in rows]


def rename(connection: apsw.Connection, conversation: int, title: str) -> None:
    """Give a conversation another title."""
    connection.execute(
        "UPDATE conversations SET title = :title WHERE id = :id",
        {"title": title, "id": conversation},
    )


def keep_scope(connection: apsw.Connection, conversation: int, scope: Scope) -> None:
    """Keep which documents a conversation is answered from."""
    connection.execute(
        "UPDATE conversations SET scope = :scope WHERE id = :id",
        {"scope": json_column.write(scope), "id": conversation},
    )


def show(connection: apsw.Connection, conversation: int, leaf: int) -> None:
    """Make `leaf` the end of the shown branch."""
    connection.execute(
        "UPDATE conversations SET leaf = :leaf WHERE id = :id", {"leaf": leaf, "id": conversation}
    )


def extend(connection: apsw.Connection, conversation: int, message: int) -> None:
    """Show the newest message, and remember when it came."""
    connection.execute(
        """
        UPDATE conversations
        SET leaf = :message, updated = (SELECT created FROM messages WHERE id = :message)
        WHERE id = :id
        """,
        {"message": message, "id": conversation},
    )


def mark_deleted(connection: apsw.Connection, conversation: int, moment: int | None) -> None:
    """Hide a conversation since `moment`; None brings it back."""
    connection.execute(
        "UPDATE conversations SET deleted = :moment WHERE id = :id",
        {"moment": moment, "id": conversation},
    )


def purge(connection: apsw.Connection, older_than: timedelta) -> bool:
    """Remove for good what was deleted that long ago; return whether there was any."""
    limit = moments.now() - older_than // timedelta(microseconds=1)
    rows = connection.execute(
        "SELECT id FROM conversations WHERE deleted <= :limit", {"limit": limit}
    )
    due = [cast(int, number) for (number,) in rows]
    remove(connection, due)
    return bool(due)


def expired(connection: apsw.Connection, older_than: timedelta) -> list[int]:
    """Those whose last message, in whatever branch, is older than this; deleted or not."""
    limit = moments.now() - older_than // timedelta(microseconds=1)
    rows = connection.execute(
        """
        SELECT id FROM conversations WHERE :limit >= coalesce(
            (SELECT max(created) FROM messages WHERE conversation = conversations.id), created
        )
        """,
        {"limit": limit},
    )
    return [cast(int, number) for (number,) in rows]


def remove(connection: apsw.Connection, due: Sequence[int]) -> None:
    """Remove conversations for good, with all that belongs to them."""
    for conversation in due:
        search.forget_conversation(connection, conversation)
        connection.execute("DELETE FROM conversations WHERE id = :id", {"id": conversation})


def draft(connection: apsw.Connection, conversation: int | None) -> str:
    """Return what was typed but not sent, in a conversation or (None) before there is one."""
    text = connection.execute(
        "SELECT text FROM drafts WHERE conversation IS :id", {"id": conversation}
    ).get
    return cast(str, text or "")


def keep_draft(connection: apsw.Connection, conversation: int | None, text: str) -> None:
    """Keep what was typed but not sent in place of what was kept before."""
    connection.execute("DELETE FROM drafts WHERE conversation IS :id", {"id": conversation})
    if text:
        connection.execute(
            "INSERT INTO drafts (conversation, text) VALUES (:id, :text)",
            {"id": conversation, "text": text},
        )


def from_row(row: Row) -> Conversation:
    """Return the conversation a row tells of."""
    number, title, created, updated, leaf, scope = row
    return Conversation(
        number,
        title,
        moments.from_column(created),
        moments.from_column(updated),
        leaf,
        Scope() if scope is None else json_column.read(Scope, scope),
    )
