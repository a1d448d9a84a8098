"""Reads PDF files: what is written in them, page by page."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

import pdf_oxide

from sottovoce.domain.document import Block, BlockKind, Format, Page
from sottovoce.domain.problems import Damaged
from sottovoce.domain.text import encodable
from sottovoce.library.formats.compose import cleaned, paragraphs
from sottovoce.library.formats.layout import Line, Style, blocks, key, style, tabulated
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.ocr import DOTS, Ocr
from sottovoce.library.formats.pdfium import PdfFile, PdfPage, opened
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED

_SAMPLE = 12
"""Pages by which it is told how the text of a document looks."""
_LOST_IN_A_ROW = 100
"""Pages that cannot be read, one after the other, after which there is no hope for the rest."""
_FEW_LETTERS = 200
"""On a scanned page: what a program stamps on it."""
_MOST_PICTURED = 0.4
"""The share of a page that an image covers which only adorns it."""
_MOST_UNREADABLE = 0.3
"""The share of letters that may be unknown."""
_LONGEST_TITLE = 200
_CUT_SHORT = Partly("This PDF file is damaged: some of its text may be missing.")
_NOTHING_ATTACHED = Partly("The files attached to this PDF were not read. Save and add them.")


def read(source: Source) -> Iterator[News]:
    """What it calls itself, then its pages.

    Raises Missing, Refused if it asks for a password, Unsupported and Damaged.
    """
    try:
        file = opened(source)
    except Damaged:
        yield from _rescued(source)
        return
    with closing(file), closing(Ocr()) as ocr:
        yield from _read(file, ocr)


@dataclass(frozen=True, slots=True)
class _Printed:
    """What is printed on a page."""

    text: str
    lines: list[Line]
    legible: int
    """How many of its letters can be read."""
    is_scanned: bool
    """Whether what is to be read there is in a picture, or in letters without meaning."""


def _read(file: PdfFile, ocr: Ocr) -> Iterator[News]:
    sample = dict(_sample(file))
    looks = style([(printed.text, printed.lines) for printed in sample.values()])
    entries = _entries(file)
    title = _title(file.title, [printed.text for printed in sample.values()])
    yield About(Format.PDF, title, len(file))
    lost, in_a_row = 0, 0
    for number in range(1, len(file) + 1):
        try:
            printed = sample.get(number) or _printed(file, number)
            scan = _scan(file, number, ocr) if printed.is_scanned else None
        except Damaged:
            lost, in_a_row = lost + 1, in_a_row + 1
            if in_a_row == _LOST_IN_A_ROW:
                break
            yield Page(number, "")
            continue
        in_a_row = 0
        if scan and len(scan.text) > printed.legible:
            yield scan
        else:
            yield _page(number, printed, looks, entries.get(number, {}))
    if lost == len(file):
        raise Damaged(DAMAGED)
    if lost or file.is_mended:
        yield _CUT_SHORT
    if file.attachments:
        yield _NOTHING_ATTACHED


def _page(number: int, printed: _Printed, looks: Style, entries: Mapping[str, int]) -> Page:
    parts = blocks(printed.text, printed.lines, looks, entries)
    return Page(number, tabulated(printed.text, printed.lines, parts), parts)


def _scan(file: PdfFile, number: int, ocr: Ocr) -> Page:
    with closing(file.page(number)) as page:
        return ocr.read(number, *page.grey(DOTS))


def _printed(file: PdfFile, number: int) -> _Printed:
    with closing(file.page(number)) as page:
        legible = round(len(page.text) * (1 - page.unreadable))
        return _Printed(page.text, page.lines, legible, _is_scanned(page))


def _is_scanned(page: PdfPage) -> bool:
    if page.is_blank:
        return False
    length = len(page.text.strip())
    if length < _FEW_LETTERS:
        return not length or page.pictured > _MOST_PICTURED
    return page.unreadable > _MOST_UNREADABLE


def _sample(file: PdfFile) -> Iterator[tuple[int, _Printed]]:
    """The first pages, and others spread over the document."""
    numbers = {1, 2, *range(1, len(file) + 1, max(len(file) // _SAMPLE, 1))}
    for number in sorted(numbers)[: _SAMPLE + 2]:
        with suppress(Damaged):
            yield number, _printed(file, number)


def _title(title: str, pages: list[str]) -> str:
    """The title that the metadata have, if it is one: then its words stand on the first pages.

    Programs write the name of a file or of the template there, if they write anything.
    """
    words = {key(word) for word in title.split()} - {""}
    written = {key(word) for page in pages[:2] for word in page.split()}
    if not words or len(title) > _LONGEST_TITLE or len(words & written) < 0.6 * len(words):
        return ""
    return encodable(title)


def _entries(file: PdfFile) -> Mapping[int, Mapping[str, int]]:
    """The table of contents by pages: the level of each heading, by its key."""
    entries: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for entry in file.entries():
        if name := key(entry.title):
            entries[entry.page].setdefault(name, entry.level)
    return entries


def _rescued(source: Source) -> Iterator[News]:
    """What a more forgiving reader finds in a file that has lost its end. Raises Damaged."""
    try:
        file = (
            pdf_oxide.PdfDocument.from_bytes(source)
            if isinstance(source, bytes)
            else pdf_oxide.PdfDocument(str(source))
        )
        texts = [cleaned(file.extract_text(index)) for index in range(int(file.page_count))]
    except Exception as error:
        raise Damaged(DAMAGED) from error
    if not any(text.strip() for text in texts):
        raise Damaged(DAMAGED)
    yield About(Format.PDF, "", len(texts))
    for number, text in enumerate(texts, start=1):
        parts = tuple(Block(BlockKind.PARAGRAPH, *place) for place in paragraphs(text))
        yield Page(number, encodable(text), parts)
    yield _CUT_SHORT
