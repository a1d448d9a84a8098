"""What is said between the window and the process that draws the pages of one document for it."""

from typing import TypeAlias

from sottovoce.domain.document import Page, Span
from sottovoce.library.boxes import Box
from sottovoce.system.child import Failed, Locked, Message

LARGEST = 64_000_000
"""Bytes of one message."""


class Open(Message, frozen=True):
    """The first order: this is the document."""

    path: bytes
    """As the file system has it; it may be no valid text."""
    seconds: int
    """Of processor time that all its pages may take."""


class Show(Message, frozen=True):
    """Draw a page."""

    number: int
    """From 1."""
    width: int
    """In pixels."""
    spans: tuple[Span, ...]
    page: Page | None
    """As it was read; None if nobody has read it."""


Order: TypeAlias = Open | Show


class Shown(Message, frozen=True):
    """The page."""

    width: int
    height: int
    image: bytes
    """Red, green and blue of each pixel, row by row without gaps."""
    boxes: tuple[tuple[Box, ...], ...]
    """Of each span, one for each line."""


News: TypeAlias = Locked | Shown | Failed
