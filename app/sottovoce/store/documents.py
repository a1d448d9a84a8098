"""Documents, as rows: where they lie, and how far each is searchable."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import cast

import apsw

from sottovoce.domain.document import Document, DocumentState, Format, Scope
from sottovoce.domain.problems import Missing
from sottovoce.store import moments

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**63 - 1
"""Nanoseconds that a column can hold: until the year 2262."""


@dataclass(frozen=True, slots=True)
class File:
    """A file, by what the file system says about it."""

    path: Path
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened in a folder since its documents were looked at."""

    there: tuple[File, ...] = ()
    """Files that are new or have changed."""
    moved: tuple[tuple[int, File], ...] = ()
    """Documents whose file has another name now."""
    gone: tuple[int, ...] = ()
    """Documents whose file is not there any more."""

    @property
    def is_empty(self) -> bool:
        return not self.there and not self.moved and not self.gone


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is left to be done."""

    documents: int
    """Documents to be read."""
    size: int
    """Bytes of their files."""
    passages: int
    """Passages without vectors."""


def queue(connection: apsw.Connection, collection: int, file: File, folder: int | None) -> int:
    """Have a file read if it is new or has changed: the number of its document."""
    connection.execute(
        """
        INSERT INTO documents (collection, folder, path, size, modified, added, state)
        VALUES (:collection, :folder, :path, :size, :modified, :added, 'waiting')
        ON CONFLICT (collection, path) DO UPDATE SET
            state = iif(
                (size, modified) = (excluded.size, excluded.modified), state, 'waiting'
            ),
            trouble = iif((size, modified) = (excluded.size, excluded.modified), trouble, ''),
            size = excluded.size, modified = excluded.modified,
            folder = coalesce(folder, excluded.folder)
        """,
        {
            "collection": collection,
            "folder": folder,
            "path": os.fsencode(file.path),
            "size": file.size,
            "modified": file.modified,
            "added": moments.now(),
        },
    )
    return cast(
        int,
        connection.execute(
            "SELECT id FROM documents WHERE collection = ? AND path = ?",
            (collection, os.fsencode(file.path)),
        ).get,
    )


def documents(connection: apsw.Connection, collection: int) -> list[Document]:
    """Those of a collection, by path."""
    rows = connection.execute(
        "SELECT * FROM described WHERE collection = ? ORDER BY path", (collection,)
    )
    return [_document(row) for row in rows]


def document(connection: apsw.Connection, number: int) -> Document:
    """Raises Missing."""
    for row in connection.execute("SELECT * FROM described WHERE id = ?", (number,)):
        return _document(row)
    raise Missing("This document is not here any more.")


def waiting(connection: apsw.Connection, limit: int) -> list[tuple[int, File]]:
    """The next to be read, and their files as they were when they were last looked at.

    Those of chats come first: a reply waits for them.
    """
    of_chats = connection.execute(
        """
        SELECT d.id, d.path, d.size, d.modified
        FROM collections c JOIN documents d ON d.collection = c.id
        WHERE c.conversation IS NOT NULL AND d.state = 'waiting' ORDER BY d.id LIMIT ?
        """,
        (limit,),
    )
    others = connection.execute(
        """
        SELECT id, path, size, modified FROM documents
        WHERE state = 'waiting' ORDER BY id LIMIT ?
        """,
        (limit,),
    )
    rows = cast(Iterator[tuple[int, bytes, int, int]], chain(of_chats.fetchall(), others))
    files = {
        number: File(Path(os.fsdecode(path)), size, modified)
        for number, path, size, modified in rows
    }
    return list(files.items())[:limit]


def backlog(connection: apsw.Connection) -> Backlog:
    """What is left to be done."""
    rows = connection.execute(
        """
        SELECT count(*), coalesce(sum(size), 0), (
            SELECT coalesce(sum(max(0, k.passages - coalesce((
                SELECT sum(v.passages) FROM vectors v
                WHERE v.content = k.id AND v.model = wanted.model
            ), 0))), 0)
            FROM (
                SELECT DISTINCT d.content, coalesce(c.next_embedding, c.embedding) AS model
                FROM documents d JOIN collections c ON c.id = d.collection
            ) wanted JOIN contents k ON k.id = wanted.content
        )
        FROM documents WHERE state = 'waiting'
        """
    )
    return Backlog(*cast(tuple[int, int, int], rows.fetchone()))


def _document(row: tuple[object, ...]) -> Document:
    (number, collection, path, size, modified, added, folder, state, trouble) = cast(
        tuple[int, int, bytes, int, int, int, int | None, str, str], row[:9]
    )
    format_, title, pages, passages, part_trouble, without_vectors = cast(
        tuple[str | None, str | None, int | None, int | None, str | None, int | None], row[9:]
    )
    return Document(
        id=number,
        collection=collection,
        path=Path(os.fsdecode(path)),
        size=size,
        modified=_EPOCH + timedelta(microseconds=modified // 1000),
        added=moments.from_column(added),
        state=_state(state, without_vectors or 0),
        folder=folder,
        format=Format(format_) if format_ else None,
        title=title or "",
        pages=pages or 0,
        passages=passages or 0,
        trouble=trouble or part_trouble or "",
    )


def _state(state: str, without_vectors: int) -> DocumentState:
    if state == "read":
        return DocumentState.WORDS if without_vectors > 0 else DocumentState.READY
    return DocumentState(state)


def is_there(connection: apsw.Connection, document: int) -> bool:
    """Whether a document was not removed."""
    return connection.execute("SELECT 1 FROM documents WHERE id = ?", (document,)).get is not None


def settle(connection: apsw.Connection, document: int, content: int, file: File) -> None:
    """Have a document say what `content` says, as `file` was when that was read.

    If the file was seen to have changed meanwhile, it waits to be read again.
    """
    connection.execute(
        """
        UPDATE documents SET content = :content, trouble = '',
            state = iif((size, modified) = (:size, :modified), 'read', 'waiting')
        WHERE id = :document
        """,
        {
            "document": document,
            "content": content,
            "size": file.size,
            "modified": file.modified,
        },
    )


def fail(connection: apsw.Connection, document: int, trouble: str, file: File) -> None:
    """Have a document count as one that could not be read, unless its file has changed since."""
    connection.execute(
        """
        UPDATE documents SET state = 'failed', trouble = :trouble
        WHERE id = :document AND (size, modified) = (:size, :modified)
        """,
        {
            "document": document,
            "trouble": trouble,
            "size": file.size,
            "modified": file.modified,
        },
    )


def look_again(connection: apsw.Connection, document: int, file: File) -> None:
    """Keep what a file is like now, in case it changed since it was queued."""
    connection.execute(
        "UPDATE documents SET size = ?, modified = ? WHERE id = ?",
        (file.size, file.modified, document),
    )


def retry(connection: apsw.Connection, numbers: Sequence[int]) -> None:
    """Have documents read again."""
    connection.execute(
        """
        UPDATE documents SET state = 'waiting', trouble = ''
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(numbers),),
    )


def rename(connection: apsw.Connection, number: int, file: File) -> None:
    """Give a document another path. Its file is looked into again, lest it is not the same.

    A document that has this path already gives way.
    """
    connection.execute(
        """
        DELETE FROM documents WHERE path = :path AND id <> :number
            AND collection = (SELECT collection FROM documents WHERE id = :number)
        """,
        {"path": os.fsencode(file.path), "number": number},
    )
    connection.execute(
        """
        UPDATE documents SET path = ?, size = ?, modified = ?, state = 'waiting', trouble = ''
        WHERE id = ?
        """,
        (os.fsencode(file.path), file.size, file.modified, number),
    )


def remove(connection: apsw.Connection, numbers: Sequence[int]) -> None:
    """Remove documents. What they said is left to be forgotten."""
    connection.execute(
        "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(numbers),),
    )


def contents_of(connection: apsw.Connection, numbers: Sequence[int]) -> set[int]:
    """What documents say."""
    rows = connection.execute(
        """
        SELECT DISTINCT content FROM documents
        WHERE content IS NOT NULL AND id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(numbers),),
    )
    return {cast(int, row[0]) for row in rows}


# Documents that came with a folder.


def below(connection: apsw.Connection, folder: int, path: Path) -> dict[Path, tuple[int, File]]:
    """The documents of a folder at this path, or in the folder at it: their numbers and files."""
    at = os.fsencode(path)
    inside = os.path.join(at, b"")  # noqa: PTH118  Paths as bytes.
    rows = connection.execute(
        """
        SELECT id, path, size, modified FROM documents
        WHERE folder = :folder AND (path = :at OR (path >= :inside AND path < :after))
        """,
        {
            "folder": folder,
            "at": at,
            "inside": inside,
            "after": inside[:-1] + bytes([inside[-1] + 1]),
        },
    )
    found = {}
    for number, encoded, size, modified in cast(Iterator[tuple[int, bytes, int, int]], rows):
        where = Path(os.fsdecode(encoded))
        found[where] = (number, File(where, size, modified))
    return found


def exclude(connection: apsw.Connection, numbers: Sequence[int]) -> None:
    """Have the folders that documents came with not bring them back."""
    rows = connection.execute(
        """
        SELECT folder, path FROM documents
        WHERE folder IS NOT NULL AND id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(numbers),),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO excluded (folder, path) VALUES (?, ?)",
        [(folder, _mark(path)) for folder, path in cast(Iterator[tuple[int, bytes]], rows)],
    )


def excluded(connection: apsw.Connection, folder: int) -> set[bytes]:
    """Marks of the paths that a folder does not bring back."""
    rows = connection.execute("SELECT path FROM excluded WHERE folder = ?", (folder,))
    return {cast(bytes, row[0]) for row in rows}


def include(connection: apsw.Connection, path: Path) -> None:
    """Let folders bring a file along again, or all in the folder at this path."""
    connection.execute("DELETE FROM excluded WHERE path = ?", (_mark(os.fsencode(path)),))


def is_excluded(path: Path, marks: set[bytes]) -> bool:
    """Whether this path is among those that were marked."""
    return bool(marks) and _mark(os.fsencode(path)) in marks


def _mark(path: bytes) -> bytes:
    return hashlib.sha256(path).digest()


# Scopes.


@dataclass(frozen=True, slots=True)
class Searched:
    """A content in scope: one document that says it, and the numbers of its passages."""

    content: int
    document: int
    first: int
    passages: int
    model: str
    """The embedding model it is searched by."""


def in_scope(connection: apsw.Connection, scope: Scope) -> list[Searched]:
    """The contents that are searched, in the order of their passages."""
    inside = None if scope.folder is None else os.path.join(os.fsencode(scope.folder), b"")  # noqa: PTH118  Paths as bytes.
    rows = connection.execute(
        """
        SELECT d.content, min(d.id), k.first, k.passages, c.embedding
        FROM documents d
        JOIN contents k ON k.id = d.content
        JOIN collections c ON c.id = d.collection
        WHERE (
            d.collection IN (SELECT value FROM json_each(:collections))
            OR d.id IN (SELECT value FROM json_each(:documents))
        )
        AND (:inside IS NULL OR substr(d.path, 1, length(:inside)) = :inside)
        AND (:formats = '[]' OR k.format IN (SELECT value FROM json_each(:formats)))
        AND (:since IS NULL OR d.modified >= :since)
        GROUP BY d.content ORDER BY k.first
        """,
        {
            "collections": json.dumps(scope.collections),
            "documents": json.dumps(scope.documents),
            "inside": inside,
            "formats": json.dumps(scope.formats),
            "since": _nanoseconds(scope.since),
        },
    )
    return [Searched(*each) for each in cast(Iterator[tuple[int, int, int, int, str]], rows)]


def _nanoseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return min((moment - _EPOCH) // timedelta(microseconds=1) * 1000, _LATEST)
