"""The words of passages, and which passages hold them.

The index knows for each word in which passages it stands, and for a word that stands there twice or
more often its doubled form, too: that is all a ranking needs, and a third of the size of positions.
"""

import json
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, cast

import apsw

OFTEN = ("", "²", "³")
"""What is put behind a word that stands in a passage once, twice, and three times or more."""

_DEARER = 16
"""How much longer it takes to take a passage out of the index than to put one in: from this share
on, forgetting is to learn all the others again."""
_FEW = 20
"""So many are taken out one by one, however many there are."""


def learn(connection: apsw.Connection, first: int, texts: Sequence[str]) -> None:
    """Make passages findable by their words: `texts` are theirs, from the passage `first` on.

    Words are separated by spaces. The words are kept beside the index, which can forget a passage
    without a trace only if it is told what it has learned.
    """
    learned = [_counted(text) for text in texts]
    connection.executemany(
        "INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(learned, start=first)
    )
    data = zlib.compress("\n".join(learned).encode())
    connection.execute("INSERT INTO learned (first, data) VALUES (?, ?)", (first, data))


def forget(connection: apsw.Connection, firsts: Collection[int]) -> None:
    """Make the passages unfindable that were learned together from each of these on."""
    chosen = json.dumps(list(firsts))
    is_dear = len(firsts) > _FEW and len(firsts) * _DEARER > _learned_together(connection)
    if not is_dear:
        for first, texts in _learned(connection, "IN", chosen):
            connection.executemany(
                "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)",
                enumerate(texts, start=first),
            )
    connection.execute(
        "DELETE FROM learned WHERE first IN (SELECT value FROM json_each(?))", (chosen,)
    )
    if is_dear:
        connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
        for first, texts in _learned(connection, "NOT IN", chosen):
            connection.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts, start=first)
            )


def _learned(
    connection: apsw.Connection, which: Literal["IN", "NOT IN"], chosen: str
) -> Iterator[tuple[int, list[str]]]:
    rows = connection.execute(
        f"SELECT first, data FROM learned WHERE first {which} (SELECT value FROM json_each(?))",  # noqa: S608  One of two literals.
        (chosen,),
    )
    for first, data in cast(Iterator[tuple[int, bytes]], rows):
        yield first, zlib.decompress(data).decode().split("\n")


def _learned_together(connection: apsw.Connection) -> int:
    return cast(int, connection.execute("SELECT count(*) FROM learned").get)


def _counted(text: str) -> str:
    counts = Counter(text.split())
    return " ".join(
        word + often for word, count in counts.items() for often in OFTEN[: min(count, len(OFTEN))]
    )


def count(connection: apsw.Connection, word: str) -> int:
    """How many passages hold a word."""
    rows = connection.execute("SELECT count(*) FROM words WHERE words MATCH ?", (_quoted(word),))
    return cast(int, rows.get)


def holders(connection: apsw.Connection, word: str, limit: int) -> str:
    """The numbers of passages that hold a word, with commas between them; the first `limit`.

    One text, because a row for each takes Python ten times as long.
    """
    rows = connection.execute(
        """
        SELECT coalesce(group_concat(rowid), '')
        FROM (SELECT rowid FROM words WHERE words MATCH ? LIMIT ?)
        """,
        (_quoted(word), limit),
    )
    return cast(str, rows.get)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
