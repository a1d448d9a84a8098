"""Reads plain text, in whatever encoding it was written."""

import codecs
import re
from collections.abc import Iterator

import charset_normalizer

from sottovoce.domain.document import Block, BlockKind, Format, Page
from sottovoce.library.formats.compose import cleaned, cut, paragraphs
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source, beginning

MOST = 64_000_000
"""Bytes of a text that are read: a hundred thick books."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 40_000
"""Bytes by which an encoding is guessed."""
_HIRAGANA = re.compile("[ぁ-ゖ]")
_FEW = 32
"""Bytes beyond ASCII below which a guess is no better than the usual encoding."""


def read(source: Source) -> Iterator[News]:
    """Paragraphs, just as they stand there."""
    yield About(Format.TEXT, "", None)
    text, too_long = written(source)
    yield from too_long
    for number, part in enumerate(cut(text), start=1):
        blocks = (Block(BlockKind.PARAGRAPH, start, end) for start, end in paragraphs(part))
        yield Page(number, part, tuple(blocks))


def written(source: Source) -> tuple[str, tuple[Partly, ...]]:
    """What is written there, cleaned, and the news that this is not all of it, if so."""
    data = beginning(source, MOST + 1)
    text = cleaned(decoded(data[:MOST]))
    if len(data) <= MOST:
        return text, ()
    return text, (Partly(f"Only the first {MOST // 1_000_000} MB of it were read."),)


def decoded(data: bytes, declared: str = "") -> str:
    """The text that these bytes are.

    `declared` is the encoding they claim. What is no text at all comes out as nonsense.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if wide := _without_mark(data):
        return data.decode(wide, "replace")
    # Bytes that happen to be valid UTF-8 are UTF-8, whatever they claim.
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode(_known(declared) or _guessed(data), "replace")


def is_text(head: bytes) -> bool:
    """Whether this beginning of a file is that of a text: it has no bytes that texts don't have."""
    if head.startswith(tuple(mark for mark, _ in _MARKS)) or _without_mark(head):
        return True
    strange = sum(head.count(code) for code in _NO_TEXT)
    return strange <= 2 + len(head) // 500


_NO_TEXT = [bytes([code]) for code in range(32) if code not in b"\t\n\f\r\b\x1b\x1a"]


def _without_mark(data: bytes) -> str | None:
    """UTF-16, if every other byte is mostly zero, as it is where letters are Western."""
    head = data[:4_000]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[::2].count(0) / len(head[::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.1 else None


def _known(name: str) -> str | None:
    """The encoding of that name, if it is one of text. "latin-1" means what Windows writes."""
    try:
        info = codecs.lookup(name.strip().strip("\"'"))
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True):
        return None
    return "cp1252" if info.name in {"ascii", "iso8859-1", "utf-8"} else info.name


def _guessed(data: bytes) -> str:
    # Where ASCII ends is where it is told.
    first = next(place for place, code in enumerate(data) if code > 0x7F)
    sample = data[max(0, first - _SAMPLE // 4) :][:_SAMPLE]
    if sum(code > 0x7F for code in sample) < _FEW:
        return "cp1252"
    # The guess takes Japanese for Korean; but only Japanese is full of these letters.
    for encoding in ("cp932", "euc_jp"):
        if len(_HIRAGANA.findall(sample.decode(encoding, "replace"))) > len(sample) / 10:
            return encoding
    best = charset_normalizer.from_bytes(sample).best()
    return best.encoding if best else "cp1252"
