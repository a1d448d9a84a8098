"""Chats that are in memory alone, with numbers that no kept chat ever has."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import apsw

from sottovoce.domain.conversation import FIRST_TEMPORARY
from sottovoce.domain.document import Scope, Sources
from sottovoce.store import conversations, json_column, migrations, search
from sottovoce.store.database import Database, open_database

_COLUMNS = "role, text, state, created, model, finish, usage, timings"


def open_temporary() -> Database:
    """Return an empty database in memory, whose numbers begin where those of temporary chats do."""
    database = open_database(None, b"", migrations.released("chats"), what="chats")
    with database.writing() as connection:
        # Written here once, they are where SQLite goes on counting.
        connection.executemany(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
            [(table, FIRST_TEMPORARY - 1) for table in ("conversations", "messages")],
        )
    return database


def keep(
    source: apsw.Connection,
    target: apsw.Connection,
    conversation: int,
    *,
    into: int,
    scope: Scope,
    documents: Mapping[int, int],
) -> None:
    """Copy a temporary chat with all its branches into an empty one that is kept.

    `documents` says which number each of its own documents has from now on.
    """
    temporary = conversations.get(source, conversation)
    conversations.rename(target, into, temporary.title)
    conversations.keep_scope(target, into, scope)
    conversations.keep_draft(target, into, conversations.draft(source, conversation))
    numbers: dict[object, int] = {}
    rows = source.execute(
        f"SELECT id, parent, sources, {_COLUMNS} FROM messages WHERE conversation = ? ORDER BY id",  # noqa: S608  Our own columns.
        (conversation,),
    )
    for number, parent, sources, *columns in rows:
        kept_sources = None
        if sources is not None:
            read = json_column.read(Sources, cast(str, sources))
            kept_sources = json_column.write(_renumbered(read, documents))
        target.execute(
            f"INSERT INTO messages (conversation, parent, sources, {_COLUMNS}) "  # noqa: S608  As above.
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (into, numbers.get(parent), kept_sources, *columns),
        )
        numbers[number] = target.last_insert_rowid()
        search.learn(target, numbers[number], cast(str, columns[1]))
    if temporary.leaf is not None:
        conversations.extend(target, into, numbers[temporary.leaf])


def _renumbered(sources: Sources, documents: Mapping[int, int]) -> Sources:
    """The same, which leads to documents by the numbers they have now."""
    return replace(
        sources,
        passages=tuple(
            replace(each, document=documents.get(each.document, each.document))
            for each in sources.passages
        ),
        citations=tuple(
            replace(each, document=documents.get(each.document, each.document))
            for each in sources.citations
        ),
        whole=tuple(documents.get(each, each) for each in sources.whole),
    )
