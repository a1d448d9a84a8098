"""Reads tables that are written as text (csv, tsv), whatever stands between their cells."""

import csv
import io
from collections.abc import Iterator

from sottovoce.domain.document import Format
from sottovoce.domain.problems import Damaged
from sottovoce.library.formats.compose import Part, compose, row
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.text import written
from sottovoce.library.formats.troubles import DAMAGED

_SEPARATORS = ",;\t|"
_LINES = 50
"""By which the separator is told."""
_LONGEST_CELL = 10_000_000
"""Characters. A quotation mark that is never closed takes in all that follows."""


def read(source: Source) -> Iterator[News]:
    """Each line a row."""
    yield About(Format.CSV, "", None)
    text, too_long = written(source)
    yield from too_long
    yield from compose(_rows(text))


def _rows(text: str) -> Iterator[Part]:
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        for cells in lines:
            yield row(cells)
    except csv.Error as error:
        raise Damaged(DAMAGED) from error


def _separator(text: str) -> str:
    """The one that divides most of the first lines into as many cells each."""
    lines = [line for line in text[:100_000].split("\n")[:_LINES] if line.strip()]

    def steadiness(separator: str) -> tuple[int, int]:
        counts = [len(cells) for cells in csv.reader(lines, delimiter=separator)]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(_SEPARATORS, key=steadiness)
