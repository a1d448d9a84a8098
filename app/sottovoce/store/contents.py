"""What is written in files, as rows: pages and passages. The same bytes are kept once."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import apsw
import msgspec

from sottovoce.domain.document import Block, Format, Page, Passage, Span
from sottovoce.domain.problems import Missing
from sottovoce.store import words
from sottovoce.store.documents import File

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has come of reading a document's file."""

    document: int
    file: File
    """As it was when it was read."""
    says: Content | bytes | str
    """What is written in it; its SHA-256 if that is known already; or why it cannot be read."""


def known(connection: apsw.Connection, hash_: bytes) -> int | None:
    """The content of a file with this SHA-256, if it was read before."""
    return cast(
        int | None, connection.execute("SELECT id FROM contents WHERE hash = ?", (hash_,)).get
    )


def kept(connection: apsw.Connection, says: Content | bytes) -> int | None:
    """The number of a content, which is kept if need be; None if only its SHA-256 is here."""
    if isinstance(says, bytes):
        return known(connection, says)
    return known(connection, says.hash) or _keep(connection, says)


def _keep(connection: apsw.Connection, content: Content) -> int:
    """Keep what is written in a file, and make it findable by its words."""
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
    words.learn(connection, first, content.words)
    return number


def forget(connection: apsw.Connection, numbers: Iterable[int | None]) -> None:
    """Forget those of these contents that no document says any more."""
    rows = connection.execute(
        """
        SELECT id, first FROM contents k
        WHERE id IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.content = k.id)
        """,
        (json.dumps([number for number in numbers if number is not None]),),
    )
    unsaid = dict(cast(Iterator[tuple[int, int]], rows))
    if unsaid:
        words.forget(connection, unsaid.values())
        connection.executemany("DELETE FROM contents WHERE id = ?", ((each,) for each in unsaid))


def orphans(connection: apsw.Connection) -> list[int]:
    """Contents that no document says any more."""
    rows = connection.execute(
        "SELECT id FROM contents WHERE id NOT IN"
        " (SELECT content FROM documents WHERE content IS NOT NULL)"
    )
    return [cast(int, row[0]) for row in rows]


def lengths(connection: apsw.Connection, numbers: Sequence[int]) -> dict[int, int]:
    """How many characters passages have, by their numbers."""
    rows = connection.execute(
        "SELECT id, stop - start FROM passages WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(numbers),),
    )
    return dict(cast(Iterator[tuple[int, int]], rows))


# Pages.


def page(connection: apsw.Connection, document: int, number: int) -> Page:
    """Raises Missing."""
    for found in _pages(connection, document, number):
        return found
    raise Missing("This page is not here any more.")


def pages(connection: apsw.Connection, document: int) -> list[Page]:
    """All of a document, in their order."""
    return list(_pages(connection, document, None))


def _pages(connection: apsw.Connection, document: int, number: int | None) -> Iterator[Page]:
    rows = connection.execute(
        """
        SELECT p.number, p.label, p.text, p.blocks, p.boxes
        FROM documents d JOIN pages p ON p.content = d.content
        WHERE d.id = :document AND (:number IS NULL OR p.number = :number) ORDER BY p.number
        """,
        {"document": document, "number": number},
    )
    for at, label, text, blocks, boxes in cast(Iterator[tuple[int, str, str, bytes, bytes]], rows):
        yield Page(at, text, _BLOCKS.decode(blocks), label, boxes)


# Passages.


def passages(
    connection: apsw.Connection, numbers: Sequence[int], documents: Mapping[int, int]
) -> list[Passage]:
    """Passages by their numbers, in that order; `documents` tells one that says each content."""
    rows = connection.execute(
        """
        SELECT p.id, p.content, p.page, p.start, p.stop, p.headings, k.title, k.pages, g.label
        FROM passages p JOIN contents k ON k.id = p.content
        JOIN pages g ON g.content = p.content AND g.number = p.page
        WHERE p.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(numbers),),
    )
    found = {}
    texts: dict[tuple[int, int], str] = {}  # A page may be long, and hold many of them.
    for number, content, at, start, stop, headings, title, count, label in cast(
        Iterator[tuple[int, int, int, int, int, str, str, int, str]], rows
    ):
        document = documents.get(content)
        path = connection.execute("SELECT path FROM documents WHERE id = ?", (document,)).get
        if document is None or path is None:
            continue
        text = texts.get((content, at)) or texts.setdefault(
            (content, at), _text(connection, content, at)
        )
        found[number] = Passage(
            id=number,
            document=document,
            path=Path(os.fsdecode(cast(bytes, path))),
            title=title,
            span=Span(at, start, stop),
            text=text[start:stop],
            headings=tuple(json.loads(headings)),
            label=label,
            pages=count,
        )
    return [found[number] for number in numbers if number in found]


def _text(connection: apsw.Connection, content: int, page: int) -> str:
    rows = connection.execute(
        "SELECT text FROM pages WHERE content = ? AND number = ?", (content, page)
    )
    return cast(str, rows.get)


def neighbours(
    connection: apsw.Connection, passage: Passage, before: int, after: int
) -> list[Passage]:
    """A passage with those around it in its document; nothing if it is not here any more."""
    rows = connection.execute(
        """
        SELECT n.id, n.content FROM passages p
        JOIN documents d ON d.id = :document AND d.content = p.content
        JOIN passages n ON n.content = p.content
        WHERE p.id = :passage AND n.id BETWEEN :passage - :before AND :passage + :after
        ORDER BY n.id
        """,
        {"document": passage.document, "passage": passage.id, "before": before, "after": after},
    ).fetchall()
    found = cast(list[tuple[int, int]], rows)
    documents = {content: passage.document for _, content in found}
    return passages(connection, [number for number, _ in found], documents)
