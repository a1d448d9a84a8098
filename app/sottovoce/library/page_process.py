"""The process that draws the pages of one document, locked in with it, while they are looked at."""

import os
import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sottovoce.domain.document import Page, Span
from sottovoce.domain.problems import Missing, Problem, Unsupported
from sottovoce.library.boxes import Box, scanned
from sottovoce.library.formats import image, pdfium
from sottovoce.library.formats.source import beginning
from sottovoce.library.locked_in import lock_in
from sottovoce.library.page_wire import News, Open, Order, Show, Shown
from sottovoce.library.unreadable import why_unreadable
from sottovoce.system.child import Channel, Failed, Locked, inherited
from sottovoce.system.logs import harden
from sottovoce.system.network.gate import NetworkGate

_HEAD = 4096
"""Bytes within which a PDF file says that it is one."""


def main(arguments: Sequence[str]) -> int:
    """Answer the parent that holds the other ends of the two pipes named in `arguments`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer.
    harden()
    NetworkGate().close()
    channel = Channel[Order](*inherited(arguments), Order)
    try:
        opening = channel.hear()
        assert isinstance(opening, Open)
        path = Path(os.fsdecode(opening.path))
        channel.tell(Locked(lock_in(path, opening.seconds)))
        document = _Document(path)
        while isinstance(order := channel.hear(), Show):
            channel.tell(_answer(document, order))
    except (EOFError, OSError):
        return 1  # The parent is gone.
    return 0


class _Document:
    """What is shown: a PDF file, held open from its first page on, or a picture."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pdf: pdfium.PdfFile | None = None

    def shown(self, order: Show) -> Shown:
        """The page as ordered. Raises Problems, and OSError."""
        if not self._pdf and b"%PDF-" in beginning(self._path, _HEAD):
            self._pdf = pdfium.opened(self._path)
        if not self._pdf:
            picture = image.shown(self._path, order.number, order.width)
            boxes = [_scanned(order.page, span) for span in order.spans]
        else:
            if not 1 <= order.number <= len(self._pdf):
                raise Missing("This document has no such page.")
            with closing(self._pdf.page(order.number)) as page:
                picture = page.coloured(order.width)
                boxes = [_printed(page, order.page, span) for span in order.spans]
        return Shown(picture.width, picture.height, picture.pixels, tuple(boxes))


def _answer(document: _Document, order: Show) -> News:
    try:
        return document.shown(order)
    except Problem as problem:
        return Failed.of(problem)
    except OSError as error:
        return Failed.of(why_unreadable(error))
    except MemoryError:
        return Failed.of(Unsupported("This page is too large to be shown."))


def _printed(page: pdfium.PdfPage, known: Page | None, span: Span) -> tuple[Box, ...]:
    """Where the span stands; nowhere if the file says something else there now."""
    if known and known.boxes:
        return scanned(known, span)
    if known and known.text.replace("\t", " ") != page.text:
        return ()
    return page.boxes(span.start, span.end)


def _scanned(page: Page | None, span: Span) -> tuple[Box, ...]:
    return scanned(page, span) if page else ()
