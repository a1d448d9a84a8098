"""What a person is told about where an answer comes from."""

from collections.abc import Sequence

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


def words_of(source: Source) -> str:
    """What stands there, letter by letter."""
    return source.quote if isinstance(source, Citation) else source.text


def listed(citations: Sequence[Citation]) -> list[str]:
    """The citations as lines of a list: number, document, place and quotation."""
    return [
        f"[{each.number}] {', '.join(filter(None, (name_of(each), place_of(each))))}: "
        f"“{' '.join(each.quote.split())}”"
        for each in citations
    ]


def with_sources(text: str, sources: Sources) -> str:
    """A reply as it was written, its citations by number, and the list of them below."""
    pieces, at = [], 0
    for statement in sources.statements:
        if statement.citations:
            end = statement.start + len(text[statement.start : statement.end].rstrip())
            marks = "".join(f"[{number}]" for number in statement.citations)
            pieces += [text[at:end], " ", marks]
            at = end
    return "\n".join(("".join((*pieces, text[at:])), "", *listed(sources.citations)))
