"""Collections and the folders in them, as rows."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import apsw

from sottovoce.domain.document import Collection, Folder
from sottovoce.domain.problems import Missing, Refused
from sottovoce.store import moments


def new_collection(
    connection: apsw.Connection, name: str, embedding: str, conversation: int | None = None
) -> int:
    """An empty collection: its number. Raises Refused if another has this name."""
    if conversation is None:
        _check_free(connection, name)
    connection.execute(
        "INSERT INTO collections (name, conversation, embedding, created) VALUES (?, ?, ?, ?)",
        (name, conversation, embedding, moments.now()),
    )
    return connection.last_insert_rowid()


def rename(connection: apsw.Connection, collection: int, name: str) -> None:
    """Raises Refused if another has this name."""
    _check_free(connection, name, but=collection)
    connection.execute("UPDATE collections SET name = ? WHERE id = ?", (name, collection))


def _check_free(connection: apsw.Connection, name: str, but: int = 0) -> None:
    taken = connection.execute(
        "SELECT 1 FROM collections WHERE name = ? AND conversation IS NULL AND id <> ?",
        (name, but),
    ).get
    if taken:
        raise Refused("There is a collection of this name. Choose another name.")


def collections(connection: apsw.Connection) -> list[Collection]:
    """All, by name; those of chats come last."""
    return list(_collections(connection, None))


def collection(connection: apsw.Connection, number: int) -> Collection:
    """Raises Missing."""
    for found in _collections(connection, number):
        return found
    raise Missing("This collection is not here any more.")


def named(connection: apsw.Connection, name: str) -> int | None:
    """The collection of its own that has this name."""
    return cast(
        int | None,
        connection.execute(
            "SELECT id FROM collections WHERE name = ? AND conversation IS NULL", (name,)
        ).get,
    )


def of_conversation(connection: apsw.Connection, conversation: int) -> int | None:
    """The collection that is for this chat alone."""
    return cast(
        int | None,
        connection.execute(
            "SELECT id FROM collections WHERE conversation = ?", (conversation,)
        ).get,
    )


def _collections(connection: apsw.Connection, number: int | None) -> Iterator[Collection]:
    rows = connection.execute(
        """
        SELECT c.id, c.name, c.embedding, c.created, coalesce(c.next_embedding, ''),
            c.conversation, count(d.id), coalesce(sum(d.state = 'waiting'), 0),
            coalesce(sum(k.passages > coalesce((
                SELECT sum(v.passages) FROM vectors v
                WHERE v.content = k.id AND v.model = coalesce(c.next_embedding, c.embedding)
            ), 0)), 0),
            coalesce(sum(d.state = 'failed'), 0), coalesce(sum(k.pages), 0),
            coalesce(sum(k.passages), 0), coalesce(sum(d.size), 0)
        FROM collections c
        LEFT JOIN documents d ON d.collection = c.id
        LEFT JOIN contents k ON k.id = d.content
        WHERE :number IS NULL OR c.id = :number
        GROUP BY c.id ORDER BY c.conversation IS NOT NULL, c.name COLLATE NOCASE
        """,
        {"number": number},
    )
    for row in cast(
        Iterator[tuple[int, str, str, int, str, int | None, int, int, int, int, int, int, int]],
        rows,
    ):
        yield Collection(row[0], row[1], row[2], moments.from_column(row[3]), *row[4:])


def remove(connection: apsw.Connection, collection: int) -> None:
    """Remove a collection. What its documents said is left to be forgotten."""
    connection.execute("DELETE FROM collections WHERE id = ?", (collection,))


def choose_embedding(connection: apsw.Connection, collection: int, model: str) -> None:
    """Let another embedding model take the place of the one there is, once its vectors are here."""
    connection.execute(
        "UPDATE collections SET next_embedding = nullif(?, embedding) WHERE id = ?",
        (model, collection),
    )


def change_embeddings(connection: apsw.Connection) -> bool:
    """Search collections by their next embedding model where all vectors are there.

    Whether there was any.
    """
    connection.execute(
        """
        UPDATE collections SET embedding = next_embedding, next_embedding = NULL
        WHERE next_embedding IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM documents d JOIN contents k ON k.id = d.content
            WHERE d.collection = collections.id AND k.passages > coalesce((
                SELECT sum(v.passages) FROM vectors v
                WHERE v.content = k.id AND v.model = collections.next_embedding
            ), 0)
        )
        """
    )
    return connection.changes() > 0


# Folders.


def add_folder(
    connection: apsw.Connection, collection: int, path: Path, *, mount: Path, is_watched: bool
) -> int:
    """The folder, which may be there already."""
    connection.execute(
        """
        INSERT INTO folders (collection, path, mount, is_watched) VALUES (?, ?, ?, ?)
        ON CONFLICT (collection, path) DO UPDATE SET
            mount = excluded.mount, is_watched = excluded.is_watched, trouble = ''
        """,
        (collection, os.fsencode(path), os.fsencode(mount), is_watched),
    )
    return cast(
        int,
        connection.execute(
            "SELECT id FROM folders WHERE collection = ? AND path = ?",
            (collection, os.fsencode(path)),
        ).get,
    )


def folders(connection: apsw.Connection) -> list[Folder]:
    """All, in the order they were added."""
    rows = connection.execute(
        "SELECT id, collection, path, is_watched, trouble FROM folders ORDER BY id"
    )
    return [
        Folder(number, collection, Path(os.fsdecode(path)), bool(is_watched), trouble)
        for number, collection, path, is_watched, trouble in cast(
            Iterator[tuple[int, int, bytes, int, str]], rows
        )
    ]


def mount(connection: apsw.Connection, folder: int) -> Path:
    """Where the file system that a folder is on was mounted when it was added. Raises Missing."""
    row = connection.execute("SELECT mount FROM folders WHERE id = ?", (folder,)).get
    if row is None:
        raise Missing("This folder is not in the collection any more.")
    return Path(os.fsdecode(cast(bytes, row)))


def note_trouble(connection: apsw.Connection, folder: int, trouble: str) -> None:
    """Keep why a folder cannot be looked into; an empty sentence if it can."""
    connection.execute("UPDATE folders SET trouble = ? WHERE id = ?", (trouble, folder))


def watch_folder(connection: apsw.Connection, folder: int, *, is_watched: bool) -> None:
    """Keep whether what happens in a folder is followed."""
    connection.execute("UPDATE folders SET is_watched = ? WHERE id = ?", (is_watched, folder))


def remove_folder(connection: apsw.Connection, folder: int) -> None:
    """Remove a folder. What its documents said is left to be forgotten."""
    connection.execute("DELETE FROM documents WHERE folder = ?", (folder,))
    connection.execute("DELETE FROM folders WHERE id = ?", (folder,))
