"""The vectors of passages, as rows: each holds those of successive passages of a content."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import apsw


@dataclass(frozen=True, slots=True)
class Lack:
    """A content that needs vectors of an embedding model."""

    content: int
    model: str


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A passage without a vector, and what is known about where it stands."""

    number: int
    title: str
    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of successive passages of a content, which are to be kept."""

    lack: Lack
    first: int
    passages: int
    data: bytes
    """One vector after the other, of 8-bit integers."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Vectors of successive passages."""

    row: int
    first: int
    passages: int
    data: bytes


def lacks(connection: apsw.Connection, limit: int, without: Collection[str] = ()) -> list[Lack]:
    """Contents that need vectors, those that waited longest first; not of the models `without`."""
    rows = connection.execute(
        """
        SELECT wanted.content, wanted.model FROM (
            SELECT DISTINCT d.content, coalesce(c.next_embedding, c.embedding) AS model
            FROM documents d JOIN collections c ON c.id = d.collection
        ) wanted JOIN contents k ON k.id = wanted.content
        WHERE wanted.model NOT IN (SELECT value FROM json_each(:without))
        AND k.passages > coalesce((
            SELECT sum(v.passages) FROM vectors v
            WHERE v.content = k.id AND v.model = wanted.model
        ), 0)
        ORDER BY k.id LIMIT :limit
        """,
        {"without": json.dumps(list(without)), "limit": limit},
    )
    return [Lack(content, model) for content, model in cast(Iterator[tuple[int, str]], rows)]


def expected(connection: apsw.Connection) -> list[str]:
    """The embedding models that documents will need which are still to be read."""
    rows = connection.execute(
        """
        SELECT DISTINCT coalesce(c.next_embedding, c.embedding)
        FROM documents d JOIN collections c ON c.id = d.collection WHERE d.state = 'waiting'
        """
    )
    return [cast(str, row[0]) for row in rows]


def unembedded(connection: apsw.Connection, lack: Lack, limit: int) -> list[Unembedded]:
    """The next passages of a content that need vectors."""
    rows = connection.execute(
        """
        SELECT p.id, k.title, p.headings, substr(g.text, p.start + 1, p.stop - p.start)
        FROM contents k
        JOIN passages p ON p.content = k.id AND p.id >= k.first + coalesce((
            SELECT sum(v.passages) FROM vectors v WHERE v.content = k.id AND v.model = :model
        ), 0)
        JOIN pages g ON g.content = k.id AND g.number = p.page
        WHERE k.id = :content ORDER BY p.id LIMIT :limit
        """,
        {"content": lack.content, "model": lack.model, "limit": limit},
    )
    return [
        Unembedded(number, title, tuple(json.loads(headings)), text)
        for number, title, headings, text in cast(Iterator[tuple[int, str, str, str]], rows)
    ]


def keep(connection: apsw.Connection, embedded: Iterable[Embedded]) -> None:
    """Keep vectors, but not of contents that were forgotten meanwhile."""
    connection.executemany(
        """
        INSERT OR IGNORE INTO vectors (content, model, first, passages, data)
        SELECT id, :model, :first, :passages, :data FROM contents WHERE id = :content
        """,
        (
            {
                "content": each.lack.content,
                "model": each.lack.model,
                "first": each.first,
                "passages": each.passages,
                "data": each.data,
            }
            for each in embedded
        ),
    )


def forget_unused(connection: apsw.Connection) -> None:
    """Forget vectors of models that no collection with that content is searched by."""
    connection.execute(
        """
        DELETE FROM vectors WHERE (content, model) NOT IN (
            SELECT d.content, c.embedding FROM documents d
            JOIN collections c ON c.id = d.collection WHERE d.content IS NOT NULL
            UNION
            SELECT d.content, c.next_embedding FROM documents d
            JOIN collections c ON c.id = d.collection
            WHERE d.content IS NOT NULL AND c.next_embedding IS NOT NULL
        )
        """
    )


def count(connection: apsw.Connection, model: str) -> int:
    """How many rows of vectors there are of a model."""
    rows = connection.execute("SELECT count(*) FROM vectors WHERE model = ?", (model,))
    return cast(int, rows.get)


def newer(connection: apsw.Connection, model: str, row: int, limit: int) -> list[Kept]:
    """The next rows of vectors of a model that were kept after `row`."""
    rows = connection.execute(
        """
        SELECT id, first, passages, data FROM vectors
        WHERE id > ? AND model = ? ORDER BY id LIMIT ?
        """,
        (row, model, limit),
    )
    return [Kept(*each) for each in cast(Iterator[tuple[int, int, int, bytes]], rows)]
