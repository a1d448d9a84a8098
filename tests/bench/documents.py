"""How well questions find the passages that answer them.

The folder that `--data` names has one folder for each set, with `passages.jsonl` (`id`, `title`,
`text`) and `questions.jsonl` (`question`, `passage`, `answer`). Sets whose names differ in the two
letters behind the hyphen are translations of one another.
"""

import hashlib
import json
import math
import re
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np

from bench.figure import Figure, NeedsData
from library.made_documents import docx, words
from library.made_pdf import Written, paragraph, save
from sottovoce.domain.document import Format, Page, Scope, Span
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Purpose
from sottovoce.engine.embedding_process import ProcessEmbedder, ProcessReranker
from sottovoce.engine.identity import identity
from sottovoce.library.embedders import Embedders
from sottovoce.library.embedding import bundled
from sottovoce.library.library import Query
from sottovoce.library.local import LocalLibrary
from sottovoce.library.passages import embedded_text
from sottovoce.library.reranking import Reranking
from sottovoce.library.search import Searcher
from sottovoce.library.vectors import Vectors, quantised
from sottovoce.library.words import segmented
from sottovoce.store.contents import Content, Outcome
from sottovoce.store.document_store import DocumentStore, open_documents
from sottovoce.store.documents import File
from sottovoce.store.vectors import Embedded

DEPTH = 10
"""Passages that are looked at."""
LOST = 2.0
"""Points that reading and cutting files may cost."""
TOGETHER = 5
"""Passages in a file at most."""
LINES = 48
"""Lines on a page."""
WINDOW = 30
"""Letters in a row that tell where a passage is from."""
BASELINES = {
    ("qed", "qed"): 92.7,
    ("xquad-en", "xquad-en"): 98.6,
    ("xquad-de", "xquad-de"): 97.5,
    ("xquad-en", "xquad-de"): 92.2,
}
"""The nDCG@10 that a first experiment had with the same model, by texts and questions."""
ROUNDED = 0.05
"""What the last digit of these leaves open."""


@dataclass(frozen=True, slots=True)
class Text:
    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    passage: str
    answer: str


@dataclass(frozen=True, slots=True)
class Measures:
    """In points of a hundred."""

    recall: float
    """How often the answer is among the first five."""
    mrr: float
    ndcg: float


MEASURES: tuple[tuple[str, Callable[[Measures], float]], ...] = (
    ("recall@5", lambda each: each.recall),
    ("MRR@10", lambda each: each.mrr),
    ("nDCG@10", lambda each: each.ndcg),
)


def figures(data: Path | None) -> Iterator[Figure]:
    """Words alone, vectors alone and both, on passages as they are; then both, through files."""
    folders = [] if data is None else sorted(path.parent for path in data.glob("*/passages.jsonl"))
    if not folders:
        raise NeedsData("sets of questions and passages, as bench/documents.py describes them")
    model = bundled()
    with closing(ProcessEmbedder()) as engine:
        embedders = Embedders(identity(model), lambda _identity: model, lambda: engine)
        for folder in folders:
            texts = _texts(folder)
            for asked in _asked_in(folder):
                questions = _questions(asked)
                label = folder.name if asked == folder else f"{asked.name} on {folder.name}"
                both, compared = _on_passages(embedders, texts, questions)
                yield from _compared(
                    label, both, compared, BASELINES.get((folder.name, asked.name))
                )
                if asked == folder:
                    yield from _through_files(label, embedders, texts, questions, both)


def _texts(folder: Path) -> list[Text]:
    lines = (folder / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    return [Text(each["id"], each["title"], each["text"]) for each in map(json.loads, lines)]


def _questions(folder: Path) -> list[Question]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Question(each["question"], each["passage"], each["answer"])
        for each in map(json.loads, lines)
    ]


def _asked_in(folder: Path) -> list[Path]:
    """The set's own questions, and of an English one their translations."""
    others = folder.parent.glob(re.sub("-en$", "-??", folder.name))
    return [folder, *sorted(other for other in others if other != folder)]


def _compared(
    label: str, both: Measures, alone: Sequence[Measures], baseline: float | None
) -> Iterator[Figure]:
    by_words, by_vectors = alone
    best = Measures(
        *(max(each) for each in zip(astuple(by_words), astuple(by_vectors), strict=True))
    )
    for name, get in MEASURES:
        bar = get(best)
        if baseline is not None and name == "nDCG@10":
            bar = max(bar, baseline - ROUNDED)
        note = f"words {get(by_words):.2f}, vectors {get(by_vectors):.2f}"
        yield Figure(f"{label}: {name}", get(both), "points", bar, less_is_better=False, note=note)


# Passages as they are.


def _on_passages(
    embedders: Embedders, texts: Sequence[Text], questions: Sequence[Question]
) -> tuple[Measures, list[Measures]]:
    """Both ways together; and words alone, vectors alone."""
    with open_documents(None, b"") as store:
        collection = store.new_collection("Measured", embedders.default).id
        scope = Scope(collections=(collection,))
        _keep(store, collection, texts)
        by_words = _measured(Searcher(store, embedders.loaded), scope, texts, questions)
        _embed(store, embedders)
        both = _measured(Searcher(store, embedders.loaded), scope, texts, questions)
        by_vectors = _measured_by_vectors(store, embedders, texts, questions)
    return both, [by_words, by_vectors]


def _keep(store: DocumentStore, collection: int, texts: Sequence[Text]) -> None:
    """Keep passages just as they are: each is a page of one document, under its title."""
    file = File(Path("/measured"), size=1, modified=1)
    [document] = store.add(collection, [file])
    pages = [Page(number, each.text) for number, each in enumerate(texts, start=1)]
    content = Content(
        hash=hashlib.sha256().digest(),
        format=Format.TEXT,
        title="",
        pages=tuple(pages),
        passages=tuple(
            (Span(page.number, 0, len(page.text)), (each.title,))
            for page, each in zip(pages, texts, strict=True)
        ),
        words=tuple(segmented(embedded_text("", (each.title,), each.text)) for each in texts),
    )
    store.keep([Outcome(document.id, file, content)])


def _embed(store: DocumentStore, embedders: Embedders) -> None:
    engine = embedders.loaded(embedders.default, Stop())
    [lack] = store.lacks(1)
    while missing := store.unembedded(lack, 100):
        found_by = [embedded_text(each.title, each.headings, each.text) for each in missing]
        vectors = [quantised(each) for each in engine.embed(found_by, Purpose.PASSAGE, Stop())]
        first = missing[0].number
        store.keep_vectors([Embedded(lack, first, len(missing), b"".join(vectors))])


def _measured(
    searcher: Searcher, scope: Scope, texts: Sequence[Text], questions: Sequence[Question]
) -> Measures:
    ranks = []
    for question in questions:
        found = searcher.search(Query(question.text, scope, DEPTH), Stop())
        places = [texts[each.passage.span.page - 1].id for each in found]
        ranks.append(places.index(question.passage) if question.passage in places else None)
    return _measures(ranks)


def _measured_by_vectors(
    store: DocumentStore,
    embedders: Embedders,
    texts: Sequence[Text],
    questions: Sequence[Question],
) -> Measures:
    vectors, inside = Vectors(store), np.ones(len(texts) + 2, np.bool_)
    engine = embedders.loaded(embedders.default, Stop())
    asked = engine.embed([each.text for each in questions], Purpose.QUERY, Stop())
    ranks = []
    for question, vector in zip(questions, asked, strict=True):
        cosines = vectors.likeness(embedders.default, vector, inside, DEPTH).cosines
        best = sorted(cosines, key=lambda number: -cosines[number])
        places = [texts[number - 1].id for number in best]  # The first passage of a store is 1.
        ranks.append(places.index(question.passage) if question.passage in places else None)
    return _measures(ranks)


def _measures(ranks: Sequence[int | None]) -> Measures:
    """From the place of the right one among what was found, counted from 0."""
    there = [rank for rank in ranks if rank is not None]
    share = 100 / len(ranks)
    return Measures(
        recall=share * sum(rank < 5 for rank in there),
        mrr=share * sum(1 / (rank + 1) for rank in there),
        ndcg=share * sum(1 / math.log2(rank + 2) for rank in there),
    )


# Through files.


def _through_files(
    label: str,
    embedders: Embedders,
    texts: Sequence[Text],
    questions: Sequence[Question],
    passages: Measures,
) -> Iterator[Figure]:
    """The same questions, to passages that were cut from files of three kinds."""
    by_id = {each.id: each for each in texts}
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), texts)
        library = LocalLibrary(open_documents(None, b""), embedders, Reranking(ProcessReranker))
        collection = library.new_collection("Measured").id
        library.add(collection, [Path(folder)], watch=False)
        for _ in library.work(Stop()):
            pass
        scope = Scope(collections=(collection,))
        ranks = []
        for question in questions:
            found = library.search(Query(question.text, scope, DEPTH), Stop())
            hits = [_answers(each.passage.text, question, by_id) for each in found]
            ranks.append(hits.index(True) if True in hits else None)
    measures = _measures(ranks)
    for name, get in MEASURES[:2]:
        bar = get(passages) - LOST
        name = f"{label}, through files: {name}"
        yield Figure(name, get(measures), "points", bar, less_is_better=False)


def _write(folder: Path, texts: Sequence[Text]) -> None:
    """Write texts of one title, some together, as plain text, for Word, and as PDF in turn."""
    groups = [
        (title, together[at : at + TOGETHER])
        for title, each in groupby(texts, key=lambda text: text.title)
        for together in [[text.text for text in each]]
        for at in range(0, len(together), TOGETHER)
    ]
    for number, (title, together) in enumerate(groups):
        path = folder / str(number)
        if number % 3 == 0:
            whole = "\n\n".join([title, *together])
            path.with_suffix(".txt").write_text(whole, encoding="utf-8")
        elif number % 3 == 1 or not _is_western(title + "".join(together)):
            body = words(escape(title), '<w:pStyle w:val="Heading1"/>')
            body += "".join(words(escape(text)) for text in together)
            path.with_suffix(".docx").write_bytes(docx(body))
        else:
            save(path.with_suffix(".pdf"), *_pages(title, together))


def _is_western(text: str) -> bool:
    """Whether the fonts that every reader of PDF has show all of it."""
    return text.encode("cp1252", "ignore").decode("cp1252") == text


def _pages(title: str, together: Sequence[str]) -> Iterator[list[Written]]:
    lines = [line for text in together for line in [*textwrap.wrap(text, 85), ""]]
    for at in range(0, len(lines), LINES):
        top = [Written(title, 72, 770, 18, "Bold")] if at == 0 else []
        yield top + paragraph(*lines[at : at + LINES], y=730)


def _answers(passage: str, question: Question, texts: Mapping[str, Text]) -> bool:
    """Whether a passage has the answer, and is from where the question was asked about.

    Of an answer in several parts, one: where a text is cut, they may come to lie apart.
    """
    found, right = _letters(passage), _letters(texts[question.passage].text)
    windows = range(0, max(1, len(right) - WINDOW), WINDOW // 2)
    is_from_there = any(right[at : at + WINDOW] in found for at in windows)
    parts = question.answer.split(" | ")
    return is_from_there and any(_letters(part) in found for part in parts)


def _letters(text: str) -> str:
    """What of a text no reader changes: neither its spaces nor its hyphens."""
    return "".join(re.findall(r"\w", text.casefold()))
