"""The collections, their documents, and what is written in them, as rows."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import apsw
import msgspec

from sottovoce.domain.document import (
    Block,
    Collection,
    Document,
    DocumentState,
    Folder,
    Format,
    Page,
    Passage,
    Scope,
    Span,
)
from sottovoce.domain.problems import Missing
from sottovoce.store import moments

_BLOCKS = msgspec.msgpack.Decoder(tuple[Block, ...])


@dataclass(frozen=True, slots=True)
class Content:
    """What is written in a file, and the passages it was cut into."""

    hash: bytes
    """SHA-256 of the file."""
    format: Format
    title: str
    pages: tuple[Page, ...]
    passages: tuple[tuple[Span, tuple[str, ...]], ...]
    """Their places, and the headings above them."""
    words: tuple[str, ...]
    """What each passage is found by."""
    trouble: str = ""


# Collections.


def new_collection(
    connection: apsw.Connection, name: str, embedding: str, conversation: int | None
) -> int:
    """An empty collection: its number."""
    connection.execute(
        "INSERT INTO collections (name, conversation, embedding, created) VALUES (?, ?, ?, ?)",
        (name, conversation, embedding, moments.now()),
    )
    return connection.last_insert_rowid()


def collections(connection: apsw.Connection) -> list[Collection]:
    """All, by name; those of chats come last."""
    rows = connection.execute(
        """
        SELECT c.id, c.name, c.embedding, c.created, c.conversation, count(d.id),
            coalesce(sum(d.state = 'waiting'), 0),
            coalesce(sum(d.state = 'read' AND v.content IS NULL AND k.passages > 0), 0),
            coalesce(sum(d.state = 'failed'), 0), coalesce(sum(k.pages), 0),
            coalesce(sum(k.passages), 0), coalesce(sum(d.size), 0)
        FROM collections c
        LEFT JOIN documents d ON d.collection = c.id
        LEFT JOIN contents k ON k.id = d.content
        LEFT JOIN vectors v ON v.content = d.content AND v.model = c.embedding
        GROUP BY c.id ORDER BY c.conversation IS NOT NULL, c.name COLLATE NOCASE
        """
    )
    return [
        Collection(
            id=row[0],
            name=row[1],
            embedding=row[2],
            created=moments.from_column(row[3]),
            conversation=row[4],
            documents=row[5],
            waiting=row[6],
            without_vectors=row[7],
            failed=row[8],
            pages=row[9],
            passages=row[10],
            size=row[11],
        )
        for row in cast(
            Iterator[tuple[int, str, str, int, int | None, int, int, int, int, int, int, int]], rows
        )
    ]


# Folders.


def add_folder(connection: apsw.Connection, collection: int, path: Path, is_watched: bool) -> int:
    """The folder, which may be there already."""
    connection.execute(
        """
        INSERT INTO folders (collection, path, is_watched) VALUES (?, ?, ?)
        ON CONFLICT (collection, path) DO UPDATE SET is_watched = excluded.is_watched
        """,
        (collection, os.fsencode(path), is_watched),
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


# Documents.


def queue(
    connection: apsw.Connection,
    collection: int,
    path: Path,
    *,
    size: int,
    modified: int,
    folder: int | None,
) -> int:
    """Have a file read, for the first time or again. `modified` counts nanoseconds."""
    connection.execute(
        """
        INSERT INTO documents (collection, folder, path, size, modified, added, state)
        VALUES (:collection, :folder, :path, :size, :modified, :added, 'waiting')
        ON CONFLICT (collection, path) DO UPDATE SET
            size = excluded.size, modified = excluded.modified, state = 'waiting', trouble = '',
            folder = coalesce(excluded.folder, folder)
        """,
        {
            "collection": collection,
            "folder": folder,
            "path": os.fsencode(path),
            "size": size,
            "modified": modified,
            "added": moments.now(),
        },
    )
    return cast(
        int,
        connection.execute(
            "SELECT id FROM documents WHERE collection = ? AND path = ?",
            (collection, os.fsencode(path)),
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


def waiting(connection: apsw.Connection) -> Document | None:
    """The next to be read."""
    rows = connection.execute("SELECT * FROM described WHERE state = 'waiting' ORDER BY id LIMIT 1")
    return next((_document(row) for row in rows), None)


def _document(row: tuple[object, ...]) -> Document:
    (number, collection, path, size, modified, added, folder, state, trouble) = cast(
        tuple[int, int, bytes, int, int, int, int | None, str, str], row[:9]
    )
    format_, title, pages, passages, part_trouble, has_vectors = cast(
        tuple[str | None, str | None, int | None, int | None, str | None, int], row[9:]
    )
    return Document(
        id=number,
        collection=collection,
        path=Path(os.fsdecode(path)),
        size=size,
        modified=datetime.fromtimestamp(modified / 1e9, UTC),
        added=moments.from_column(added),
        state=_state(state, bool(has_vectors)),
        folder=folder,
        format=Format(format_) if format_ else None,
        title=title or "",
        pages=pages or 0,
        passages=passages or 0,
        trouble=trouble or part_trouble or "",
    )


def _state(state: str, has_vectors: bool) -> DocumentState:
    if state == "read":
        return DocumentState.READY if has_vectors else DocumentState.WORDS
    return DocumentState(state)


def take_read(connection: apsw.Connection, document: int, content: int) -> int | None:
    """Have a document say what `content` says. Its former content, if nothing else says it now."""
    before = cast(
        int | None,
        connection.execute("SELECT content FROM documents WHERE id = ?", (document,)).get,
    )
    connection.execute(
        "UPDATE documents SET content = ?, state = 'read', trouble = '' WHERE id = ?",
        (content, document),
    )
    return before if before != content and before is not None else None


def fail(connection: apsw.Connection, document: int, trouble: str) -> None:
    """Have a document count as one that could not be read."""
    connection.execute(
        "UPDATE documents SET state = 'failed', trouble = ? WHERE id = ?", (trouble, document)
    )


# Contents.


def known(connection: apsw.Connection, hash_: bytes) -> int | None:
    """The content of a file with this SHA-256, if it was read before."""
    return cast(
        int | None, connection.execute("SELECT id FROM contents WHERE hash = ?", (hash_,)).get
    )


def keep(connection: apsw.Connection, content: Content) -> tuple[int, int]:
    """Keep what is written in a file. Returns its number and that of its first passage."""
    first = 1 + cast(
        int,
        connection.execute(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'passages'), 0)"
        ).get,
    )
    connection.execute(
        """
        INSERT INTO contents (hash, format, title, pages, first, passages, trouble)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (
            content.hash,
            content.format,
            content.title,
            len(content.pages),
            first,
            len(content.passages),
            content.trouble,
        ),
    )
    number = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO pages (content, number, label, text, blocks, boxes) VALUES (?, ?, ?, ?, ?, ?)",
        (
            (number, p.number, p.label, p.text, msgspec.msgpack.encode(p.blocks), p.boxes)
            for p in content.pages
        ),
    )
    connection.executemany(
        "INSERT INTO passages (content, page, start, stop, headings) VALUES (?, ?, ?, ?, ?)",
        (
            (number, span.page, span.start, span.end, json.dumps(headings, ensure_ascii=False))
            for span, headings in content.passages
        ),
    )
    return number, first


def extent(connection: apsw.Connection, content: int) -> tuple[int, int]:
    """The first passage of a content, and how many it has."""
    row = connection.execute(
        "SELECT first, passages FROM contents WHERE id = ?", (content,)
    ).fetchone()
    return cast(tuple[int, int], row)


def orphans(connection: apsw.Connection) -> list[int]:
    """Contents that no document says any more."""
    rows = connection.execute(
        "SELECT id FROM contents WHERE id NOT IN"
        " (SELECT content FROM documents WHERE content IS NOT NULL)"
    )
    return [cast(int, row[0]) for row in rows]


def page(connection: apsw.Connection, document: int, number: int) -> Page:
    """Raises Missing."""
    rows = connection.execute(
        """
        SELECT p.number, p.label, p.text, p.blocks, p.boxes
        FROM documents d JOIN pages p ON p.content = d.content
        WHERE d.id = ? AND p.number = ?
        """,
        (document, number),
    )
    for at, label, text, blocks, boxes in cast(Iterator[tuple[int, str, str, bytes, bytes]], rows):
        return Page(at, text, _BLOCKS.decode(blocks), label, boxes)
    raise Missing("This page is not here any more.")


# Vectors.


def without_vectors(connection: apsw.Connection) -> tuple[int, str] | None:
    """A content that needs vectors, and of which model: the one that waited longest."""
    row = connection.execute(
        """
        SELECT d.content, c.embedding FROM documents d
        JOIN collections c ON c.id = d.collection
        JOIN contents k ON k.id = d.content
        LEFT JOIN vectors v ON v.content = d.content AND v.model = c.embedding
        WHERE v.content IS NULL AND k.passages > 0 ORDER BY d.content LIMIT 1
        """
    ).fetchone()
    return cast(tuple[int, str] | None, row)


def keep_vectors(connection: apsw.Connection, content: int, model: str, data: bytes) -> None:
    """Keep the vectors of a content's passages, in place of those it had from this model."""
    connection.execute(
        """
        INSERT INTO vectors (content, model, data) VALUES (?, ?, ?)
        ON CONFLICT (content, model) DO UPDATE SET data = excluded.data
        """,
        (content, model, data),
    )


def vectors(connection: apsw.Connection, model: str) -> list[tuple[int, int, bytes]]:
    """Of each content: its number, its first passage, and the vectors of its passages."""
    rows = connection.execute(
        """
        SELECT v.content, k.first, v.data FROM vectors v JOIN contents k ON k.id = v.content
        WHERE v.model = ? ORDER BY k.first
        """,
        (model,),
    )
    return cast(list[tuple[int, int, bytes]], rows.fetchall())


# Scopes and passages.


def in_scope(connection: apsw.Connection, scope: Scope) -> dict[int, int]:
    """The contents that are searched, each with the first of the documents that say it."""
    inside = None if scope.folder is None else os.path.join(os.fsencode(scope.folder), b"")  # noqa: PTH118  Paths as bytes.
    rows = connection.execute(
        """
        SELECT d.content, min(d.id) FROM documents d JOIN contents k ON k.id = d.content
        WHERE (
            d.collection IN (SELECT value FROM json_each(:collections))
            OR d.id IN (SELECT value FROM json_each(:documents))
        )
        AND (:inside IS NULL OR substr(d.path, 1, length(:inside)) = :inside)
        AND (:formats = '[]' OR k.format IN (SELECT value FROM json_each(:formats)))
        AND d.modified BETWEEN coalesce(:since, d.modified) AND coalesce(:until, d.modified)
        GROUP BY d.content
        """,
        {
            "collections": json.dumps(scope.collections),
            "documents": json.dumps(scope.documents),
            "inside": inside,
            "formats": json.dumps(scope.formats),
            "since": _nanoseconds(scope.since),
            "until": _nanoseconds(scope.until),
        },
    )
    return dict(cast(Iterator[tuple[int, int]], rows))


def _nanoseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1e9)


def passages(
    connection: apsw.Connection, numbers: Iterable[int], documents: dict[int, int]
) -> list[Passage]:
    """Passages by their numbers, in that order; `documents` as in_scope gave them."""
    wanted = list(numbers)
    rows = connection.execute(
        """
        SELECT p.id, p.content, p.page, p.start, p.stop, p.headings, k.title, k.pages, g.label,
            g.text
        FROM passages p JOIN contents k ON k.id = p.content
        JOIN pages g ON g.content = p.content AND g.number = p.page
        WHERE p.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(wanted),),
    )
    found = {}
    for number, content, at, start, stop, headings, title, pages, label, text in cast(
        Iterator[tuple[int, int, int, int, int, str, str, int, str, str]], rows
    ):
        document = documents.get(content)
        if document is None:
            continue
        path = connection.execute("SELECT path FROM documents WHERE id = ?", (document,)).get
        found[number] = Passage(
            id=number,
            document=document,
            path=Path(os.fsdecode(cast(bytes, path))),
            title=title,
            span=Span(at, start, stop),
            text=text[start:stop],
            headings=tuple(json.loads(headings)),
            label=label,
            pages=pages,
        )
    return [found[number] for number in wanted if number in found]
