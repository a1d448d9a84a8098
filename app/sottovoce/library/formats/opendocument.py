"""Reads texts and presentations of LibreOffice and its relatives (odt, odp)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sottovoce.domain.document import Format
from sottovoce.domain.problems import Refused
from sottovoce.library.formats.archive import Archive
from sottovoce.library.formats.compose import (
    NewPage,
    Part,
    compose,
    heading,
    item,
    paragraph,
    row,
    sane_title,
)
from sottovoce.library.formats.markup import Element, attribute, children, name, number, tree
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import LOCKED

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_UNSEEN = {"annotation", "tracked-changes", "note", "object", "ruby-text", "forms", "image"}
_SIGNS = {"tab": "\t", "line-break": "\n"}


def read_text(source: Source) -> Iterator[News]:
    """Pages as they were last laid out, where the file says so. A paragraph is never divided."""
    archive = _unlocked(source)
    yield About(Format.OPENDOCUMENT, _title(archive), None)
    reader = _Reader(_numbered(archive))
    yield from compose(reader.parts(archive, f"{_OFFICE}text"))


def read_slides(source: Source) -> Iterator[News]:
    """Each slide a page."""
    archive = _unlocked(source)
    yield About(Format.SLIDES, _title(archive), None)
    reader = _Reader(frozenset())
    yield from compose(reader.parts(archive, f"{_OFFICE}presentation"))


def _unlocked(source: Source) -> Archive:
    archive = Archive(source)
    if "META-INF/manifest.xml" in archive.names:
        manifest = tree(archive.read("META-INF/manifest.xml"))
        if next(manifest.iter("{*}encryption-data"), None) is not None:
            raise Refused(LOCKED)
    return archive


def _title(archive: Archive) -> str:
    if "meta.xml" not in archive.names:
        return ""
    found = tree(archive.read("meta.xml")).find(".//{*}title")
    return "" if found is None else sane_title(found.text)


def _numbered(archive: Archive) -> frozenset[str]:
    """The styles of lists that count their items."""
    return frozenset(
        attribute(style, "name")
        for part, place in (("styles.xml", "styles"), ("content.xml", "automatic-styles"))
        if part in archive.names
        for style in children(archive.open(part), _OFFICE + place)
        if name(style) == "list-style"
        and style.find("{*}list-level-style-number") is not None
        and style.find("{*}list-level-style-bullet") is None
    )


@dataclass
class _Reader:
    numbered: frozenset[str]
    _notes: list[str] = field(default_factory=list)

    def parts(self, archive: Archive, body: str) -> Iterator[Part | NewPage]:
        slides = 0
        for block in children(archive.open("content.xml"), body):
            if name(block) == "page":
                if slides:
                    yield NewPage()
                slides += 1
            yield from self._block(block)
        for note in self._notes:
            yield paragraph(note)

    def _block(self, block: Element) -> Iterator[Part | NewPage]:
        match name(block):
            case "h":
                yield heading(self._text(block), number(block, "outline-level", 1))
                yield from self._framed(block)
            case "p":
                yield paragraph(self._text(block))
                yield from self._framed(block)
            case "soft-page-break":
                yield NewPage()
            case "list":
                yield from self._list(block, depth=0, numbered=False)
            case "table":
                yield from self._table(block)
            case "frame" if attribute(block, "class") == "title":
                yield heading(" ".join(map(self._text, block.iter("{*}p"))), 1)
            case kind if kind not in _UNSEEN:
                for inner in block:
                    yield from self._block(inner)

    def _list(self, block: Element, *, depth: int, numbered: bool) -> Iterator[Part | NewPage]:
        numbered = attribute(block, "style-name") in self.numbered or numbered
        count = 0
        for entry in block:
            if name(entry) not in {"list-item", "list-header"}:
                continue
            count += name(entry) == "list-item"
            mark = f"{count}." if numbered else "•"
            for inner in entry:
                if name(inner) == "list":
                    yield from self._list(inner, depth=depth + 1, numbered=numbered)
                elif name(inner) == "p":
                    yield item(self._text(inner), mark, depth)
                else:
                    # Numbered headings lie in lists, too.
                    yield from self._block(inner)

    def _table(self, table: Element) -> Iterator[Part | NewPage]:
        lines = [[cell for cell in line if name(cell) == "table-cell"] for line in _rows(table)]
        if all(len(cells) < 2 for cells in lines):
            # A frame around text, not a table.
            for block in (block for cells in lines for cell in cells for block in cell):
                yield from self._block(block)
            return
        for cells in lines:
            yield row(" ".join(map(self._text, cell.iter("{*}p"))) for cell in cells)

    def _framed(self, block: Element) -> Iterator[Part | NewPage]:
        """What stands in frames that hang on a paragraph, and the pages that begin within it."""
        for each in block.iter("{*}text-box", "{*}soft-page-break"):
            if name(each) == "soft-page-break":
                yield NewPage()
                continue
            for inner in each:
                yield from self._block(inner)

    def _text(self, element: Element) -> str:
        return "".join(self._words(element))

    def _words(self, element: Element) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            kind = name(child)
            if kind in _SIGNS:
                yield _SIGNS[kind]
            elif kind == "s":
                yield " " * min(number(child, "c", 1), 100)
            elif kind == "note":
                yield self._noted(child)
            elif kind and kind not in _UNSEEN and kind != "text-box":
                yield from self._words(child)
            yield child.tail or ""

    def _noted(self, note: Element) -> str:
        """The mark of a footnote, whose words come at the end."""
        texts = [self._text(each).strip() for each in note.iter("{*}p")]
        mark = f"[{len(self._notes) + 1}]"
        self._notes.append(f"{mark} {' '.join(texts)}")
        return mark


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        kind = name(child)
        if kind == "table-row":
            yield child
        elif kind in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from _rows(child)
