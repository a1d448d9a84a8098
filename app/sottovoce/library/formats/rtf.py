"""Reads RTF: paragraphs with their headings, lists and tables, in any of its encodings."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sottovoce.domain.document import Format
from sottovoce.domain.problems import Damaged
from sottovoce.library.formats.compose import (
    Part,
    compose,
    heading,
    item,
    paragraph,
    row,
    sane_title,
)
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source, beginning
from sottovoce.library.formats.troubles import DAMAGED

_MOST = 256_000_000
"""Bytes. Most of a large file is pictures, which are skipped."""
_TITLE = re.compile(rb"\{\\title ([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_PICTURE = re.compile(rb"[0-9a-fA-F\s]{1024,}")
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])"
    rb"|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_UNSEEN = {
    b"colortbl", b"fonttbl", b"listtable", b"listoverridetable", b"pict", b"object", b"fldinst",
    b"header", b"headerl", b"headerr", b"headerf", b"footer", b"footerl", b"footerr", b"footerf",
    b"xe", b"tc", b"annotation", b"filetbl", b"template", b"sp", b"nonshppict", b"ftnsep",
    b"aftnsep", b"stylesheet", b"info", b"pgptbl", b"revtbl", b"latentstyles", b"nonesttables",
}  # fmt: skip
"""Groups in which nothing is written that is seen."""
_SEEN = {b"shpinst", b"shptxt", b"pntext", b"listtext"}
"""Groups that a program may skip, and that should be read all the same."""
_SIGNS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘",
    b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ",
    b"qmspace": " ", b"nestcell": " ", b"nestrow": " ",
}  # fmt: skip
_ESCAPED = {b"~": "\u00a0", b"_": "\u2011", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n"}
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk",
    136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437",
}  # fmt: skip
_DEEPEST = 1_000


def read(source: Source) -> Iterator[News]:
    """One page."""
    data = _PICTURE.sub(b"", beginning(source, _MOST))
    title = _TITLE.search(data[:100_000])
    yield About(Format.RTF, sane_title(_Reader().plain(title[1])) if title else "", None)
    yield from compose(_Reader().parts(data))


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within a group, and ends with it."""

    target: list[str] | None
    """Where text goes; None if it is not seen."""
    font: int = 0
    fallback: int = 1
    """Characters after one in Unicode that stand for it in older programs."""
    style: int = 0
    level: int | None = None
    """Of a heading."""
    in_table: bool = False
    is_optional: bool = False
    """Whether a group began that a program may skip if it does not know what follows."""


@dataclass
class _Reader:
    _body: list[str] = field(default_factory=list)
    _mark: list[str] = field(default_factory=list)
    """What stands before an item of a list."""
    _notes: list[list[str]] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _fonts: dict[int, str] = field(default_factory=dict)
    _levels: dict[int, int] = field(default_factory=dict)
    """Of styles that are for headings."""
    _encoding: str = "cp1252"
    _raw: bytearray = field(default_factory=bytearray)
    """Text that is still to be decoded."""
    _skip: int = 0

    def plain(self, data: bytes) -> str:
        """The text of a piece without structure."""
        return " ".join(part.text for part in self.parts(data))

    def parts(self, data: bytes) -> Iterator[Part]:
        state = _State(self._body)
        around: list[_State] = []
        place = 0
        while (token := _TOKEN.search(data, place)) is not None:
            place = token.end()
            word, number, code, escaped, brace, text = token.groups()
            if text or code:
                self._gather(text or bytes([int(code, 16)]))
                continue
            self._decode(state)
            if brace == b"{":
                if len(around) > _DEEPEST:
                    raise Damaged(DAMAGED)
                around.append(state)
                state = replace(state, is_optional=False)
            elif brace:
                state = around.pop() if around else _State(None)
            elif escaped == b"*":
                state = replace(state, is_optional=True)
            elif escaped:
                self._write(state, _ESCAPED.get(escaped, ""))
            elif word == b"bin":
                place += max(0, int(number or 0))
            elif word in {b"par", b"sect", b"page", b"row", b"cell"} and state.target is self._body:
                yield from self._ended(word, state)
            elif word:
                state = self._set(state, word, None if number is None else int(number))
        self._decode(state)
        yield from self._ended(b"par", state)
        for index, note in enumerate(self._notes, start=1):
            yield paragraph(f"[{index}] {_joined(note).strip()}")

    def _gather(self, text: bytes) -> None:
        skipped = min(self._skip, len(text))
        self._skip -= skipped
        self._raw += text[skipped:]

    def _decode(self, state: _State) -> None:
        self._skip = 0
        if self._raw:
            encoding = self._fonts.get(state.font, self._encoding)
            self._write(state, self._raw.decode(encoding, "replace"))
            self._raw.clear()

    def _write(self, state: _State, text: str) -> None:
        if state.target is not None:
            state.target.append(text)

    def _ended(self, word: bytes, state: _State) -> Iterator[Part]:
        """A paragraph, cell or row is complete."""
        if word == b"row":
            yield row(self._cells)
            self._cells.clear()
            self._body.clear()
            return
        if word == b"cell" or (word == b"par" and state.in_table):
            if word == b"cell":
                self._cells.append(_joined(self._body))
                self._body.clear()
            else:
                self._body.append(" ")
            self._mark.clear()
            return
        text, mark = _joined(self._body), _joined(self._mark).strip()
        self._body.clear()
        self._mark.clear()
        level = self._levels.get(state.style) if state.level is None else state.level
        if level is not None:
            yield heading(f"{mark} {text}", level)
        elif mark:
            yield item(text, mark if mark.isascii() else "•")
        else:
            yield paragraph(text)

    def _set(self, state: _State, word: bytes, number: int | None) -> _State:
        """What holds from this control word on."""
        if word in _UNSEEN or (state.is_optional and word not in _SEEN):
            return replace(state, target=None, is_optional=False)
        state = replace(state, is_optional=False)
        match word:
            case b"u" if number is not None:
                self._write(state, chr(number % 0x10000))
                self._skip = state.fallback
            case b"uc":
                return replace(state, fallback=min(max(number or 0, 0), 9))
            case b"f" if number is not None:
                return replace(state, font=number)
            case b"fcharset" if number in _CHARSETS:
                self._fonts[state.font] = _CHARSETS[number]
            case b"ansicpg" if number is not None:
                self._encoding = _code_page(number)
            case b"s" if number is not None:
                return replace(state, style=number)
            case b"outlinelevel" if number is not None and 0 <= number < 9:
                if state.target is None:
                    self._levels[state.style] = number + 1
                return replace(state, level=number + 1)
            case b"pard":
                return replace(state, style=0, level=None, in_table=False)
            case b"intbl":
                return replace(state, in_table=True)
            case b"pntext" | b"listtext" if state.target is self._body:
                return replace(state, target=self._mark)
            case b"footnote" if state.target is self._body:
                self._notes.append([])
                self._write(state, f"[{len(self._notes)}]")
                return replace(state, target=self._notes[-1])
            case _ if word in _SIGNS:
                self._write(state, _SIGNS[word])
            case b"par" | b"sect" | b"page" | b"row" | b"cell":
                self._write(state, " ")
        return state


def _joined(pieces: list[str]) -> str:
    """The text; characters beyond the first 65,536 come as two halves."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _code_page(number: int) -> str:
    try:
        codecs.lookup(f"cp{number}")
    except LookupError:
        return "cp1252"
    return f"cp{number}"
