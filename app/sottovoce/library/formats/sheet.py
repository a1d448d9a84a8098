"""Reads tables of Excel and LibreOffice (xlsx, xlsm, xlsb, xls, ods): each sheet a page."""

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from sottovoce.domain.document import Format
from sottovoce.domain.problems import Damaged, Refused
from sottovoce.library.formats.compose import Part, compose, row
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED, LOCKED

_Cell: TypeAlias = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read(source: Source) -> Iterator[News]:
    """Sheets in their order, without rows and columns that are empty."""
    try:
        workbook = CalamineWorkbook.from_object(
            io.BytesIO(source) if isinstance(source, bytes) else source
        )
    except PasswordError as error:
        raise Refused(LOCKED) from error
    except (CalamineError, ValueError) as error:
        raise Damaged(DAMAGED) from error
    names = [each.name for each in workbook.sheets_metadata if each.typ is SheetTypeEnum.WorkSheet]
    yield About(Format.SHEET, "", len(names))
    number = 1
    for name in names:
        parts: Iterator[Part] = iter(())
        try:
            sheet = workbook.get_sheet_by_name(name)
            parts = _rows(sheet.to_python(skip_empty_area=True))
        except (CalamineError, ValueError):
            yield Partly(f"The sheet “{name}” is damaged.")
        for page in compose(parts, number, name):
            yield page
            number = page.number + 1


def _rows(rows: Sequence[Sequence[_Cell]]) -> Iterator[Part]:
    used = [any(cell != "" for cell in column) for column in zip(*rows, strict=True)]
    for cells in rows:
        yield row(_written(cell) for cell, is_used in zip(cells, used, strict=True) if is_used)


def _written(cell: _Cell) -> str:
    match cell:
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case float():
            return f"{cell:.12g}"
        case dt.datetime() if cell.time() == dt.time():
            return cell.date().isoformat()
        case dt.datetime():
            return cell.isoformat(" ", "minutes")
        case _:
            return str(cell)
