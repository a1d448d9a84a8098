"""PDF files as pdfium sees them: letters and where they stand, and pages as pictures.

The one door to pdfium. Whatever is wrong with a file comes out of here as a Problem.
"""

import ctypes
import io
import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import compress, islice
from typing import Final

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from sottovoce.domain.problems import Damaged, Missing, Refused, Unsupported
from sottovoce.library.boxes import Box, merged
from sottovoce.library.formats.layout import Cell, Line, rejoined
from sottovoce.library.formats.picture import Picture
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED, LOCKED

_STRANGE = (
    "This PDF file is protected in a way that Sottovoce does not know. Save it anew as a PDF."
)

_POINTS: Final = 72
"""To the inch."""
_GRID = 1 << 20
"""The device in whose pixels pdfium is asked where a point of a page is shown."""
_FAR = 1000
"""Points that lie far enough apart to tell how a page is turned."""
_MOST_READ, _MOST_SHOWN = 40_000_000, 16_000_000
"""Pixels of a page that is read by its look, such as A2 at 300 dots per inch, or shown."""
_MOST_ENTRIES = 5_000
"""Of a table of contents, and of notes on a page, that are looked at."""
_MOST_LETTERS = 1_000_000
"""Of a page that are read."""
_FILLED_IN = {pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT}
"""Notes whose words are part of what a person reads on the page."""
_HYPHEN = 0x02
"""Stands where a word was parted at a line's end, for the hyphen and the end of the line."""
_NEW_LINE = 0x0A
_SPACES = {0x09, 0x20, 0xA0, *range(0x2000, 0x200B)}
_UNSEEN = {0xAD, 0xFEFF, 0xFFFE, 0xFFFF}
_BOLD = re.compile(rb"bold|black|heavy|demi|cmbx|medi(?!um)", re.IGNORECASE)
_TYPEWRITER = re.compile(rb"courier|mono|consol|cmtt", re.IGNORECASE)
_FIXED = 1
"""The flag of a font all of whose letters are equally wide (PDF 32000-1, table 123)."""
_HEADROOM = 0.14
"""The share of a line's height above its letters."""
_GAP = re.compile(r"(?<=\S) +(?=\S)")
_WIDE = 1.2
"""The gap between two cells of a table, in sizes of their letters."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents."""

    title: str
    page: int
    """From 1."""
    level: int
    """From 1, the highest."""


class PdfPage:
    """A page of an open file."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page
        self._letters = page.get_textpage()
        # The outer sizes of the page as it is shown, in points.
        self.width, self.height = page.get_size()
        self._show = _projection(page)
        # The text as pdfium has it, and for each of its characters the letter it comes from.
        self._signs, self._places = _read(self._letters.raw)

    def close(self) -> None:
        self._letters.close()
        self._page.close()

    @property
    def text(self) -> str:
        """All that is written on it, in the order it was written, in lines."""
        return self._laid_out[0]

    @property
    def lines(self) -> list[Line]:
        """Those of the text that are not empty."""
        return self._laid_out[1]

    @cached_property
    def _laid_out(self) -> tuple[str, list[Line]]:
        lines = list(self._all_lines())
        if again := _printed_again(self._signs, lines):
            kept = [at not in again for at in range(len(self._signs))]
            self._signs = "".join(compress(self._signs, kept))
            self._places = list(compress(self._places, kept))
            lines = list(self._all_lines())
        return rejoined(self._signs, lines)

    def _all_lines(self) -> Iterator[Line]:
        start = 0
        for row in self._signs.split("\n"):
            if words := row.strip():
                first = start + row.index(words)
                yield from self._lines(first, first + len(words))
            start += len(row) + 1

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Where a stretch of its text stands, one box for each line."""
        stretch = zip(self.text[start:end], self._places[start:end], strict=True)
        letters = dict.fromkeys(place for sign, place in stretch if sign > " ")
        boxes = merged(box for place in letters if (box := self._outline(place)).left < box.right)
        # Fonts reserve room above their letters, where those of the line above may reach down.
        return tuple(
            replace(box, top=box.top + _HEADROOM * (box.bottom - box.top)) for box in boxes
        )

    @property
    def unreadable(self) -> float:
        """The share of its letters of which the file does not say which they are."""
        signs = [sign for sign in self.text if sign > " "]
        strange = sum(sign == "\ufffd" or "\ue000" <= sign <= "\uf8ff" for sign in signs)
        return strange / len(signs) if signs else 0

    @property
    def pictured(self) -> float:
        """The share of the page that its largest image covers."""
        images = self._page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3)
        left, bottom, right, top = self._page.get_bbox()
        largest: float = 0
        with suppress(pypdfium2.PdfiumError):
            for image in islice(images, _MOST_ENTRIES):
                x1, y1, x2, y2 = image.get_bounds()
                width, height = min(x2, right) - max(x1, left), min(y2, top) - max(y1, bottom)
                largest = max(largest, max(width, 0) * max(height, 0))
        return float(largest / max((right - left) * (top - bottom), 1))

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing on it at all."""
        return next(iter(self._page.get_objects(max_depth=1)), None) is None

    def grey(self, dots: int) -> tuple[Picture, int]:
        """The page in shades of grey, at so many dots per inch, or fewer if it is very large."""
        scale = self._scale(dots / _POINTS, _MOST_READ)
        return self._drawn(scale, is_grey=True), round(scale * _POINTS)

    def coloured(self, width: int) -> Picture:
        """The page, so many pixels wide, or fewer if it is very long."""
        scale = (width - 0.5) / max(self.width, 1)  # What is left over makes another pixel.
        return self._drawn(self._scale(scale, _MOST_SHOWN), is_grey=False)

    def _scale(self, wished: float, most: int) -> float:
        """As wished, or what leaves it at so many pixels."""
        pixels = max(self.width * self.height, 1) * wished**2
        return wished * min(math.sqrt(most / pixels), 1)

    def _drawn(self, scale: float, *, is_grey: bool) -> Picture:
        try:
            drawn = self._page.render(
                scale=scale, grayscale=is_grey, rev_byteorder=True, may_draw_forms=True
            )
        except (pypdfium2.PdfiumError, RuntimeError) as error:
            raise Damaged(DAMAGED) from error
        with closing(drawn):
            row = drawn.width * drawn.n_channels
            shown = memoryview(drawn.buffer).cast("B")
            rows = (shown[at : at + row] for at in range(0, len(shown), drawn.stride))
            return Picture(drawn.width, drawn.height, b"".join(rows))

    def _lines(self, start: int, end: int) -> Iterator[Line]:
        """What pdfium holds for one line: it is fooled by short words, such as those of tables."""
        places = self._places
        cells: list[Cell] = []
        first = self._outline(places[start])
        begin = start
        is_level = self._is_level(places[start])
        for gap in _GAP.finditer(self._signs, start, end):
            before = self._outline(places[gap.start() - 1])
            after = self._outline(places[gap.end()])
            is_new = is_level and not _beside(before, after)
            distance = (after.left - before.right) * self.width
            if is_new or distance > _WIDE * self._size(places[begin]):
                cells.append(self._cell(begin, gap.start(), first, before))
                first, begin = after, gap.end()
            if is_new:
                yield self._line(cells)
                cells = []
        cells.append(self._cell(begin, end, first, self._outline(places[end - 1])))
        yield self._line(cells)

    def _cell(self, start: int, end: int, first: Box, last: Box) -> Cell:
        return Cell(start, end, first.left * self.width, last.right * self.width)

    def _line(self, cells: list[Cell]) -> Line:
        start, end = self._places[cells[0].start], self._places[cells[-1].end - 1]
        first, last = self._outline(start), self._outline(end)
        middle = self._places[(cells[0].start + cells[-1].end) // 2]
        fonts = {self._font(place) for place in (start, middle, end)}
        return Line(
            min(first.top, last.top) * self.height,
            max(first.bottom, last.bottom) * self.height,
            self._size(start),
            tuple(cells),
            is_bold=all(is_bold for is_bold, _ in fonts),
            is_fixed=all(is_fixed for _, is_fixed in fonts),
        )

    def _is_level(self, place: int) -> bool:
        """Whether the line of a letter runs across the page as it is shown, not up or down."""
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._letters, place, matrix)
        runs_across = abs(matrix.a) >= abs(matrix.b)
        return bool(runs_across == (self._page.get_rotation() % 180 == 0))

    def _size(self, place: int) -> float:
        """Of a letter as it is printed: its font's size, stretched as the page has it."""
        matrix = pdfium.FS_MATRIX()
        size: float = pdfium.FPDFText_GetFontSize(self._letters, place)
        if not pdfium.FPDFText_GetMatrix(self._letters, place, matrix):
            return size
        return max(size * math.hypot(matrix.c, matrix.d), 0.1)

    def _font(self, place: int) -> tuple[bool, bool]:
        """Whether a letter is bold, and whether its font is of fixed width."""
        name, flags = ctypes.create_string_buffer(96), ctypes.c_int()
        pdfium.FPDFText_GetFontInfo(self._letters, place, name, len(name), flags)
        is_fixed = flags.value & _FIXED or _TYPEWRITER.search(name.value)
        return bool(_BOLD.search(name.value)), bool(is_fixed)

    def _outline(self, place: int) -> Box:
        """The box of a letter, as high as its line; an empty one if it stands nowhere."""
        box = pdfium.FS_RECTF()
        pdfium.FPDFText_GetLooseCharBox(self._letters, place, box)
        return self._show(box.left, box.top, box.right, box.bottom)


class PdfFile:
    """A PDF file that is open."""

    def __init__(self, document: pypdfium2.PdfDocument, *, is_mended: bool = False) -> None:
        self._document = document
        self.is_mended = is_mended
        """Whether it was not whole, so that something may be missing."""
        if document.get_formtype() != pdfium.FORMTYPE_NONE:
            with suppress(pypdfium2.PdfiumError):
                document.init_forms()

    def close(self) -> None:
        self._document.close()

    def __len__(self) -> int:
        """How many pages it has."""
        return len(self._document)

    @property
    def title(self) -> str:
        """What its metadata say, true or not."""
        title: str = self._document.get_metadata_value("Title")
        return " ".join(title.split())

    @property
    def attachments(self) -> int:
        """How many files are attached to it."""
        return int(self._document.count_attachments())

    def entries(self) -> Iterator[Entry]:
        """Its table of contents, as far as that leads to pages of it."""
        for mark in islice(self._document.get_toc(max_depth=6), _MOST_ENTRIES):
            target = mark.get_dest()
            page = target.get_index() if target else None
            if page is not None:
                yield Entry(mark.get_title(), page + 1, mark.level + 1)

    def page(self, number: int) -> PdfPage:
        """The page of that number, from 1, to be closed. Raises Damaged."""
        try:
            page = self._document[number - 1]
            if _is_filled_in(page):
                # What was typed into a form is text of the page once it is printed on it.
                pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
                page.close()
                page = self._document[number - 1]
            return PdfPage(page)
        except pypdfium2.PdfiumError as error:
            raise Damaged(DAMAGED) from error


def opened(source: Source) -> PdfFile:
    """The file, to be closed. One that is not whole is mended in memory, as far as that goes.

    Raises Missing, Refused if it asks for a password, Unsupported and Damaged.
    """
    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)  # It knows no names, but talks a lot.
    try:
        file = PdfFile(pypdfium2.PdfDocument(source))
        if len(file):
            return file
        file.close()
    except FileNotFoundError as error:
        raise Missing("This PDF file is not there any more.") from error
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise Refused(LOCKED) from error
        if error.err_code == pdfium.FPDF_ERR_SECURITY:
            raise Unsupported(_STRANGE) from error
    try:
        return PdfFile(pypdfium2.PdfDocument(_mended(source)), is_mended=True)
    except pypdfium2.PdfiumError as error:
        raise Damaged(DAMAGED) from error


def _mended(source: Source) -> bytes:
    """The file written anew by a library that looks for objects where there is no list of them."""
    mended = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(source) if isinstance(source, bytes) else source) as document:
            if not len(document.pages):
                raise Damaged(DAMAGED)
            document.save(mended)
    except pikepdf.PasswordError as error:
        raise Refused(LOCKED) from error
    except (pikepdf.PdfError, OSError, ValueError, RuntimeError) as error:
        raise Damaged(DAMAGED) from error
    return mended.getvalue()


def _read(letters: object) -> tuple[str, list[int]]:
    """The text of a page, and for each of its characters the letter of the page it comes from."""
    signs: list[str] = []
    places: list[int] = []
    read = pdfium.FPDFText_GetUnicode
    for place in range(min(pdfium.FPDFText_CountChars(letters), _MOST_LETTERS)):
        sign = _sign(read(letters, place))
        signs.append(sign)
        places += [place] * len(sign)
    return "".join(signs), places


def _printed_again(text: str, lines: Iterable[Line]) -> set[int]:
    """The characters of lines that stand where the same line stands already, to look bolder."""
    seen: set[tuple[str, int, int]] = set()
    again: set[int] = set()
    for line in lines:
        words = text[line.start : line.end]
        left, bottom = round(line.left / 2), round(line.bottom / 2)
        if any((words, left + x, bottom + y) in seen for x in (-1, 0, 1) for y in (-1, 0, 1)):
            again.update(range(line.start, line.end + 1))
        seen.add((words, left, bottom))
    return again


@cache
def _sign(code: int) -> str:
    """The character of that number as the text has it; "" for what has no place in a text."""
    if code == _HYPHEN:
        return "-\n"
    if code == _NEW_LINE:
        return "\n"
    if code in _SPACES:
        return " "
    if code < 0x20 or 0x7F <= code < 0xA0 or code in _UNSEEN:
        return ""
    return "\ufffd" if 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code)


def _beside(one: Box, other: Box) -> bool:
    """Whether two letters stand at about the same height."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > 0.2 * min(one.bottom - one.top, other.bottom - other.top)


def _is_filled_in(page: pypdfium2.PdfPage) -> bool:
    """Whether there are words on the page that lie above it: in a form, or typed over it."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_ENTRIES)):
        if note := pdfium.FPDFPage_GetAnnot(page, index):
            kind = pdfium.FPDFAnnot_GetSubtype(note)
            pdfium.FPDFPage_CloseAnnot(note)
            if kind in _FILLED_IN:
                return True
    return False


def _projection(page: pypdfium2.PdfPage) -> Callable[[float, float, float, float], Box]:
    """Where a rectangle of a page's own coordinates is shown, however the page is turned."""
    x0, y0 = _shown(page, 0, 0)
    x_right, y_right = _shown(page, _FAR, 0)
    x_up, y_up = _shown(page, 0, _FAR)

    def point(x: float, y: float) -> tuple[float, float]:
        return (
            (x0 + (x * (x_right - x0) + y * (x_up - x0)) / _FAR) / _GRID,
            (y0 + (x * (y_right - y0) + y * (y_up - y0)) / _FAR) / _GRID,
        )

    def box(left: float, top: float, right: float, bottom: float) -> Box:
        (x1, y1), (x2, y2) = point(left, top), point(right, bottom)
        return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))

    return box


def _shown(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, x, y, across, down)
    return across.value, down.value
