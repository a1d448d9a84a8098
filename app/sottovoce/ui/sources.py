"""What a person is told about where an answer comes from."""

from sottovoce.chat.quoting import lines, with_marks
from sottovoce.domain.document import Citation, Passage, Sources

Source = Citation | Passage
"""A place in a document."""


def name_of(source: Source) -> str:
    """What a person calls the document."""
    return source.title or source.path.stem


def place_of(source: Source) -> str:
    """Where in the document: "page 12"; empty if there is but one page."""
    if source.label or source.pages == 1:
        return source.label
    return f"page {source.span.page}"


def with_sources(text: str, sources: Sources) -> str:
    """A reply as it was written, its citations by number, and the list of them below."""
    return "\n".join((with_marks(text, sources), "", *lines(sources.citations)))
