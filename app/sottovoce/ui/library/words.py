"""What is said about documents and collections."""

import re
from datetime import datetime
from pathlib import Path

from sottovoce.domain.document import Collection, Document, DocumentState, Format
from sottovoce.domain.text import size_in_words
from sottovoce.library.news import Working

_STATES = {
    DocumentState.WAITING: "Waiting",
    DocumentState.WORDS: "Words only",
    DocumentState.READY: "Ready",
    DocumentState.FAILED: "Not read",
}
STATE_TIPS = {
    DocumentState.WAITING: "It will be read soon",
    DocumentState.WORDS: "It is found by its words; soon also by what they mean",
    DocumentState.READY: "It is found by its words and by what they mean",
    DocumentState.FAILED: "It could not be read",
}
_UNITS = {
    Format.SLIDES: ("slide", "slides"),
    Format.SHEET: ("sheet", "sheets"),
    Format.EPUB: ("chapter", "chapters"),
    Format.EMAIL: ("part", "parts"),
}


def counted(count: int, one: str, more: str = "") -> str:
    """Return a number with its noun: "1 document", "1,204 documents"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def countable(name: str) -> str:
    """What sorts names as a person counts: 2 before 10."""
    return re.sub(r"\d+", lambda number: number[0].zfill(12), name.casefold())


def state(document: Document) -> str:
    """How far it is."""
    if document.state is DocumentState.READY and document.trouble:
        return "Ready in part"
    return _STATES[document.state]


def pages(document: Document) -> str:
    """How long it is, in what its format counts; empty while that is not known."""
    if not document.pages:
        return ""
    one, more = _UNITS.get(document.format or Format.TEXT, ("page", "pages"))
    return counted(document.pages, one, more)


def day(moment: datetime, now: datetime) -> str:
    """A moment as a list shows it: "14:05" today, "3 Mar" this year, "3 Mar 2024" before."""
    moment, now = moment.astimezone(), now.astimezone()
    if moment.date() == now.date():
        return f"{moment:%H:%M}"
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year}"


def contents(collection: Collection) -> str:
    """What a collection holds and how far it is, in a line."""
    if not collection.documents:
        return "Empty"
    said = [counted(collection.documents, "document")]
    if collection.waiting:
        said.append(f"{collection.waiting:,} waiting")
    if collection.failed:
        said.append(f"{collection.failed:,} not read")
    return " · ".join(said)


def facts(collection: Collection) -> list[str]:
    """Figures of a collection, the most important first."""
    if not collection.documents:
        return []
    said = [counted(collection.documents, "document")]
    said += [counted(collection.pages, "page")] if collection.pages else []
    return [*said, size_in_words(collection.size)]


def short_path(path: Path, home: Path) -> str:
    """A path as a person reads it, from their own folder on."""
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def headline(working: Working) -> str:
    """What the library does, and how much of it; empty if nothing is left to do."""
    done, total = progress(working)
    if working.waiting and working.is_paused:
        return f"Paused: {done:,} of {counted(total, 'document')} read"
    if working.waiting:
        return f"Reading {done + 1:,} of {counted(total, 'document')}"
    if working.without_vectors:
        does = "Paused: search" if working.is_paused else "Preparing search"
        return f"{does} by meaning, {done:,} of {counted(total, 'passage')}"
    return ""


def briefly(working: Working, *, is_resting: bool) -> str:
    """The same in a few words."""
    done, total = progress(working)
    if is_resting or working.is_paused:
        return "Reading paused"
    if working.waiting:
        return f"Reading {done + 1:,} of {total:,}"
    return f"Preparing search, {100 * done // total} %"


def progress(working: Working) -> tuple[int, int]:
    """How much is done, and how much it is in all: documents, then passages."""
    if working.waiting:
        return working.read, working.read + working.waiting
    return working.embedded, working.embedded + working.without_vectors


def detail(working: Working) -> str:
    """What is at hand, and how fast it goes."""
    said = []
    if working.path is not None and working.waiting:
        of = f" of {working.pages:,}" if working.pages else ""
        page = f", page {working.page:,}{of}" if working.page else ""
        said.append(f"{working.path.name}{page}")
    elif working.without_vectors and not working.waiting:
        said.append("Everything is found by its words already")
    if working.pages_per_second and working.waiting and not working.is_paused:
        speed = working.pages_per_second
        shown = f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"
        said.append(f"{shown} pages/s")
    return " · ".join(said)
