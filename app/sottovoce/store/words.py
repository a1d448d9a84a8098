"""The words of passages, and which passages hold them.

The index knows for each word in which passages it stands, and for a word that stands there twice or
more often its doubled form, too: that is all a ranking needs, and a third of the size of positions.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import cast

import apsw

OFTEN = ("", "²", "³")
"""What is put behind a word that stands in a passage once, twice, and three times or more."""


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


def forget(connection: apsw.Connection, first: int) -> None:
    """Make the passages unfindable that were learned from `first` on."""
    data = connection.execute("SELECT data FROM learned WHERE first = ?", (first,)).get
    if data is None:
        return
    texts = zlib.decompress(cast(bytes, data)).decode().split("\n")
    connection.executemany(
        "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)",
        enumerate(texts, start=first),
    )
    connection.execute("DELETE FROM learned WHERE first = ?", (first,))


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
