"""Reads e-mail (eml, mbox): each message a page, and after it what is attached to it."""

import codecs
import email.header
import email.parser
import email.utils
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.errors import HeaderParseError
from email.message import Message
from typing import BinaryIO, TypeAlias

from sottovoce.domain.document import Format, Page
from sottovoce.domain.problems import Problem
from sottovoce.library.formats.compose import Part, apart, cleaned, compose, heading, paragraph
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source, opened
from sottovoce.library.formats.text import decoded
from sottovoce.library.formats.web import shown, written

ReadAttached: TypeAlias = Callable[[bytes, str], Iterator[News]]
"""Reads what is attached, by its bytes and its name."""

_LARGEST_MESSAGE = 200_000_000
"""Bytes of one message, with all that is attached."""
_MOST_ATTACHED = 200
_LONGEST_HEADER = 20_000
"""Characters. The time to decode a header grows faster than its length."""
_SHOWN_HEADERS = ("From", "To", "Cc", "Date")
_ENCRYPTED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}
_SIGNATURES = {
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
}
_CUT = "A message is too large and was not read whole."
_TOO_MANY = "Only the first {} attachments of a message were read."
LOCKED = "A message is encrypted. Open it in the mail program and save it anew."


def read(source: Source, read_attached: ReadAttached) -> Iterator[News]:
    """One message."""
    with opened(source) as file:
        data = file.read(_LARGEST_MESSAGE + 1)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # No mail is sent so, but some programs save it so.
        data = decoded(data).encode("utf-8", "replace")
    message = email.parser.BytesParser().parsebytes(data[:_LARGEST_MESSAGE])
    yield About(Format.EMAIL, header(message, "Subject"), None)
    if len(data) > _LARGEST_MESSAGE:
        yield Partly(_CUT)
    yield from _pages(message, 1, "", read_attached)


def read_mailbox(source: Source, read_attached: ReadAttached) -> Iterator[News]:
    """Many messages, one after the other."""
    yield About(Format.EMAIL, "", None)
    number = 1
    with opened(source) as file:
        for data in _divided(file):
            message = email.parser.BytesParser().parsebytes(data[:_LARGEST_MESSAGE])
            if len(data) > _LARGEST_MESSAGE:
                yield Partly(_CUT)
            for news in _pages(message, number, header(message, "Subject"), read_attached):
                yield news
                number += isinstance(news, Page)


def header(message: Message, name: str) -> str:
    """A header as it is to be read; empty if it is not there."""
    raw = message.get(name)
    return "" if raw is None else _decoded(raw)


def letter(headers: dict[str, str], body: Iterator[Part]) -> Iterator[Part]:
    """How a message is laid out, whichever program kept it."""
    yield heading(headers.get("Subject", ""), 1)
    lines = (f"{name}: {headers[name]}" for name in _SHOWN_HEADERS if headers.get(name))
    yield paragraph("\n".join(lines))
    yield from body


def attached(
    data: bytes, name: str, number: int, read_attached: ReadAttached
) -> Iterator[Page | Partly]:
    """What is attached to a message, as pages from `number` on, or a word why it is left out."""
    pages: int | None = None
    try:
        for news in read_attached(data, name):
            match news:
                case About():
                    pages = news.pages
                case Partly(sentence):
                    yield Partly(f"Attachment “{name}”: {sentence}")
                case Page() if news.text.strip():
                    is_one_of_many = news.number > 1 or pages not in {None, 1}
                    which = news.label or (f"page {news.number}" if is_one_of_many else "")
                    label = f"{name}: {which}" if which else name
                    yield replace(news, number=number, label=label)
                    number += 1
    except Problem as problem:
        yield Partly(f"The attachment “{name}” was left out. {problem}")


def _pages(
    message: Message, number: int, label: str, read_attached: ReadAttached
) -> Iterator[Page | Partly]:
    headers = {name: header(message, name) for name in ("Subject", *_SHOWN_HEADERS)}
    leaves = list(_leaves(message))
    body = _body(leaves)
    parts = (part for leaf in body for part in _words(leaf))
    for page in compose(letter(headers, parts), number, label):
        yield page
        number = page.number + 1
    if any(leaf.get_content_type() in _ENCRYPTED for leaf in leaves):
        yield Partly(LOCKED)
    others = [leaf for leaf in leaves if leaf not in body and _is_attached(leaf)]
    for leaf in others[:_MOST_ATTACHED]:
        for news in attached(_bytes(leaf), _name(leaf), number, read_attached):
            yield news
            number += isinstance(news, Page)
    if len(others) > _MOST_ATTACHED:
        yield Partly(_TOO_MANY.format(_MOST_ATTACHED))


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that have something in them. Forwarded messages stay whole."""
    inner = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(inner, list):
        for part in inner:
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _body(leaves: list[Message]) -> list[Message]:
    """What the message itself says: plain text if there is any, else HTML."""
    shown_here = [leaf for leaf in leaves if not _is_attached(leaf)]
    for kind in ("text/plain", "text/html"):
        of_kind = [leaf for leaf in shown_here if leaf.get_content_type() == kind]
        if any(_bytes(leaf).strip() for leaf in of_kind):
            return of_kind
    return []


def _words(leaf: Message) -> Iterator[Part]:
    charset = leaf.get_content_charset() or ""
    if leaf.get_content_type() == "text/html":
        return shown(written(_bytes(leaf), charset))[1]
    return apart(cleaned(decoded(_bytes(leaf), charset)))


def _is_attached(leaf: Message) -> bool:
    kind = leaf.get_content_type()
    if kind in _ENCRYPTED or kind in _SIGNATURES:
        return False
    is_picture_in_text = leaf.get_content_maintype() == "image" and "Content-ID" in leaf
    if is_picture_in_text and leaf.get_content_disposition() != "attachment":
        return False
    return leaf.get_content_disposition() == "attachment" or not kind.startswith("text/")


def _bytes(leaf: Message) -> bytes:
    inner = leaf.get_payload()
    if isinstance(inner, list):
        return b"".join(part.as_bytes() for part in inner if isinstance(part, Message))
    data = leaf.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _name(leaf: Message) -> str:
    inner = leaf.get_payload()
    if isinstance(inner, list):
        subjects = [header(part, "Subject") for part in inner if isinstance(part, Message)]
        return f"{next(filter(None, subjects), 'message')}.eml"
    return _decoded(leaf.get_filename() or "")[:200] or leaf.get_content_subtype()


def _decoded(header_: object) -> str:
    """A header without its encodings, on one line."""
    raw = str(header_)[:_LONGEST_HEADER]
    try:
        text = str(email.header.make_header(email.header.decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        text = raw
    return " ".join(text.split())


def _divided(file: BinaryIO) -> Iterator[bytes]:
    """The messages of a mailbox. Each begins with "From " after an empty line."""
    message = io.BytesIO()
    is_after_blank = True
    for line in file:
        if is_after_blank and line.startswith(b"From "):
            if message.tell():
                yield message.getvalue()
            message = io.BytesIO()
        elif message.tell() <= _LARGEST_MESSAGE:
            # Where a line of the message begins so, a sign was put before it.
            message.write(line.removeprefix(b">") if line.startswith(b">From ") else line)
        is_after_blank = line in {b"\n", b"\r\n"}
    if message.tell():
        yield message.getvalue()
