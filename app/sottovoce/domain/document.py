"""Documents: where they lie, what is written in them, and what was found there."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Format(StrEnum):
    """What kind of file a document is."""

    PDF = "pdf"
    WORD = "docx"
    OPENDOCUMENT = "odt"
    RTF = "rtf"
    SLIDES = "pptx"
    SHEET = "xlsx"
    """And its relatives xls and ods."""
    EPUB = "epub"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    CSV = "csv"
    EMAIL = "email"
    """One message, or a mailbox of many."""
    CODE = "code"
    IMAGE = "image"


class BlockKind(StrEnum):
    """What a part of a page is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    """One item of it."""
    TABLE = "table"
    """One row of it; the row of headings first."""
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page: its place in the page's text, in characters."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Of a heading, from 1, the highest."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document: whatever its format counts, or all of it if it counts nothing."""

    number: int
    """From 1: the page, slide, sheet, chapter, message or attachment."""
    text: str
    """As it was read. Everything that points into a document counts characters in this."""
    blocks: tuple[Block, ...] = ()
    """In the order of the text, without overlap. Between them is empty space, or marks of a format
    that is read as it is written: those before a heading of Markdown."""
    label: str = ""
    """What a person calls it, where that is more than its number: "Sheet Costs"."""
    boxes: bytes = b""
    """Where the words of a scanned page stand, as its reader packed it; else empty."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a page's text."""

    page: int
    start: int
    """In characters of the page's text."""
    end: int


class DocumentState(StrEnum):
    """How far a document is searchable."""

    WAITING = "waiting"
    """It is to be read, or read again."""
    WORDS = "words"
    """By its words; its vectors follow."""
    READY = "ready"
    """By words and meaning."""
    FAILED = "failed"
    """It could not be read. What was read of it before, if anything, is still searchable."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents that are searched together."""

    id: int
    name: str
    embedding: str
    """The identity of the embedding model its documents are searched by."""
    created: datetime
    next_embedding: str = ""
    """The one that takes its place once all documents have its vectors; empty if none does."""
    conversation: int | None = None
    """The only chat that these documents are for; None for a collection of its own name."""
    documents: int = 0
    waiting: int = 0
    without_vectors: int = 0
    failed: int = 0
    pages: int = 0
    passages: int = 0
    size: int = 0
    """Bytes of the files."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder whose documents are in a collection, and stay what they are on the disk."""

    id: int
    collection: int
    path: Path
    is_watched: bool = True
    trouble: str = ""
    """A sentence, if it cannot be looked into now."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file in a collection."""

    id: int
    collection: int
    path: Path
    size: int
    """Bytes, when it was looked at last."""
    modified: datetime
    """As the file system has it, when it was looked at last."""
    added: datetime
    state: DocumentState
    folder: int | None = None
    """The watched folder it came with; None if it was added by itself."""
    format: Format | None = None
    """None until it has been read."""
    title: str = ""
    """What it calls itself; empty if it does not."""
    pages: int = 0
    passages: int = 0
    trouble: str = ""
    """A sentence: why it could not be read, or what of it could not."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.title or self.path.stem


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is found and read as a whole."""

    id: int
    document: int
    path: Path
    title: str
    span: Span
    text: str
    """Just what stands in the page's text there."""
    headings: tuple[str, ...] = ()
    """The headings above it, the highest first."""
    label: str = ""
    """What a person calls the page."""
    pages: int = 1
    """How many pages the document has."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that a search brought up."""

    passage: Passage
    score: float
    """From 0 to 1, comparable within one search only."""
    likeness: float | None = None
    """Cosine of question and passage; None where there is no vector."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents are searched: those in any of the collections, and those named by themselves.

    What else is given narrows that down.
    """

    collections: tuple[int, ...] = ()
    documents: tuple[int, ...] = ()
    folder: Path | None = None
    formats: tuple[Format, ...] = ()
    since: datetime | None = None
    """Modified then or later."""

    @property
    def is_empty(self) -> bool:
        return not self.collections and not self.documents


class Support(StrEnum):
    """How far the documents bear out what a reply states."""

    SUPPORTED = "supported"
    """A passage says so."""
    UNSUPPORTED = "unsupported"
    """No passage that the model was shown says so."""
    MISQUOTED = "misquoted"
    """It stands between quotation marks, and in none of the passages."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The place in a document that bears out a statement: what stands there, letter by letter."""

    number: int
    """As a reader sees it, from 1."""
    document: int
    path: Path
    title: str
    span: Span
    quote: str
    label: str = ""
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a reply, and what it rests on."""

    start: int
    """In characters of the reply's text."""
    end: int
    support: Support
    citations: tuple[int, ...] = ()
    """Their numbers."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a reply was written from, and how far it is borne out."""

    passages: tuple[Passage, ...] = ()
    """What the model was shown, in the order it was shown."""
    whole: tuple[int, ...] = ()
    """Documents that the model was shown from the first to the last word."""
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    """Empty until the reply is finished."""
    is_not_found: bool = False
    """Whether the answer is that the documents do not say."""
    query: str = ""
    """What was searched for, if that is not the question itself."""
