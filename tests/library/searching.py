"""A store of documents that consist of the passages a test names."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from fakes import word_vector
from sottovoce.domain.document import Format, Page, Span
from sottovoce.library.passages import embedded_text
from sottovoce.library.vectors import quantised
from sottovoce.library.words import segmented
from sottovoce.store.contents import Content, Outcome
from sottovoce.store.document_store import DocumentStore
from sottovoce.store.documents import File
from sottovoce.store.vectors import Embedded

DIMENSIONS = 64


def keep(
    store: DocumentStore,
    collection: int,
    path: str,
    passages: Sequence[str],
    *,
    title: str = "",
    model: str | None = "words",
) -> int:
    """Keep a document of these passages, with vectors of `model`. Its number."""
    file = File(Path("/somewhere", path), size=1, modified=1)
    [document] = store.add(collection, [file])
    text, spans = "", []
    for passage in passages:
        spans.append(Span(1, len(text), len(text) + len(passage)))
        text += passage + "\n\n"
    found_by = [embedded_text(title, (), passage) for passage in passages]
    content = Content(
        hash=hashlib.sha256(path.encode()).digest(),
        format=Format.TEXT,
        title=title,
        pages=(Page(1, text),),
        passages=tuple((span, ()) for span in spans),
        words=tuple(map(segmented, found_by)),
    )
    store.keep([Outcome(document.id, file, content)])
    if model is not None:
        [lack] = [each for each in store.lacks(100) if each.model == model][-1:]
        missing = store.unembedded(lack, len(passages))
        vectors = [quantised(word_vector(each, DIMENSIONS)) for each in found_by]
        first = missing[0].number
        store.keep_vectors([Embedded(lack, first, len(passages), b"".join(vectors))])
    return document.id
