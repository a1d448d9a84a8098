"""Reads books (epub): each chapter a page, in the order in which the book is read."""

import posixpath
import re
from collections.abc import Iterator

from sottovoce.domain.document import BlockKind, Format
from sottovoce.domain.problems import Damaged, Refused
from sottovoce.library.formats.archive import Archive
from sottovoce.library.formats.compose import compose, sane_title
from sottovoce.library.formats.markup import Element, attribute, tree
from sottovoce.library.formats.news import About, News, Partly
from sottovoce.library.formats.source import Source
from sottovoce.library.formats.troubles import DAMAGED
from sottovoce.library.formats.web import shown, written

_LOCKED = "This book is locked by its seller, and opens in the seller's programs only."
_FONT_LOCKS = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
"""Ways to lock the fonts of a book alone."""
_PAGES = {"application/xhtml+xml", "text/html", "application/xml", ""}
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


def read(source: Source) -> Iterator[News]:
    """Chapters, each called by its first heading."""
    archive = Archive(source)
    _ask_for_lock(archive)
    place = _package(archive)
    package = tree(archive.read(place))
    found = package.find(".//{*}metadata/{*}title")
    chapters = _chapters(package, posixpath.dirname(place))
    yield About(Format.EPUB, "" if found is None else sane_title(found.text), len(chapters))
    number = 1
    for chapter in chapters:
        try:
            _, parts = shown(written(archive.read(chapter)))
        except Damaged:
            yield Partly(f"Chapter {number} is damaged or missing.")
            parts = iter(())
        read_parts = list(parts)
        titles = (part.text for part in read_parts if part.kind is BlockKind.HEADING)
        for page in compose(read_parts, number, next(titles, "")[:100]):
            yield page
            number = page.number + 1


def _ask_for_lock(archive: Archive) -> None:
    if "META-INF/encryption.xml" not in archive.names:
        return
    methods = tree(archive.read("META-INF/encryption.xml")).iter("{*}EncryptionMethod")
    if any(method.get("Algorithm") not in _FONT_LOCKS for method in methods):
        raise Refused(_LOCKED)


def _package(archive: Archive) -> str:
    """The part that says what belongs to the book."""
    if "META-INF/container.xml" in archive.names:
        root = tree(archive.read("META-INF/container.xml")).find(".//{*}rootfile")
        if root is not None and root.get("full-path"):
            return str(root.get("full-path"))
    if packages := [each for each in archive.names if each.endswith(".opf")]:
        return min(packages)
    raise Damaged(DAMAGED)


def _chapters(package: Element, folder: str) -> list[str]:
    items = {each.get("id"): each for each in package.iter("{*}item")}
    spine = (items.get(each.get("idref")) for each in package.iter("{*}itemref"))
    return [
        posixpath.join(folder, _unescaped(attribute(each, "href")))
        for each in spine
        if each is not None and attribute(each, "media-type") in _PAGES
    ]


def _unescaped(reference: str) -> str:
    path = reference.partition("#")[0].encode()
    return _ESCAPED.sub(lambda code: bytes.fromhex(code[1].decode()), path).decode(
        "utf-8", "replace"
    )
