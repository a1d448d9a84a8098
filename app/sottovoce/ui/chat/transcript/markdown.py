"""Markdown as a flat list of blocks. HTML in it is plain text, and images are their addresses."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sottovoce.domain.document import Support


class Container(Enum):
    """What a block can stand inside."""

    QUOTE = "quote"
    LIST = "list"


class Joint(StrEnum):
    """How a block follows the one before; the value stands between them in plain text."""

    APART = "\n\n"
    CLOSE = "\n"
    """The next item of a list, the next line of typed text."""
    SAME = ""
    """A very long paragraph goes on."""


class Span(NamedTuple):
    """Words in one style. A tuple, for a growing reply makes thousands in a second."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    link: str = ""
    """Where a click leads: http, https or mailto."""
    citation: int = 0
    """The number of the citation whose mark this is; 0 for all other words."""
    doubt: Support | None = None
    """How the words fail to be borne out by the documents, where they do."""


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running words, or a heading."""

    spans: Spans
    level: int = 0
    """1 to 6 for a heading."""

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that are kept exactly as they are."""

    text: str
    language: str = ""
    is_open: bool = False
    """The end of it is still to come."""


class Align(Enum):
    """Where the words of a table's column stand."""

    START = "start"
    CENTRE = "centre"
    END = "end"


Row = tuple[Spans, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A head and rows of as many cells."""

    head: Row
    rows: tuple[Row, ...]
    aligns: tuple[Align, ...]

    @property
    def text(self) -> str:
        rows = (self.head, *self.rows)
        return "\n".join("\t".join("".join(s.text for s in cell) for cell in row) for row in rows)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""

    text: str = ""


Content = Paragraph | Code | Table | Rule


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a message, with the lists and quotes it stands in."""

    content: Content
    within: tuple[Container, ...] = ()
    marker: str = ""
    """In front of the first block of a list's item: • or 1. or ☐ or ☑."""
    joint: Joint = Joint.APART

    @property
    def text(self) -> str:
        return self.content.text


class Resume(NamedTuple):
    """The list that a text goes on with."""

    number: int | None
    """Of its next item; None where items have no numbers."""


class Cut(NamedTuple):
    """Where the last section of a text begins. Everything above stays, whatever follows."""

    line: int
    blocks: int
    """How many blocks lie above it."""
    resume: Resume | None
    """The list whose item it is; None where it isn't the next item of one."""


BULLET = "•"
UNDONE, DONE = "☐", "☑"

LONGEST_MARKDOWN = 400_000
"""Characters; longer texts are shown as they are. Parsing takes about 0.4 s per million."""
LONGEST_PARAGRAPH = 6_000
"""Characters; longer ones are laid out in pieces, so that drawing one stays within a frame."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_DEEPEST = 60
"""Quotes and lists in one another; each list counts twice."""
_BLOCKS = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
_BLOCKS.enable("table").disable(["inline", "text_join"])
"""Leaves the words inside of blocks to `_MARKDOWN`, so that none need be read twice."""
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]}*_~]", re.IGNORECASE)
_LINK_SCHEMES = ("http://", "https://", "mailto:")
_TASK = re.compile(r"\[([ xX])\](?=\s)\s+")
_BREAK = re.compile(r"[.!?:;,。、] +(?=\w)|(?<=\w) +(?=\w)")
_LINE_END = re.compile(r"\r\n?")


def normalised(text: str) -> str:
    """The text with every end of line written the same way."""
    return _LINE_END.sub("\n", text) if "\r" in text else text


def typed(text: str) -> list[Block]:
    """Text exactly as a person typed it, a block for each line."""
    blocks: list[Block] = []
    for line in normalised(text).split("\n"):
        for i, piece in enumerate(_pieces(line)):
            paragraph = Paragraph((Span(piece),) if piece else ())
            blocks.append(Block(paragraph, joint=Joint.SAME if i else Joint.CLOSE))
    return blocks


def parse(text: str) -> list[Block]:
    """The blocks of a Markdown text."""
    if len(text) > LONGEST_MARKDOWN:
        return typed(text)
    return closed(parse_from(normalised(text), None, {})[0])


def closed(blocks: list[Block]) -> list[Block]:
    """The blocks of a text that is complete: code whose last fence is missing ends with it."""
    if not blocks or not isinstance(blocks[-1].content, Code):
        return blocks
    return [*blocks[:-1], replace(blocks[-1], content=replace(blocks[-1].content, is_open=False))]


def parse_from(
    text: str, resume: Resume | None, known: dict[str, Spans]
) -> tuple[list[Block], Cut]:
    """The blocks of a text that may go on with a list, and where its last section begins.

    `known` spares reading whole pieces of a very long paragraph twice, and learns new ones.
    """
    reader = _Reader(text, resume, known)
    tokens = _BLOCKS.parse(text, reader.definitions)
    if any(token.level + 1 >= _DEEPEST for token in tokens):
        return typed(text), Cut(0, 0, resume)  # Markdown-it leaves out what lies deeper.
    reader.read(tokens)
    return reader.blocks, reader.cut


class _Reader:
    """Flattens markdown-it's tokens."""

    def __init__(self, text: str, resume: Resume | None, known: dict[str, Spans]) -> None:
        self.blocks: list[Block] = []
        self.definitions: dict[str, object] = {}
        """Markdown-it's environment: the addresses that names stand for."""
        self.cut = Cut(0, 0, resume)
        self._lines = text.split("\n")
        self._resume = resume
        self._known = known
        self._within: list[Container] = []
        self._numbers: list[int | None] = []
        self._marker = ""
        self._starts_list = False

    def read(self, tokens: Sequence[Token]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            self._note_cut(token)
            match token.type:
                case "blockquote_open":
                    self._place_marker()
                    self._within.append(Container.QUOTE)
                case "bullet_list_open" | "ordered_list_open":
                    self._open_list(token)
                case "list_item_open":
                    self._open_item(token)
                case "list_item_close":
                    self._place_marker()
                case "bullet_list_close" | "ordered_list_close":
                    self._within.pop()
                    self._numbers.pop()
                case "blockquote_close":
                    self._within.pop()
                case "heading_open":
                    self._add_paragraph(tokens[at + 1], level=int(token.tag[1:]))
                    at += 1
                case "inline":
                    self._add_paragraph(token, level=0)
                case "fence" | "code_block":
                    self._add_code(token)
                case "hr":
                    self._add(Rule())
                case "table_open":
                    end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                    self._add(self._table(tokens[at:end]))
                    at = end
            at += 1

    def _note_cut(self, token: Token) -> None:
        if token.map is None or token.nesting < 0:
            return
        if token.level == 0 and token.type not in ("bullet_list_open", "ordered_list_open"):
            self.cut = Cut(token.map[0], len(self.blocks), None)

    def _open_list(self, token: Token) -> None:
        self._place_marker()
        self._starts_list = not self._within
        start = int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None
        goes_on = token.level == 0 and not self.blocks and self._resume is not None
        if goes_on and self._resume is not None:
            self._starts_list = False
            start = self._resume.number
        self._within.append(Container.LIST)
        self._numbers.append(start)

    def _open_item(self, token: Token) -> None:
        number = self._numbers[-1]
        if token.level == 1 and token.map is not None:
            resume = None if self._starts_list else Resume(number)
            self.cut = Cut(token.map[0], len(self.blocks), resume)
        if number is None:
            self._marker = BULLET
            return
        self._marker = f"{number}{token.markup}"
        self._numbers[-1] = number + 1

    def _place_marker(self) -> None:
        """Show the marker of an item that has no words of its own."""
        if self._marker:
            self._add(Paragraph(()))

    def _add_paragraph(self, inline: Token, level: int) -> None:
        pieces = list(_pieces(inline.content))
        for i, piece in enumerate(pieces):
            is_whole = i + 1 < len(pieces)
            spans = self._known_spans(piece) if is_whole else self._spans(piece)
            task = _TASK.match(spans[0].text) if spans and self._marker == BULLET else None
            if task:
                self._marker = UNDONE if task[1] == " " else DONE
                spans = (spans[0]._replace(text=spans[0].text[task.end() :]), *spans[1:])
            self._add(Paragraph(spans, level), goes_on=i > 0)

    def _known_spans(self, text: str) -> Spans:
        if self.definitions.get("references"):
            return (*self._spans(text), Span(" "))
        if text not in self._known:
            words = text.rstrip()  # Markdown-it drops blanks at the end.
            self._known[text] = (*self._spans(words), Span(text[len(words) :]))
        return self._known[text]

    def _spans(self, text: str) -> Spans:
        inline = _MARKDOWN.parseInline(text, self.definitions)[0]
        return tuple(_spans(inline.children or ()))

    def _table(self, tokens: Sequence[Token]) -> Table:
        rows: list[list[Spans]] = []
        aligns: list[Align] = []
        for token in tokens:
            match token.type:
                case "tr_open":
                    rows.append([])
                case "th_open":
                    aligns.append(_align(str(token.attrGet("style") or "")))
                case "inline":
                    rows[-1].append(self._spans(token.content))
        head, *body = (tuple(row) for row in rows)
        return Table(head, tuple(body), tuple(aligns))

    def _add_code(self, token: Token) -> None:
        is_open = token.type == "fence" and not self._is_closed(token)
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        self._add(Code(token.content.removesuffix("\n"), language, is_open))

    def _is_closed(self, fence: Token) -> bool:
        assert fence.map is not None
        first, end = fence.map
        last_line = self._lines[end - 1].strip(" \t>")
        return (
            end - first > 1
            and len(last_line) >= len(fence.markup)
            and not last_line.strip(fence.markup[0])
        )

    def _add(self, content: Content, *, goes_on: bool = False) -> None:
        joint = Joint.APART
        if goes_on:
            joint = Joint.SAME
        elif self._marker and not self._starts_list:
            joint = Joint.CLOSE
        self.blocks.append(Block(content, tuple(self._within), self._marker, joint))
        self._marker = ""
        self._starts_list = False


def _align(style: str) -> Align:
    if style.endswith("center"):
        return Align.CENTRE
    return Align.END if style.endswith("right") else Align.START


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    bold = italic = struck = False
    link = ""
    for token in tokens:
        match token.type:
            case "text" if token.content:
                span = Span(token.content, bold, italic, struck, False, link)
                yield from _with_addresses(span) if "://" in span.text and not link else (span,)
            case "softbreak" | "hardbreak":
                yield Span("\n", bold, italic, struck, False, link)
            case "code_inline":
                yield Span(token.content, bold, italic, struck, True, link)
            case "image":
                text = f"{token.content} ({token.attrGet('src')})".lstrip()
                yield Span(text, bold, italic, struck, False, link)
            case "strong_open" | "strong_close":
                bold = token.nesting > 0
            case "em_open" | "em_close":
                italic = token.nesting > 0
            case "s_open" | "s_close":
                struck = token.nesting > 0
            case "link_open":
                address = str(token.attrGet("href") or "")
                link = address if address.lower().startswith(_LINK_SCHEMES) else ""
            case "link_close":
                link = ""


def _with_addresses(span: Span) -> Iterator[Span]:
    """The span in pieces, so that bare web addresses in it are links."""
    end = 0
    for address in _ADDRESS.finditer(span.text):
        if address.start() > end:
            yield span._replace(text=span.text[end : address.start()])
        yield span._replace(text=address[0], link=address[0])
        end = address.end()
    if end < len(span.text):
        yield span._replace(text=span.text[end:])


def _pieces(text: str) -> Iterator[str]:
    """A very long paragraph in several. Where they end depends only on what stands before."""
    start = 0
    while len(text) - start > LONGEST_PARAGRAPH:
        end = _good_break(text, start)
        yield text[start:end]
        start = end
    yield text[start:]


def _good_break(text: str, start: int) -> int:
    """Where to break: after a sentence or at least a word, and outside of any emphasis."""
    most = start + LONGEST_PARAGRAPH
    breaks = [found.end() for found in _BREAK.finditer(text, most - 1000, most)]
    outside = (end for end in reversed(breaks) if _is_balanced(text[start:end]))
    return next(outside, breaks[-1] if breaks else most)


def _is_balanced(text: str) -> bool:
    brackets = text.count("[") - text.count("]")
    return not (brackets or any(text.count(sign) % 2 for sign in ("`", "**", "*", "__", "_")))


def cut_spans(spans: Spans, start: int, end: int) -> Spans:
    """What lies between two positions in the spans' text."""
    kept = []
    at = 0
    for span in spans:
        until = at + len(span.text)
        if start <= at and until <= end:
            kept.append(span)
        elif at < end and start < until:
            kept.append(span._replace(text=span.text[max(0, start - at) : end - at]))
        at = until
    return tuple(kept)
