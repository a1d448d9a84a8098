"""The document beside the chat: which page is shown, what is marked on it, what is sought."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from sottovoce.chat.quoting import Source
from sottovoce.domain.document import Citation, Document, Format, Page, Sources, Span
from sottovoce.domain.problems import Missing, Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library
from sottovoce.library.rendering import PageRenderer, Rendering
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_Result = TypeVar("_Result")

_DRAWN = (Format.PDF, Format.IMAGE)
"""What is shown as it looks; all else as its text."""
_MOST_FOUND = 2_000
_CHANGED = "This file has changed since it was read: what is marked may have moved."
_UNREAD = "This document has not been read yet. Open it again in a while."
_GONE = "The file is not where it was. This is its text as it was read."


@dataclass(frozen=True, slots=True)
class Marked:
    """A stretch of the page, and why it is marked."""

    span: Span
    is_found: bool = False
    """It was sought; else an answer rests on it."""
    is_current: bool = False
    """It is what the reader came for."""


@dataclass(frozen=True, slots=True)
class _Opened:
    document: Document
    page: Page
    notice: str
    is_there: bool


class ViewerViewModel(QObject):
    """One document at a time, one page of it."""

    opened = Signal()
    """There is something to show."""
    changed = Signal()
    """The document, the page, what is marked or what is said about it is another."""
    drawn = Signal()
    """The picture of the page is there."""
    found = Signal(bool)
    """Whether what was sought is in the document."""

    def __init__(self, library: Library, tasks: Tasks, *, needs_sandbox: bool = False) -> None:
        """`needs_sandbox` is as that of a PageRenderer."""
        super().__init__()
        self._needs_sandbox = needs_sandbox
        self._library = library
        self._tasks = tasks
        self._document: Document | None = None
        self._page: Page | None = None
        self._wanted: int | None = None
        """The document that is shown, or was asked for and is on its way."""
        self._number = 1
        self._notice = ""
        self._is_there = False
        self._wants_text = False
        self._places: tuple[Source, ...] = ()
        self._at = 0
        self._sought = ""
        self._matches: tuple[Span, ...] = ()
        self._match = 0
        self._is_seeking = False
        self._searches = 0
        self._questions = 0
        self._renderer: PageRenderer | None = None
        self._width = 0
        self._rendering: Rendering | None = None
        self._shown: tuple[object, ...] | None = None
        """What the picture is of."""
        self._is_drawing = False

    # What is shown.

    @property
    def document(self) -> Document | None:
        """None while there is none to be shown."""
        return self._document

    @property
    def page(self) -> Page | None:
        """As it was read."""
        return self._page

    @property
    def notice(self) -> str:
        """What has to be known about the document; empty if nothing has."""
        return self._notice

    @property
    def can_be_drawn(self) -> bool:
        """Whether the page can be shown as it looks."""
        document = self._document
        return document is not None and document.format in _DRAWN and self._is_there

    @property
    def is_text(self) -> bool:
        """Whether the page is shown as text."""
        return self._wants_text or not self.can_be_drawn

    @property
    def rendering(self) -> Rendering | None:
        """The page as it looks, with the boxes of its marks; None until it is drawn."""
        document, page, shown = self._document, self._page, self._shown
        if document is None or page is None or shown is None:
            return None
        return self._rendering if shown[:2] == (document.id, page.number) else None

    @property
    def place(self) -> tuple[int, int]:
        """Which of how many places an answer rests on is shown, from 1; zeros without any."""
        return (self._at + 1, len(self._places)) if self._places else (0, 0)

    @property
    def source(self) -> Source | None:
        """The place an answer rests on that is shown."""
        return self._places[self._at] if self._places else None

    @property
    def marks(self) -> tuple[Marked, ...]:
        """What is marked on the page."""
        page, document = self._page, self._document
        if page is None or document is None:
            return ()
        current = self.source
        cited = [
            Marked(each.span, is_current=each is current)
            for each in self._places
            if each.document == document.id and each.span.page == page.number
        ]
        found = [
            Marked(span, is_found=True, is_current=number == self._match)
            for number, span in enumerate(self._matches)
            if span.page == page.number
        ]
        return (*cited, *found)

    @property
    def cited_text(self) -> str:
        """What was cited where the reader looks; all of the page if nothing was."""
        source, page = self.source, self._page
        if page is None:
            return ""
        if source is None or source.span.page != page.number:
            return page.text
        return page.text[source.span.start : source.span.end]

    # Going somewhere.

    def open_source(self, sources: Sources, source: Source) -> None:
        """Show a place that an answer rests on; the others of its kind can be gone through."""
        is_citation = isinstance(source, Citation)
        self._places = sources.citations if is_citation else sources.passages
        self._at = self._places.index(source)
        self._go(source.document, source.span.page)
        self.opened.emit()

    def open_document(self, document: int, page: int = 1, places: Sequence[Source] = ()) -> None:
        """Show a page of a document, with places marked on it."""
        self._places, self._at = tuple(places), 0
        self._go(document, page)
        self.opened.emit()

    def step_place(self, step: int) -> None:
        """Show the next place or the one before, round the ends."""
        if self._places:
            self._at = (self._at + step) % len(self._places)
            source = self._places[self._at]
            self._go(source.document, source.span.page)

    def show_page(self, number: int) -> None:
        """Show another page of the document, if it has one of this number."""
        document = self._document
        if document is None or document.id != self._wanted:
            return  # Another is on its way.
        if 1 <= number <= document.pages and number != self._number:
            self._go(document.id, number)

    @property
    def number(self) -> int:
        """Of the page that is shown, or asked for."""
        return self._number

    def show_as_text(self, is_text: bool) -> None:
        """Show the text of the page, or how it looks."""
        self._wants_text = is_text
        self.changed.emit()
        self._draw()

    def close(self) -> None:
        """Show nothing any more."""
        self._questions += 1
        self._wanted = self._document = self._page = self._rendering = self._shown = None
        self._places = ()
        self._forget_sought()
        self._let_go()

    def _go(self, document: int, number: int) -> None:
        """Show a page of a document."""
        self._questions += 1
        question = self._questions
        if document != self._wanted:
            self._forget_sought()
        self._wanted, self._number = document, number

        def read() -> _Opened:
            found = self._library.document(document)
            notice, is_there = _state_of(found)
            if not found.pages:
                raise Missing(found.trouble or _UNREAD)
            return _Opened(found, self._library.page(document, number), notice, is_there)

        def take(opened: _Opened) -> None:
            if question == self._questions:
                self._take(opened)

        def fail(error: Exception) -> None:
            if question == self._questions:
                self._fail(error)

        self._ask(read, take, fail)

    def look_again(self) -> None:
        """Documents were removed or read anew: show what there is now."""
        if self._wanted is not None:
            self._go(self._wanted, self._number)

    def _take(self, opened: _Opened) -> None:
        before = self._document
        if before is None or before.path != opened.document.path:
            self._let_go()
        self._document, self._page = opened.document, opened.page
        self._notice, self._is_there = opened.notice, opened.is_there
        self.changed.emit()
        self._draw()

    def _fail(self, error: Exception) -> None:
        self._let_go()
        self._wanted = self._document = self._page = self._rendering = self._shown = None
        self._notice = trouble(error).sentence
        self.changed.emit()
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)

    # Drawing.

    def set_width(self, pixels: int) -> None:
        """Draw pages as wide as this, in pixels of the screen."""
        self._width = pixels
        self._draw()

    def _draw(self) -> None:
        """Have the page drawn, if it is not, and nothing is being drawn."""
        document, page = self._document, self._page
        if document is None or page is None or self.is_text or self._is_drawing or not self._width:
            return
        marks = self.marks
        wanted = (document.id, page.number, self._width, tuple(mark.span for mark in marks))
        if wanted == self._shown:
            self.drawn.emit()
            return
        renderer = self._renderer = self._renderer or PageRenderer(
            document.path, needs_sandbox=self._needs_sandbox
        )
        spans = [mark.span for mark in marks]

        width = self._width

        def work(stop: Stop) -> Iterator[Rendering]:
            try:
                yield renderer.page(page.number, width, spans, page)
            finally:
                if stop.is_set:  # The window closes: nobody else ends it.
                    renderer.close()

        def take(rendering: Rendering) -> None:
            if renderer is self._renderer:
                self._rendering, self._shown = rendering, wanted

        def fail(error: Exception) -> None:
            if renderer is self._renderer:
                self._is_there = False  # Its text is what is left.
                self._notice = trouble(error).sentence
                self.changed.emit()
            if not isinstance(error, Problem):
                self._tasks.crashed.emit(error)

        def end() -> None:
            self._is_drawing = False
            if renderer is not self._renderer:
                renderer.close()
            self._draw()

        self._is_drawing = True
        self._tasks.start(work, news=take, failed=fail, ended=end)

    def _let_go(self) -> None:
        """End the process that draws the document."""
        renderer, self._renderer = self._renderer, None
        self._rendering = self._shown = None
        if renderer is not None and not self._is_drawing:
            renderer.close()

    # Seeking.

    def find(self, text: str, *, forward: bool) -> None:
        """Show the next place where the text stands, or the one before, round the ends."""
        document = self._document
        if document is None or document.id != self._wanted:
            return
        if text == self._sought:
            if not self._is_seeking:
                self._step_match(1 if forward else -1)
            return
        self._sought, self._is_seeking = text, True
        self._searches += 1
        search = self._searches

        def take(matches: tuple[Span, ...]) -> None:
            if search != self._searches:
                return
            self._is_seeking = False
            self._matches = matches
            ahead = [i for i, span in enumerate(matches) if span.page >= self._number]
            self._match = (ahead[0] if ahead else 0) - (1 if forward else 0)
            self._step_match(1 if forward else -1)

        def fail(error: Exception) -> None:
            if search == self._searches:
                self._fail(error)

        self._ask(lambda: _matches(self._library.text(document.id), text), take, fail)

    def end_finding(self) -> None:
        """Mark what was sought no more."""
        self._forget_sought()
        self.changed.emit()
        self._draw()

    def _forget_sought(self) -> None:
        self._searches += 1  # What is still being sought is not wanted any more.
        self._matches, self._sought, self._is_seeking = (), "", False

    def _step_match(self, step: int) -> None:
        self.found.emit(bool(self._matches))
        if not self._matches or self._document is None:
            self.changed.emit()
            self._draw()
            return
        self._match = (self._match + step) % len(self._matches)
        page = self._matches[self._match].page
        if page != self._number:
            self._go(self._document.id, page)
        else:
            self.changed.emit()
            self._draw()

    def _ask(
        self,
        question: Callable[[], _Result],
        answered: Callable[[_Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        def work(_: Stop) -> Iterator[_Result]:
            yield question()

        self._tasks.start(work, news=answered, failed=failed)


def _state_of(document: Document) -> tuple[str, bool]:
    """What has to be known about a document's file, and whether it is there."""
    try:
        now = document.path.stat()
    except (OSError, ValueError):
        return _GONE, False
    is_same = now.st_size == document.size and abs(now.st_mtime - _seconds(document)) < 1e-3
    return "" if is_same else _CHANGED, True


def _seconds(document: Document) -> float:
    return document.modified.timestamp()


def _matches(pages: Sequence[Page], text: str) -> tuple[Span, ...]:
    """Where the words stand, in any case and however they are spaced."""
    words = [re.escape(word) for word in text.split()]
    if not words:
        return ()
    pattern = re.compile(r"\s+".join(words), re.IGNORECASE)
    found: list[Span] = []
    for page in pages:
        for match in pattern.finditer(page.text):
            found.append(Span(page.number, *match.span()))
            if len(found) == _MOST_FOUND:
                return tuple(found)
    return tuple(found)
