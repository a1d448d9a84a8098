"""Reads messages that Outlook kept (msg), and after each what is attached to it."""

import struct
from collections.abc import Iterator

from oxmsg import Message

from sottovoce.domain.document import Format, Page
from sottovoce.domain.problems import Damaged
from sottovoce.library.formats.compose import Part, apart, cleaned, compose
from sottovoce.library.formats.mail import LOCKED, ReadAttached, attached, letter
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source, beginning
from sottovoce.library.formats.troubles import DAMAGED
from sottovoce.library.formats.web import shown

_LARGEST = 300_000_000
"""Bytes."""
_ENCRYPTED = "application/pgp-encrypted"
_ENCRYPTED_CLASS = "IPM.Note.SMIME"


def read(source: Source, read_attached: ReadAttached) -> Iterator[News]:
    """One message."""
    try:
        message = Message.load(beginning(source, _LARGEST))
        headers = _headers(message)
        body = _body(message)
        others = [
            (each.file_name or "attachment", each.file_bytes)
            for each in message.attachments
            if each.file_bytes and each.mime_type != _ENCRYPTED
        ]
        is_locked = message.message_class == _ENCRYPTED_CLASS or any(
            each.mime_type == _ENCRYPTED for each in message.attachments
        )
    except (ValueError, LookupError, OSError, AssertionError, TypeError, struct.error) as error:
        raise Damaged(DAMAGED) from error
    yield About(Format.EMAIL, headers["Subject"], None)
    number = 1
    for page in compose(letter(headers, body)):
        yield page
        number = page.number + 1
    if is_locked:
        yield Partly(LOCKED)
        return
    for name, data in others:
        for news in attached(data, name, number, read_attached):
            yield news
            number += isinstance(news, Page)


def _headers(message: Message) -> dict[str, str]:
    people = [f"{person.name} <{person.email_address}>" for person in message.recipients]
    return {
        "Subject": " ".join(message.subject.split()),
        "From": message.sender or "",
        "To": ", ".join(people),
        "Date": f"{message.sent_date:%Y-%m-%d %H:%M}" if message.sent_date else "",
    }


def _body(message: Message) -> Iterator[Part]:
    if (plain := message.body or "").strip():
        return apart(cleaned(plain))
    return shown(message.html_body or "")[1]
