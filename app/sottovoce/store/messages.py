"""Messages in the database: a tree for every conversation, and the journal of replies under way."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import apsw
import msgspec

from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.document import Sources
from sottovoce.domain.problems import Missing, Unsupported
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.store import json_column, moments, search

Row = tuple[
    int, int, int | None, str, str, str, int, str, str | None, str | None, str | None, str | None
]
# Ten thousand messages are made at once: looking these up is much faster than calling the classes.
_ROLES: dict[str, Role] = {role.value: role for role in Role}
_STATES: dict[str, State] = {state.value: state for state in State}
_FINISHES: dict[str | None, Finish | None] = {None: None} | {end.value: end for end in Finish}
_usage = msgspec.json.Decoder(Usage)
_timings = msgspec.json.Decoder(Timings)


def get(connection: apsw.Connection, message: int) -> Message:
    """Return one message with its variants. Raises Missing."""
    row = connection.execute("SELECT * FROM readable WHERE id = :id", {"id": message}).fetchone()
    if row is None:
        raise Missing("This message is not here any more.")
    found = cast(Row, row)
    variants = connection.execute(
        """
        SELECT id FROM messages
        WHERE conversation = :conversation AND parent IS :parent
        ORDER BY id
        """,
        {"conversation": found[1], "parent": found[2]},
    )
    return from_row(found, tuple(cast(int, number) for (number,) in variants))


def branch(connection: apsw.Connection, conversation: int, leaf: int | None) -> list[Message]:
    """The messages from the root to `leaf`."""
    # Reading the whole tree at once is much faster than following ten thousand parents one by one.
    rows = connection.execute(
        "SELECT * FROM readable WHERE conversation = :id ORDER BY id", {"id": conversation}
    )
    tree: dict[int | None, Row] = {}
    variants: dict[int | None, tuple[int, ...]] = {}
    for row in cast(Iterator[Row], rows):
        number, parent = row[0], row[2]
        tree[number] = row
        variants[parent] = (*variants.get(parent, ()), number)
    shown = []
    while (at := tree.get(leaf)) is not None:
        leaf = at[2]
        shown.append(from_row(at, variants[leaf]))
    shown.reverse()
    return shown


def say(connection: apsw.Connection, conversation: int, text: str, parent: int | None) -> int:
    """Keep the user's words and return the number of their message."""
    made = connection.execute(
        """
        INSERT INTO messages (conversation, parent, role, text, state, created)
        VALUES (:conversation, :parent, :role, :text, :state, :now)
        RETURNING id
        """,
        {
            "conversation": conversation,
            "parent": parent,
            "role": Role.USER,
            "text": text,
            "state": State.COMPLETE,
            "now": moments.now(),
        },
    ).get
    message = cast(int, made)
    search.learn(connection, message, text)
    return message


def begin_reply(
    connection: apsw.Connection,
    conversation: int,
    parent: int,
    *,
    model: str,
    owner: str,
    sources: Sources | None = None,
) -> int:
    """Make an empty reply that `owner` writes, and return its number."""
    made = connection.execute(
        """
        INSERT INTO messages
            (conversation, parent, role, text, state, created, model, owner, sources)
        VALUES
            (:conversation, :parent, :role, '', :state, :now, :model, :owner, :sources)
        RETURNING id
        """,
        {
            "conversation": conversation,
            "parent": parent,
            "role": Role.ASSISTANT,
            "state": State.WRITING,
            "now": moments.now(),
            "model": model,
            "owner": owner,
            "sources": _column(sources),
        },
    ).get
    return cast(int, made)


def continue_reply(connection: apsw.Connection, message: int, owner: str) -> None:
    """Take the reply up again where it ended. Raises Unsupported if it had nothing more to say."""
    before = get(connection, message)
    was_cut = before.state in {State.STOPPED, State.INTERRUPTED}
    was_too_long = before.finish in {Finish.LENGTH, Finish.CONTEXT_FULL}
    if before.state is State.WRITING or not (was_cut or was_too_long):
        raise Unsupported("This reply cannot be continued. Ask for a new one instead.")
    search.forget(connection, message)
    connection.execute(
        """
        UPDATE messages
        SET state = :state, owner = :owner, finish = NULL, usage = NULL, timings = NULL
        WHERE id = :id
        """,
        {"state": State.WRITING, "owner": owner, "id": message},
    )


def journal(connection: apsw.Connection, message: int, text: str) -> None:
    """Keep the next words of a reply under way."""
    connection.execute(
        """
        INSERT INTO journal (message, number, text)
        VALUES (:id, (SELECT coalesce(max(number), 0) + 1 FROM journal WHERE message = :id), :text)
        """,
        {"id": message, "text": text},
    )


def finish_reply(
    connection: apsw.Connection,
    message: int,
    state: State,
    *,
    text: str,
    finish: Finish | None = None,
    usage: Usage | None = None,
    timings: Timings | None = None,
    sources: Sources | None = None,
) -> None:
    """Keep a reply as it ended. Raises Missing if it was not being written."""
    connection.execute(
        """
        UPDATE messages
        SET state = :state, text = :text, owner = NULL,
            finish = :finish, usage = :usage, timings = :timings,
            sources = coalesce(:sources, sources)
        WHERE id = :id AND owner IS NOT NULL
        """,
        {
            "id": message,
            "state": state,
            "text": text,
            "finish": finish,
            "usage": None if usage is None else msgspec.json.encode(usage).decode(),
            "timings": None if timings is None else msgspec.json.encode(timings).decode(),
            "sources": _column(sources),
        },
    )
    if connection.changes() == 0:
        raise Missing("The reply was finished elsewhere, or its chat is not here any more.")
    connection.execute("DELETE FROM journal WHERE message = :id", {"id": message})
    search.learn(connection, message, text)


def being_written(connection: apsw.Connection) -> list[tuple[int, str]]:
    """Every reply that is not finished, with the process that writes it."""
    rows = connection.execute("SELECT id, owner FROM messages WHERE owner IS NOT NULL ORDER BY id")
    return [cast(tuple[int, str], row) for row in rows]


def newest_below(connection: apsw.Connection, message: int) -> int:
    """The message itself, or the newest of all that follow from it."""
    newest = connection.execute(
        """
        WITH RECURSIVE below (id, conversation) AS (
            SELECT id, conversation FROM messages WHERE id = :id
            UNION ALL
            SELECT m.id, m.conversation FROM below b
            JOIN messages m ON m.conversation = b.conversation AND m.parent = b.id
        )
        SELECT max(id) FROM below
        """,
        {"id": message},
    ).get
    return cast(int, newest)


def from_row(row: Row, variants: tuple[int, ...]) -> Message:
    """Return the message a row of `readable` tells of."""
    number, conversation, parent, role, text, state, created, model = row[:8]
    finish, usage, timings, sources = row[8:]
    return Message(
        number,
        conversation,
        parent,
        _ROLES[role],
        text,
        _STATES[state],
        moments.from_column(created),
        model,
        _FINISHES[finish],
        None if usage is None else _usage.decode(usage),
        None if timings is None else _timings.decode(timings),
        variants,
        None if sources is None else json_column.read(Sources, sources),
    )


def _column(sources: Sources | None) -> str | None:
    """Sources as they are kept: only where passages stand, so that documents can be forgotten."""
    if sources is None:
        return None
    places = tuple(replace(passage, text="") for passage in sources.passages)
    return json_column.write(replace(sources, passages=places))
