"""Decides how a file is read: by what is in it, and where that leaves a choice, by its name.

Readers are imported late: a process that reads one file needs one of them.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import partial
from importlib import import_module
from pathlib import PurePath

from sottovoce.domain.problems import Unsupported
from sottovoce.library.formats import text
from sottovoce.library.formats.archive import Archive
from sottovoce.library.formats.news import News
from sottovoce.library.formats.source import Source, beginning
from sottovoce.library.formats.troubles import UNKNOWN

_HEAD = 8_192
"""Bytes that tell most kinds of files apart."""
_DEEPEST = 3
"""Messages within messages that are still read."""

_PDF_WITHIN = 1_024
"""Bytes among which a PDF begins; some have something else in front."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = (
    b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
)  # fmt: skip
_WEB = re.compile(rb"\s*(<!doctype html|<html|<head\b|<body\b|<\?xml[^>]*>\s*<!doctype html)", re.I)
_MESSAGE = re.compile(
    rb"(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?"
    rb"(?:Received|Return-Path|Message-ID|MIME-Version|Delivered-To|From|Date):[^\n]*\n"
    rb"(?:[\w-]+:[^\n]*\n|[ \t][^\n]*\n)+\r?\n",
    re.I,
)
_MAILBOX = re.compile(rb"From \S+ .*\d{4}\r?\n(>?[\w-]+[: ].*\r?\n)")

_MESSAGES = frozenset({".eml", ".mbox", ".mbx"})
_ANYTHING = frozenset({"", ".txt", ".mht", ".mhtml"})
"""Names that messages may have, too."""
_MARKDOWN = frozenset(
    {".md", ".markdown", ".mdown", ".mkd", ".mdx", ".rst", ".org", ".qmd", ".rmd"}
)
_TABLES = frozenset({".csv", ".tsv", ".tab"})
_WEB_NAMES = frozenset({".html", ".htm", ".xhtml", ".shtml"})
_CODE = frozenset({
    ".ada", ".asm", ".awk", ".bash", ".bat", ".c", ".cc", ".cfg", ".clj", ".cljs", ".cmake",
    ".cmd", ".conf", ".cpp", ".cs", ".css", ".cu", ".cxx", ".d", ".dart", ".diff", ".el", ".elm",
    ".erl", ".ex", ".exs", ".f", ".f90", ".fish", ".fs", ".fsx", ".go", ".gradle", ".graphql",
    ".groovy", ".h", ".hh", ".hpp", ".hs", ".hxx", ".ini", ".ipynb", ".java", ".jl", ".js",
    ".json", ".jsonl", ".jsx", ".kt", ".kts", ".less", ".lisp", ".lua", ".m", ".mk", ".ml",
    ".mli", ".mm", ".nim", ".nix", ".pas", ".patch", ".php", ".pl", ".pm", ".properties",
    ".proto", ".ps1", ".py", ".pyi", ".pyx", ".r", ".rb", ".rs", ".s", ".sass", ".scala", ".scm",
    ".scss", ".sh", ".sql", ".svelte", ".swift", ".tcl", ".tex", ".tf", ".toml", ".ts", ".tsx",
    ".v", ".vb", ".vhd", ".vue", ".xml", ".xsd", ".xsl", ".xslt", ".yaml", ".yml", ".zig", ".zsh",
})  # fmt: skip
_CODE_NAMES = frozenset({"dockerfile", "makefile", "cmakelists.txt", "jenkinsfile", "rakefile"})


class _Kind(Enum):
    """What is read in one way."""

    PDF = auto()
    PACKED = auto()
    """A zip archive, as the formats of all offices are."""
    COMPOUND = auto()
    """What such formats were before."""
    PICTURE = auto()
    RTF = auto()
    MESSAGE = auto()
    MAILBOX = auto()
    WEB = auto()
    MARKDOWN = auto()
    ORG = auto()
    TABLE = auto()
    CODE = auto()
    TEXT = auto()


_PLAIN = {_Kind.MARKDOWN, _Kind.ORG, _Kind.TABLE, _Kind.CODE, _Kind.TEXT}

_READERS = (
    "code", "compound", "epub", "image", "mail", "markdown", "opendocument", "outlook", "pdf",
    "rtf", "sheet", "slides", "table", "web", "word",
)  # fmt: skip

_PACKED = "This is an archive. Unpack it, and add what is in it."
_APPLE = "This is a file of Apple's programs. Export it as PDF, or to a format of Office."
_TOO_DEEP = "It lies too deep within other messages."


def import_readers() -> None:
    """Have all readers at hand, for the forks that need one each."""
    for name in _READERS:
        import_module(f"sottovoce.library.formats.{name}")


def read(source: Source, name: str, depth: int = 0) -> Iterator[News]:
    """Read whatever this is; `name` is that of the file. Raises Problems, and OSError.

    What is attached to a message is read in the same way, `depth` messages deep.
    """
    if depth > _DEEPEST:
        raise Unsupported(_TOO_DEEP)
    match _kind(beginning(source, _HEAD), name):
        case _Kind.PDF:
            from sottovoce.library.formats import pdf

            return pdf.read(source)
        case _Kind.PACKED:
            return _packed(source)
        case _Kind.COMPOUND:
            return _compound(source, depth)
        case _Kind.PICTURE:
            from sottovoce.library.formats import image

            return image.read(source)
        case _Kind.RTF:
            from sottovoce.library.formats import rtf

            return rtf.read(source)
        case _Kind.MESSAGE:
            from sottovoce.library.formats import mail

            return mail.read(source, partial(read, depth=depth + 1))
        case _Kind.MAILBOX:
            from sottovoce.library.formats import mail

            return mail.read_mailbox(source, partial(read, depth=depth + 1))
        case _Kind.WEB:
            from sottovoce.library.formats import web

            return web.read(source)
        case _Kind.MARKDOWN:
            from sottovoce.library.formats import markdown

            return markdown.read(source)
        case _Kind.ORG:
            from sottovoce.library.formats import markdown

            return markdown.read_org(source)
        case _Kind.TABLE:
            from sottovoce.library.formats import table

            return table.read(source)
        case _Kind.CODE:
            from sottovoce.library.formats import code

            return code.read(source)
        case _Kind.TEXT:
            return text.read(source)
    raise Unsupported(UNKNOWN)


def is_plain(data: bytes, name: str) -> bool:
    """Whether nothing but Python is needed to read this: it is plain text of one sort or other."""
    return _kind(data[:_HEAD], name) in _PLAIN


def _kind(head: bytes, name: str) -> _Kind | None:
    """What a file of this name is that begins so; None if nobody reads it."""
    name = name.lower()
    suffix = PurePath(name).suffix
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return _Kind.PDF
    if head.startswith(_ZIP):
        return _Kind.PACKED
    if head.startswith(_COMPOUND):
        return _Kind.COMPOUND
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return _Kind.PICTURE
    if head.lstrip().startswith(b"{\\rtf"):
        return _Kind.RTF
    if not text.is_text(head):
        return None
    if suffix in _MESSAGES or (
        suffix in _ANYTHING and (_MESSAGE.match(head) or _MAILBOX.match(head))
    ):
        return _Kind.MAILBOX if _MAILBOX.match(head) else _Kind.MESSAGE
    if suffix in _WEB_NAMES or _WEB.match(head):
        return _Kind.WEB
    if suffix in _MARKDOWN:
        return _Kind.ORG if suffix == ".org" else _Kind.MARKDOWN
    if suffix in _TABLES:
        return _Kind.TABLE
    if suffix in _CODE or name in _CODE_NAMES or head.startswith((b"#!", b"<?xml")):
        return _Kind.CODE
    return _Kind.TEXT


def _packed(source: Source) -> Iterator[News]:
    archive = Archive(source)
    kind = ""
    if "mimetype" in archive.names:
        kind = archive.open("mimetype").read(100).decode("ascii", "replace").strip()
    folders = {name.partition("/")[0] for name in archive.names}
    if "epub" in kind or "META-INF/container.xml" in archive.names:
        from sottovoce.library.formats import epub

        return epub.read(source)
    if "opendocument.text" in kind:
        from sottovoce.library.formats import opendocument

        return opendocument.read_text(source)
    if "opendocument.presentation" in kind:
        from sottovoce.library.formats import opendocument

        return opendocument.read_slides(source)
    if "opendocument.spreadsheet" in kind or "xl" in folders:
        from sottovoce.library.formats import sheet

        return sheet.read(source)
    if "word" in folders:
        from sottovoce.library.formats import word

        return word.read(source)
    if "ppt" in folders:
        from sottovoce.library.formats import slides

        return slides.read(source)
    if "Index" in folders or "Index.zip" in archive.names:
        raise Unsupported(_APPLE)
    raise Unsupported(_PACKED)


def _compound(source: Source, depth: int) -> Iterator[News]:
    from sottovoce.library.formats import compound

    if compound.is_message(source):
        from sottovoce.library.formats import outlook

        return outlook.read(source, partial(read, depth=depth + 1))
    from sottovoce.library.formats import sheet

    return sheet.read(source)
