"""A reply's sources in words: what a person is told about where it comes from."""

from collections.abc import Sequence

from sottovoce.domain.document import Citation, Passage, Sources, Support

Source = Citation | Passage
"""A place in a document."""

_LONGEST = 300
"""Characters of a quotation in a list."""


def name_of(source: Source) -> str:
    """What a person calls the document."""
    return source.title or source.path.stem


def place_of(source: Source) -> str:
    """Where in the document: "page 12"; empty if there is but one page."""
    return source.label or (f"page {source.span.page}" if source.pages > 1 else "")


def reference_to(source: Source) -> str:
    """Which document, and where in it."""
    return ", ".join(filter(None, (name_of(source), place_of(source))))


def with_marks(text: str, sources: Sources | None) -> str:
    """A reply with the numbers of its citations behind what they bear out."""
    parts, at = [], 0
    for statement in sources.statements if sources else ():
        marks = "".join(f"[{number}]" for number in statement.citations)
        parts += [text[at : statement.end], f" {marks}" if marks else ""]
        at = statement.end
    return "".join([*parts, text[at:]])


def lines(citations: Sequence[Citation]) -> list[str]:
    """Each citation in a line: its number, document, page and words."""
    return [f"[{each.number}] {reference_to(each)}: “{_short(each.quote)}”" for each in citations]


def with_sources(text: str, sources: Sources) -> str:
    """A reply with its marks, and below it the list of what they stand for."""
    return "\n".join((with_marks(text, sources), "", *lines(sources.citations)))


def doubts(text: str, sources: Sources) -> list[str]:
    """What of a reply the documents do not bear out, each in a line that says so."""
    says = {
        Support.UNSUPPORTED: "Your documents do not say",
        Support.MISQUOTED: "These words are in none of your documents",
    }
    return [
        f"{says[each.support]}: “{_short(text[each.start : each.end])}”"
        for each in sources.statements
        if each.support in says
    ]


def values(sources: Sources) -> dict[str, object]:
    """Sources as plain values, the same in every JSON this program writes."""
    return {
        "citations": [
            {
                "number": each.number,
                "document": str(each.path),
                "page": each.span.page,
                "start": each.span.start,
                "end": each.span.end,
                "quote": each.quote,
            }
            for each in sources.citations
        ],
        "statements": [
            {
                "start": each.start,
                "end": each.end,
                "support": each.support,
                "citations": each.citations,
            }
            for each in sources.statements
        ],
        "sources": [
            {
                "document": str(each.path),
                "page": each.span.page,
                "start": each.span.start,
                "end": each.span.end,
            }
            for each in sources.passages
        ],
        "not_found": sources.is_not_found,
        "query": sources.query or None,
    }


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + "…"
