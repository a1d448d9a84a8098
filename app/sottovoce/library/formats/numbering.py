"""Numbers paragraphs of a Word file as Word does: "1.", "2.1", "(c)", "•"."""

import re
from collections import defaultdict
from dataclasses import dataclass

from sottovoce.library.formats.markup import Element, attribute, number

BULLET = "•"
_LEVELS = 9
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    pattern: str
    """Such as "%1.%2)"."""
    start: int


class Numbering:
    """Counts while a document is read from its beginning to its end."""

    def __init__(self, root: Element | None) -> None:
        """`root`: that of the part in which Word describes its lists."""
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        if root is None:
            return
        for each in root.iter("{*}abstractNum"):
            levels = {number(level, "ilvl"): _level(level) for level in each.iter("{*}lvl")}
            self._levels[attribute(each, "abstractNumId")] = levels
        for each in root.iter("{*}num"):
            if (abstract := each.find("{*}abstractNumId")) is not None:
                self._abstract[attribute(each, "numId")] = attribute(abstract, "val")

    def next(self, list_: str, level: int) -> str:
        """What stands before the next paragraph of that list; empty if it is in none."""
        if list_ in {"", "0"}:
            return ""
        levels = self._levels.get(self._abstract.get(list_, ""), {})
        described = levels.get(level)
        if described is None or described.format in {"bullet", "none"}:
            return BULLET
        counts = self._counts[list_]
        counts[level] = counts.get(level, described.start - 1) + 1
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]

        def counted(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            above = levels.get(at, described)
            return _written(counts.get(at, above.start), above.format)

        return re.sub(r"%(\d)", counted, described.pattern).strip() or BULLET


def _level(element: Element) -> _Level:
    format_, pattern, start = (
        element.find(f"{{*}}{key}") for key in ("numFmt", "lvlText", "start")
    )
    return _Level(
        "decimal" if format_ is None else attribute(format_, "val"),
        "" if pattern is None else attribute(pattern, "val"),
        1 if start is None else number(start, "val", 1),
    )


def _written(count: int, format_: str) -> str:
    match format_:
        case "lowerLetter" if count > 0:
            return chr(ord("a") + (count - 1) % 26) * min(9, 1 + (count - 1) // 26)
        case "upperLetter":
            return _written(count, "lowerLetter").upper()
        case "lowerRoman" if 0 < count < 4000:
            return _roman(count)
        case "upperRoman":
            return _written(count, "lowerRoman").upper()
        case "decimalZero":
            return f"{count:02}"
        case _:
            return str(count)


def _roman(left: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, left = divmod(left, value)
        written += letters * count
    return written
