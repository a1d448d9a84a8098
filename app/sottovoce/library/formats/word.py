"""Reads Word's files (docx): headings by their styles, numbers of lists as Word counts them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sottovoce.domain.document import Format
from sottovoce.library.formats import office
from sottovoce.library.formats.archive import Archive
from sottovoce.library.formats.compose import (
    NewPage,
    Part,
    compose,
    heading,
    item,
    paragraph,
    row,
)
from sottovoce.library.formats.markup import Element, attribute, children, name, number, tree
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.numbering import BULLET, Numbering
from sottovoce.library.formats.source import Source

_UNSEEN = {"pPr", "rPr", "del", "moveFrom", "instrText", "delText", "Fallback", "sdtPr", "rt"}
"""What is no text, or text that is not shown. The fallback repeats what stands beside it."""
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}
_HEADING = re.compile(r"heading ?([1-9])|title", re.IGNORECASE)
_PAGE_BREAK = "\f"
"""Stands in a paragraph's text where Word last began a new page."""


def read(source: Source) -> Iterator[News]:
    """Pages as Word last laid them out, where the file says so. A paragraph is never divided."""
    archive = Archive(source)
    main = office.main_part(archive, "word/document.xml")
    yield About(Format.WORD, office.title(archive), None)
    document = _Document(archive, main)
    yield from compose(document.parts())


@dataclass(frozen=True, slots=True)
class _Style:
    level: int | None = None
    """Of a heading."""
    list: str = ""
    list_level: int = 0


@dataclass
class _Document:
    """The main part, and what it needs of the others to be understood."""

    archive: Archive
    main: str
    _notes: dict[tuple[str, str], int] = field(default_factory=dict)
    """The notes met so far, by kind and id, and their numbers."""

    def __post_init__(self) -> None:
        self._parts = {each.kind: each.part for each in office.relations(self.archive, self.main)}
        self._styles = _styles(self._root("styles"))
        self._numbering = Numbering(self._root("numbering"))

    def parts(self) -> Iterator[Part | NewPage]:
        for block in children(self.archive.open(self.main), "{*}body"):
            yield from self._block(block)
        yield from self._noted()

    def _root(self, kind: str) -> Element | None:
        part = self._parts.get(kind, "")
        return tree(self.archive.read(part)) if part in self.archive.names else None

    def _block(self, block: Element) -> Iterator[Part | NewPage]:
        match name(block):
            case "p":
                yield from self._paragraph(block)
            case "tbl":
                yield from self._table(block)
            case (
                "sdt"
                | "sdtContent"
                | "ins"
                | "moveTo"
                | "customXml"
                | "AlternateContent"
                | "Choice"
            ):
                for inner in block:
                    yield from self._block(inner)

    def _paragraph(self, block: Element) -> Iterator[Part | NewPage]:
        text = "".join(self._words(block))
        lead = len(text) - len(text.lstrip(_PAGE_BREAK))
        yield from [NewPage()] * lead
        words = text.replace(_PAGE_BREAK, "")
        style = self._style(block)
        mark = self._numbering.next(style.list, style.list_level) if words.strip() else ""
        if style.level is not None:
            yield heading(f"{mark} {words}" if mark != BULLET else words, style.level)
        elif mark:
            yield item(words, mark, style.list_level)
        else:
            yield paragraph(words)
        yield from [NewPage()] * (text.count(_PAGE_BREAK) - lead)
        for box in block.iter("{*}txbxContent"):
            if not office.is_fallback(box):
                for inner in box:
                    yield from self._block(inner)

    def _table(self, table: Element) -> Iterator[Part | NewPage]:
        lines = [list(_inside(line, "tc")) for line in _inside(table, "tr")]
        if all(len(cells) < 2 for cells in lines):
            # A frame around text, not a table.
            for block in (block for cells in lines for cell in cells for block in cell):
                yield from self._block(block)
            return
        for cells in lines:
            yield row(self._cell(cell) for cell in cells)

    def _cell(self, cell: Element) -> str:
        texts = ("".join(self._words(each)) for each in cell.iter("{*}p"))
        return " ".join(texts).replace(_PAGE_BREAK, "")

    def _words(self, element: Element) -> Iterator[str]:
        for child in element:
            kind = name(child)
            if kind == "t":
                yield child.text or ""
            elif kind in _SIGNS:
                yield _SIGNS[kind]
            elif kind == "lastRenderedPageBreak":
                yield _PAGE_BREAK
            elif kind in _NOTES:
                key = (_NOTES[kind], attribute(child, "id"))
                yield f"[{self._notes.setdefault(key, len(self._notes) + 1)}]"
            elif kind == "sym":
                yield _symbol(attribute(child, "char"))
            elif kind not in _UNSEEN and kind != "txbxContent":
                yield from self._words(child)

    def _style(self, block: Element) -> _Style:
        """What the paragraph is: by itself, else by the style it has."""
        settings = block.find("{*}pPr")
        if settings is None:
            return _Style()
        named = settings.find("{*}pStyle")
        id_ = "" if named is None else attribute(named, "val")
        return _refined(self._styles.get(id_) or _usual(id_) or _Style(), settings)

    def _noted(self) -> Iterator[Part]:
        roots = {kind: self._root(f"{kind}s") for kind in _NOTES.values()}
        for (kind, id_), count in list(self._notes.items()):
            for note in () if (root := roots[kind]) is None else root.iter(f"{{*}}{kind}"):
                if attribute(note, "id") == id_:
                    texts = ["".join(self._words(each)).strip() for each in note.iter("{*}p")]
                    yield paragraph(f"[{count}] " + " ".join(texts))


def _styles(root: Element | None) -> dict[str, _Style]:
    """What the styles make of paragraphs, with what each takes over from those it is based on."""
    if root is None:
        return {}
    raw = {attribute(each, "styleId"): each for each in root.iter("{*}style")}

    def resolved(id_: str, depth: int) -> _Style:
        element = raw.get(id_)
        if element is None or depth > 20:
            return _Style()
        based = element.find("{*}basedOn")
        style = _Style() if based is None else resolved(attribute(based, "val"), depth + 1)
        called = element.find("{*}name")
        style = (None if called is None else _usual(attribute(called, "val"))) or style
        settings = element.find("{*}pPr")
        return style if settings is None else _refined(style, settings)

    return {id_: resolved(id_, 0) for id_ in raw}


def _usual(name_: str) -> _Style | None:
    """What a style of this name is by itself, in whatever language the program speaks."""
    found = _HEADING.fullmatch(name_)
    return _Style(level=int(found[1] or 1)) if found else None


def _refined(style: _Style, settings: Element) -> _Style:
    level, list_, list_level = style.level, style.list, style.list_level
    if (outline := settings.find("{*}outlineLvl")) is not None:
        # Nine means that it is none.
        level = value + 1 if (value := number(outline, "val")) < 9 else None
    if (listed := settings.find("{*}numPr")) is not None:
        if (id_ := listed.find("{*}numId")) is not None:
            list_ = attribute(id_, "val")
        if (depth := listed.find("{*}ilvl")) is not None:
            list_level = number(depth, "val")
    return _Style(level, list_, list_level)


def _inside(element: Element, wanted: str) -> Iterator[Element]:
    """The rows of a table or cells of a row, also those in content controls."""
    for child in element:
        kind = name(child)
        if kind == wanted:
            yield child
        elif kind in {"sdt", "sdtContent", "ins", "customXml"}:
            yield from _inside(child, wanted)


def _symbol(code: str) -> str:
    """A sign of a symbol font, which has no meaning elsewhere unless it is a bullet or the like."""
    try:
        sign = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ue000" <= sign <= "\uf8ff" else sign
