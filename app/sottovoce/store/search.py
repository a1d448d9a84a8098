"""Finding words in titles and messages, in any language, wherever they stand in a word."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import cast

import apsw

from sottovoce.domain.conversation import Conversation, Hit

_ACCENTS = re.compile("[\u0300-\u036f]")
_LINE_BREAKS = dict.fromkeys(map(ord, "\n\r\t\v\f\x85\u2028\u2029"), " ")
_GRAM = 3
_MOST_GRAMS = 32
_BEFORE, _AFTER = 40, 120
"""How many characters of an excerpt stand around the match."""


def fold(text: str) -> str:
    """The text as it is compared: without case, accents and typographic variants."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def find(
    connection: apsw.Connection, text: str, conversations: Sequence[Conversation], limit: int
) -> list[Hit]:
    """Return where all words of `text` occur in `conversations`: titles first, then messages."""
    words = list(dict.fromkeys(fold(text).replace("\0", " ").split()))
    if not words:
        return []
    hits = [
        _hit(conversation, None, conversation.title, words)
        for conversation in conversations
        if _holds_all(conversation.title, words)
    ][:limit]
    by_number = {conversation.id: conversation for conversation in conversations}
    for message, number, content in _candidates(connection, words):
        if len(hits) >= limit:
            break
        if number in by_number and _holds_all(content, words):
            hits.append(_hit(by_number[number], message, content, words))
    return hits


def learn(connection: apsw.Connection, message: int, text: str) -> None:
    """Make a finished message findable."""
    connection.execute(
        "INSERT INTO words (rowid, text) VALUES (:id, :text)", {"id": message, "text": fold(text)}
    )


def forget(connection: apsw.Connection, message: int) -> None:
    """Make a message unfindable, as its text is about to change."""
    connection.execute("DELETE FROM words WHERE rowid = :id", {"id": message})


def forget_conversation(connection: apsw.Connection, conversation: int) -> None:
    """Forget the messages of a conversation that is about to be removed."""
    connection.execute(
        """
        DELETE FROM words WHERE rowid IN (
            SELECT id FROM messages WHERE conversation = :conversation AND owner IS NULL
        )
        """,
        {"conversation": conversation},
    )


def compact(connection: apsw.Connection) -> None:
    """Write the index anew: words that were forgotten stay in the file, crossed out, until then."""
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")


def _candidates(connection: apsw.Connection, words: list[str]) -> Iterator[tuple[int, int, str]]:
    """Messages that may hold all words, newest first: the index only narrows them down."""
    grams = dict.fromkeys(
        word[start : start + _GRAM] for word in words for start in range(len(word) - _GRAM + 1)
    )
    if grams:
        quoted = ('"' + gram.replace('"', '""') + '"' for gram in list(grams)[:_MOST_GRAMS])
        rows = connection.execute(
            """
            SELECT m.id, m.conversation, m.text FROM words JOIN messages m ON m.id = words.rowid
            WHERE words MATCH :grams ORDER BY words.rowid DESC
            """,
            {"grams": " AND ".join(quoted)},
        )
    else:  # Only words of one or two letters: look at every message until there are enough hits.
        rows = connection.execute(
            "SELECT id, conversation, text FROM messages WHERE owner IS NULL ORDER BY id DESC"
        )
    for row in rows:
        yield cast(tuple[int, int, str], row)


def _holds_all(text: str, words: list[str]) -> bool:
    folded = fold(text)
    return all(word in folded for word in words)


def _hit(conversation: Conversation, message: int | None, text: str, words: Sequence[str]) -> Hit:
    start, length = _first_match(text, words)
    begin = max(0, start - _BEFORE)
    end = start + length + _AFTER
    before, after = "…" * (begin > 0), "…" * (end < len(text))
    excerpt = before + text[begin:end].translate(_LINE_BREAKS) + after
    return Hit(conversation, message, excerpt, start - begin + len(before), length)


def _first_match(text: str, words: Sequence[str]) -> tuple[int, int]:
    """Where in the text, unfolded, the first of the words stands, and how long it is there."""
    origins = [place for place, letter in enumerate(text) for _ in fold(letter)]
    folded = fold(text)
    start, word = min((place, word) for word in words if (place := folded.find(word)) >= 0)
    if len(origins) != len(folded):
        # For a few scripts folding letter by letter differs: better no mark than a wrong one.
        return 0, 0
    first, last = origins[start], origins[start + len(word) - 1]
    return first, last - first + 1
