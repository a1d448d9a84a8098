"""The words of passages, and which passages hold them."""

from collections.abc import Collection, Sequence

import apsw


def learn(connection: apsw.Connection, first: int, texts: Sequence[str]) -> None:
    """Make passages findable by their words: `texts` are theirs, from the passage `first` on."""
    connection.executemany(
        "INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts, start=first)
    )


def forget(connection: apsw.Connection, first: int, count: int) -> None:
    """Make passages unfindable."""
    connection.execute("DELETE FROM words WHERE rowid BETWEEN ? AND ?", (first, first + count - 1))


def compact(connection: apsw.Connection) -> None:
    """Write the index anew: words that were forgotten stay in the file, crossed out, until then."""
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")


def find(
    connection: apsw.Connection,
    terms: Sequence[str],
    limit: int,
    contents: Collection[int] | None = None,
) -> list[tuple[int, float]]:
    """The passages that hold any of the terms, with their BM25, the best first.

    `contents` limits them to those of these contents.
    """
    if not terms:
        return []
    wanted = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)
    rows = connection.execute(
        """
        SELECT words.rowid, -bm25(words), p.content
        FROM words JOIN passages p ON p.id = words.rowid
        WHERE words MATCH ? ORDER BY bm25(words)
        """,
        (wanted,),
    )
    found: list[tuple[int, float]] = []
    for passage, score, content in rows:
        if contents is None or content in contents:
            found.append((passage, score))
            if len(found) == limit:
                break
    return found
