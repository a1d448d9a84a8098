"""Reads HTML: what a browser would show of it, without anything that it would fetch or run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sottovoce.domain.document import BlockKind, Format
from sottovoce.domain.text import encodable
from sottovoce.library.formats.compose import (
    Part,
    apart,
    cleaned,
    compose,
    heading,
    item,
    row,
    sane_title,
)
from sottovoce.library.formats.news import About, News
from sottovoce.library.formats.source import Source, beginning
from sottovoce.library.formats.text import MOST, decoded

_UNSEEN = {
    "head", "script", "style", "noscript", "template", "svg", "iframe", "object", "select",
    "datalist", "rp", "rt", "canvas", "audio", "video", "-comment",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "math", "nobr", "q", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "button", "img",
    "input", "-text",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CELLS = {"td", "th"}
_BREAK = "\0"
"""Stands for a new line until those that mean nothing are gone."""
_APART = 2 * _BREAK
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)"""
)
_SPACE = re.compile(r"[ \t\n\f\u00a0]+")
_AROUND_BREAK = re.compile(r" ?\n ?")


def read(source: Source) -> Iterator[News]:
    """One page."""
    title, parts = shown(written(beginning(source, MOST)))
    yield About(Format.HTML, title, None)
    yield from compose(parts)


def written(data: bytes, declared: str = "") -> str:
    """The text of an HTML file, which may say itself how it is encoded."""
    found = _DECLARED.search(data[:4_000])
    return decoded(data, declared or (found[1].decode("ascii", "replace") if found else ""))


def shown(html: str) -> tuple[str, Iterator[Part]]:
    """The title of an HTML text, and what is seen of it."""
    parser = LexborHTMLParser(encodable(cleaned(html)))
    title = parser.css_first("title")
    name = sane_title(title.text()) if title else ""
    return name, _Shown().parts(parser)


@dataclass
class _Shown:
    """What is gathered on the way through a page."""

    _words: list[str] = field(default_factory=list)
    _lists: list[int | None] = field(default_factory=list)
    """The lists around this place; of those that count, the number of the last item."""
    _mark: str = ""
    """What stands before the item that begins here."""
    _rows: list[list[str]] = field(default_factory=list)
    """The rows around this place: the cells that are finished."""
    _verbatim: int = 0

    def parts(self, parser: LexborHTMLParser) -> Iterator[Part]:
        for node, is_left in _walk(parser.body or parser.root):
            tag = node.tag or ""
            if tag == "-text":
                self._words.append("" if is_left else node.text_content or "")
            elif tag == "br":
                self._words.append("" if is_left else _BREAK)
            elif tag not in _INLINE:
                yield from self._leave(tag) if is_left else self._enter(node, tag)
        yield from self._flushed()

    def _enter(self, node: LexborNode, tag: str) -> Iterator[Part]:
        if tag in _CELLS:
            return
        if self._rows and tag in {"p", "div"}:
            self._words.append(_APART)
            return
        yield from self._flushed()
        if tag in {"ul", "ol", "menu"}:
            self._lists.append(_first(node) - 1 if tag == "ol" else None)
        elif tag == "li":
            self._mark = self._next_mark()
        elif tag == "tr":
            self._rows.append([])
        elif tag == "pre":
            self._verbatim += 1

    def _leave(self, tag: str) -> Iterator[Part]:
        if self._rows and tag in _CELLS:
            self._rows[-1].append(self._text())
        elif self._rows and tag in {"p", "div"}:
            self._words.append(_APART)
        elif self._rows and tag == "tr":
            yield from self._flushed()
            self._rows.pop()
        else:
            level = _HEADINGS.get(tag)
            yield from self._flushed(level)
            if tag in {"ul", "ol", "menu"} and self._lists:
                self._lists.pop()
            elif tag == "pre":
                self._verbatim -= 1

    def _flushed(self, level: int | None = None) -> Iterator[Part]:
        """What was gathered since the last block: a row that is unfinished comes first."""
        if self._rows and self._rows[-1]:
            cells = self._rows[-1]
            # A single cell is a frame around text, not a table.
            yield from [row(cells)] if len(cells) > 1 else apart(cells[0])
            cells.clear()
        is_verbatim = bool(self._verbatim)
        if not (text := self._text()):
            return
        if level is not None:
            yield heading(text, level)
        elif self._mark:
            yield item(text, self._mark, max(0, len(self._lists) - 1))
            self._mark = ""
        elif is_verbatim:
            yield Part(BlockKind.CODE, text)
        else:
            yield from apart(text)

    def _text(self) -> str:
        text = "".join(self._words)
        self._words.clear()
        if self._verbatim:
            return text.replace(_BREAK, "\n").strip("\n")
        return _AROUND_BREAK.sub("\n", _SPACE.sub(" ", text).replace(_BREAK, "\n")).strip()

    def _next_mark(self) -> str:
        if not self._lists or (last := self._lists[-1]) is None:
            return "•"
        self._lists[-1] = last + 1
        return f"{last + 1}."


def _walk(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Each node that is seen, when it is entered and when it is left. Any depth is walked."""
    if root is None:
        return
    node, is_left = root, False
    while True:
        is_seen = is_left or not _is_hidden(node)
        if is_seen:
            yield node, is_left
        if is_seen and not is_left:
            child = node.first_child
            node, is_left = child or node, child is None
        elif node.mem_id == root.mem_id:
            return
        elif (following := node.next) is not None:
            node, is_left = following, False
        elif (parent := node.parent) is not None:
            node, is_left = parent, True
        else:
            return


def _is_hidden(node: LexborNode) -> bool:
    if node.tag is None or node.tag in _UNSEEN:
        return True
    if node.tag == "-text":
        return False
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def _first(node: LexborNode) -> int:
    start = node.attributes.get("start") or ""
    return int(start) if start.isdecimal() and len(start) < 9 else 1
