"""Reads what is written in pictures: scanned pages and photographs of paper.

The one door to Tesseract. Its data for each language are in the resources, from tessdata_fast.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, product
from statistics import median
from typing import TypeAlias

import tesserocr
from PIL import Image

from sottovoce.domain.document import Page
from sottovoce.library.boxes import Box, Word, packed
from sottovoce.library.formats.layout import Cell, Line, blocks, rejoined, style, tabulated
from sottovoce.library.formats.picture import Picture
from sottovoce.library.languages import of_words
from sottovoce.system.paths import resource

DOTS = 250
"""Per inch, at which pages are drawn to be read. Fewer cost words, more only time."""

_FIRST = "eng"
_LATIN = {
    "english": "eng",
    "german": "deu",
    "french": "fra",
    "italian": "ita",
    "portuguese": "por",
    "spanish": "spa",
}
"""Tesseract's names for the languages that are told apart by their words."""
_OTHERS = ("hin", "tha")
"""Those whose letters English is never mistaken for: its words come out in doubt."""
_SURE = 75
_IN_DOUBT = 45
"""Mean confidence, of 100: from there on nothing else is tried; below that it is no text."""
_SPECKS = 3
"""Fewer words are taken for specks; nothing else is tried."""
_ENOUGH_WORDS = 8
"""By which a language can be told."""
_MOST_TILT = 6
"""Degrees by which a page may have been laid askew on the scanner."""
_TILT_SIDE = 700
"""Pixels of the longer side of the picture by which the tilt is found."""
_WIDE = 1.5
"""The gap between two cells of a table, in heights of their line."""
_MUCH_HIGHER = 1.35
"""How many times the usual height a line has that is a heading."""
_FAINT = 25
"""Shades that differ no more from the paper's are no ink."""
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
_PUNCTUATION = ".,;:!?()[]{}\"'„“”‘’«»-–—"
_POINTS = 72
"""To the inch."""

_RIL = tesserocr.RIL

_Place: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""
_Word: TypeAlias = tuple[str, _Place]


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as it was read."""

    words: tuple[_Word, ...]
    """At least one."""
    place: _Place

    def placed(self, start: int) -> Iterator[tuple[int, int, _Place]]:
        """Where each word begins and ends in a text that has the line at `start`, and its place."""
        at, before = start, None
        for word, place in self.words:
            if before and not self._run_together(before, (word, place)):
                at += 1
            yield at, at + len(word), place
            at, before = at + len(word), (word, place)

    def _run_together(self, before: _Word, word: _Word) -> bool:
        """Whether there is no space between two words, as in Thai."""
        (one, (_, _, right, _)), (other, (left, _, _, _)) = before, word
        is_thai = "\u0e00" <= one[-1] <= "\u0e7f" and "\u0e00" <= other[0] <= "\u0e7f"
        return is_thai and left - right < 0.3 * (self.place[3] - self.place[1])

    @property
    def text(self) -> str:
        signs = ""
        for (begin, _, _), (word, _) in zip(self.placed(0), self.words, strict=True):
            signs = signs.ljust(begin) + word
        return signs


@dataclass(frozen=True, slots=True)
class _Reading:
    """What came out with one language, one way up."""

    language: str
    turn: int
    confidence: int
    rows: tuple[_Row, ...]

    @property
    def words(self) -> list[str]:
        return [word for row in self.rows for word, _ in row.words]

    @property
    def worth(self) -> float:
        """How good it is compared with others of the same picture."""
        return self.confidence * math.sqrt(sum(map(len, self.words)))


class _Sheet:
    """A picture of a page, laid straight."""

    def __init__(self, picture: Picture) -> None:
        whole = Image.frombuffer("L", (picture.width, picture.height), picture.pixels)
        small = _inked(whole)
        self.is_blank = small.getbbox() is None
        tilt, sharpness = _tilt(small)
        sideways, sharpness_sideways = _tilt(small.transpose(Image.Transpose.ROTATE_90))
        self.runs_down = sharpness_sideways > 1.5 * sharpness
        """Whether its lines seem to run up or down the page."""
        self._tilt = sideways if self.runs_down else tilt
        self._straight = (
            whole.rotate(self._tilt, Image.Resampling.BICUBIC, fillcolor=255)
            if self._tilt
            else whole
        )

    def turned(self, turn: int) -> Image.Image:
        """The page turned to the left by so many degrees: 0, 90, 180 or 270."""
        return self._straight.transpose(_TURNS[turn]) if turn else self._straight

    def shown(self, turn: int, place: _Place) -> Box:
        """Where a place of the turned page is on the page as it lay there."""
        left, top, right, bottom = place
        corners = [(left, top), (right, top), (left, bottom), (right, bottom)]
        points = [self._shown(turn, x, y) for x, y in corners]
        across, down = [x for x, _ in points], [y for _, y in points]
        return Box(min(across), min(down), max(across), max(down))

    def _shown(self, turn: int, x: float, y: float) -> tuple[float, float]:
        width, height = self._straight.size
        match turn:
            case 90:
                x, y = width - y, x
            case 180:
                x, y = width - x, height - y
            case 270:
                x, y = y, height - x
        angle = math.radians(self._tilt)
        right, down = x - width / 2, y - height / 2
        return (
            0.5 + (right * math.cos(angle) - down * math.sin(angle)) / width,
            0.5 + (right * math.sin(angle) + down * math.cos(angle)) / height,
        )


class Ocr:
    """Reads pictures, and remembers for the next page of a document what the last one taught."""

    def __init__(self) -> None:
        self._engines: dict[str, tesserocr.PyTessBaseAPI] = {}
        self._language = _FIRST
        self._turn = 0

    def close(self) -> None:
        for engine in self._engines.values():
            engine.End()

    def read(self, number: int, picture: Picture, dots: int) -> Page:
        """The page of that number; without text if there is none in the picture, which is grey."""
        sheet = _Sheet(picture)
        if sheet.is_blank:
            return Page(number, "")
        best = self._best(sheet, dots)
        if best.confidence < _IN_DOUBT or not best.rows:
            return Page(number, "")
        self._language, self._turn = best.language, best.turn
        return _page(number, best.rows, partial(sheet.shown, best.turn), _POINTS / dots)

    def _best(self, sheet: _Sheet, dots: int) -> _Reading:
        turns = (90, 270) if sheet.runs_down else (0, 180)
        likely = (self._language, self._turn if self._turn in turns else turns[0])
        best = self._reading(sheet, dots, *likely)
        for language, turn in product((_FIRST, *_OTHERS), turns):
            is_sure = best.confidence >= _SURE and len(best.words) >= _ENOUGH_WORDS
            if is_sure or len(best.words) < _SPECKS:
                break
            if (language, turn) != likely:
                best = _better(best, self._reading(sheet, dots, language, turn))
        language = _language(best)
        if language != best.language:
            best = _better(best, self._reading(sheet, dots, language, best.turn))
        return best

    def _reading(self, sheet: _Sheet, dots: int, language: str, turn: int) -> _Reading:
        engine = self._engine(language)
        image = sheet.turned(turn)
        pixels = image.tobytes()  # Held until all is read: they are not copied.
        engine.SetImageBytes(pixels, image.width, image.height, 1, image.width)
        engine.SetSourceResolution(dots)
        engine.Recognize()
        rows = tuple(_rows(engine))
        return _Reading(language, turn, engine.MeanTextConf(), rows)

    def _engine(self, language: str) -> tesserocr.PyTessBaseAPI:
        if language not in self._engines:
            self._engines[language] = tesserocr.PyTessBaseAPI(
                path=str(resource("ocr")), lang=language, psm=tesserocr.PSM.AUTO
            )
        return self._engines[language]


def _inked(whole: Image.Image) -> Image.Image:
    """A small picture of a page in which paper is black, and the stronger the ink the whiter."""
    small = whole.copy()
    small.thumbnail((_TILT_SIDE, _TILT_SIDE), Image.Resampling.BOX)
    paper = median(small.tobytes())
    return small.point([max(abs(shade - paper) - _FAINT, 0) for shade in range(256)])


def _sharpness(inked: Image.Image) -> int:
    """How much the rows of a picture differ from their neighbours: most where they are lines."""
    rows = inked.resize((1, inked.height), Image.Resampling.BOX).tobytes()
    return sum((one - next_one) ** 2 for one, next_one in pairwise(rows))


def _tilt(inked: Image.Image) -> tuple[float, int]:
    """By how many degrees to the left a page lies level, and how sharp its lines are then."""

    def sharpness(angle: float) -> int:
        return _sharpness(inked.rotate(angle, Image.Resampling.BILINEAR))

    rough = max(range(-_MOST_TILT, _MOST_TILT + 1), key=sharpness)
    angle = max((rough + step / 5 for step in range(-4, 5)), key=sharpness)
    return angle, sharpness(angle)


def _rows(engine: tesserocr.PyTessBaseAPI) -> Iterator[_Row]:
    """The lines that were read, without specks taken for letters."""
    place = (0.0, 0.0, 0.0, 0.0)
    words: list[_Word] = []
    for found in tesserocr.iterate_level(engine.GetIterator(), _RIL.WORD):
        if found.IsAtBeginningOf(_RIL.TEXTLINE):
            if words:
                yield _Row(tuple(words), place)
            words = []
            place = found.BoundingBox(_RIL.TEXTLINE)
        word = "" if found.Empty(_RIL.WORD) else found.GetUTF8Text(_RIL.WORD).strip()
        is_sure = any(map(str.isalnum, word)) or found.Confidence(_RIL.WORD) >= _SURE
        if word and is_sure:
            words.append((word, found.BoundingBox(_RIL.WORD)))
    if words:
        yield _Row(tuple(words), place)


def _better(one: _Reading, other: _Reading) -> _Reading:
    return max(one, other, key=lambda reading: reading.worth)


def _language(reading: _Reading) -> str:
    """The language that a picture is better read in: the one its words are in."""
    if reading.language in _OTHERS:
        return reading.language
    words = [word.lower().strip(_PUNCTUATION) for word in reading.words]
    likely = [_LATIN[language] for language in of_words(words) if language in _LATIN]
    if len(words) < _ENOUGH_WORDS or not likely or reading.language in likely:
        return reading.language
    return likely[0]


def _page(number: int, rows: Sequence[_Row], shown: Callable[[_Place], Box], scale: float) -> Page:
    """A page of what was read. `scale`: points to the pixel."""
    text = "\n".join(row.text for row in rows)
    usual = median(row.place[3] - row.place[1] for row in rows)
    lines: list[Line] = []
    words: list[Word] = []
    start = 0
    for row in rows:
        placed = list(row.placed(start))
        words += [Word(begin, end, shown(place)) for begin, end, place in placed]
        lines.append(_line(row, placed, usual, scale))
        start += len(row.text) + 1
    text, lines = rejoined(text, lines)
    parts = blocks(text, lines, style([(text, lines)]))
    return Page(number, tabulated(text, lines, parts), parts, boxes=packed(words))


def _line(row: _Row, words: Sequence[tuple[int, int, _Place]], usual: float, scale: float) -> Line:
    _, top, _, bottom = row.place
    height = bottom - top
    if height < _MUCH_HIGHER * usual:
        height = usual  # A line without high letters is not set in smaller ones.
    cells: list[Cell] = []
    for begin, end, (left, _, right, _) in words:
        if cells and left * scale - cells[-1].right < _WIDE * height * scale:
            cells[-1] = replace(cells[-1], end=end, right=right * scale)
        else:
            cells.append(Cell(begin, end, left * scale, right * scale))
    return Line(top * scale, bottom * scale, height * scale, tuple(cells))
