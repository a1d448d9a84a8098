"""Decides how a file is read: by what is in it, and where that leaves a choice, by its name."""

from collections.abc import Iterator

from sottovoce.domain.problems import Unsupported
from sottovoce.library.formats import text
from sottovoce.library.formats.news import News
from sottovoce.library.formats.source import Source, beginning

_HEAD = 8_000
"""Bytes that tell most kinds of files apart."""
_UNKNOWN = "Sottovoce cannot read files of this kind. Choose a document."


def read(source: Source, name: str) -> Iterator[News]:
    """Read whatever this is. Raises Problems, and OSError."""
    head = beginning(source, _HEAD)
    if not text.is_text(head):
        raise Unsupported(_UNKNOWN)
    return text.read(source)
