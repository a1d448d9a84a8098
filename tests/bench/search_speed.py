"""How fast searches are in a small and in a very large library, and what memory they take."""

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.figure import Figure
from fakes import MODEL, ScriptedEmbedder
from sottovoce.domain.document import Format, Page, Scope, Span
from sottovoce.domain.stop import Stop
from sottovoce.engine.embedder import Embedder, Purpose
from sottovoce.library.languages import FUNCTION_WORDS
from sottovoce.library.library import Query
from sottovoce.library.search import Searcher
from sottovoce.library.vectors import quantised
from sottovoce.library.words import segmented
from sottovoce.store.contents import Content, Outcome
from sottovoce.store.document_store import DocumentStore, open_documents
from sottovoce.store.documents import File
from sottovoce.store.vectors import Embedded

KEY = bytes(range(48))
DIMENSIONS = 384
DOCUMENT = 1_000
"""Passages in a document."""
LENGTH = 120
"""Words in a passage."""
VOCABULARY = 200_000
"""Words there are: the commonest are those of English, the others are made up."""
FLAT = 2.7
"""Zipf's law as Mandelbrot has it: how often a word comes is 1 / (its rank + this)."""
ASKED = 6
"""Telling words in a question, all from one passage."""
QUESTIONS = 200
SEED = 7
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in ("a", "e", "i", "o", "u", "an", "or")]


def figures() -> Iterator[Figure]:
    """How long 95 of 100 searches take at most, without the embedding of the question."""
    for passages, milliseconds in ((10_000, 15.0), (1_000_000, 250.0)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "documents.db"
            asked = _fill(path, passages)
            measured = _measured(path, asked)
        name = f"search {passages:,} passages"
        median = f"median {measured['median']:.1f} ms"
        yield Figure(f"{name}, 95 % within", measured["p95"], "ms", milliseconds, note=median)
        if passages == 1_000_000:
            note = f"vectors were read in {measured['first']:.1f} s"
            yield Figure(f"{name}, memory", measured["memory"], "MB", 600, note=note)


def _fill(path: Path, passages: int) -> list[str]:
    """Keep documents of made-up words in which a few are common and most are rare; questions."""
    random = np.random.default_rng(SEED)
    words = sorted(FUNCTION_WORDS["english"])
    common = len(words)
    while len(words) < VOCABULARY:
        count = 2 + len(words) % 3
        words.append("".join(random.choice(_SYLLABLES, count)))
    forms = [segmented(f"the {word}").removeprefix("the ") for word in words]
    likely = np.cumsum(1 / (np.arange(VOCABULARY) + FLAT))
    questions = []
    with open_documents(path, KEY) as store:
        collection = store.new_collection("Large", "vectors").id
        for number in range(passages // DOCUMENT):
            drawn = np.searchsorted(likely, random.random((DOCUMENT, LENGTH)) * likely[-1])
            texts = [" ".join(words[word] for word in row) for row in drawn]
            kept_as = [" ".join(forms[word] for word in row) for row in drawn]
            _keep(store, collection, number, texts, kept_as)
            _embed(store, random)
            telling = [words[word] for word in drawn[0] if word >= common]
            questions.append("what is the " + " of ".join(telling[:ASKED]))
    return [questions[at % len(questions)] for at in range(QUESTIONS)]


def _keep(
    store: DocumentStore,
    collection: int,
    number: int,
    texts: Sequence[str],
    kept_as: Sequence[str],
) -> None:
    file = File(Path(f"/made/{number}"), size=1, modified=1)
    [document] = store.add(collection, [file])
    pages = [Page(at, text) for at, text in enumerate(texts, start=1)]
    content = Content(
        hash=hashlib.sha256(number.to_bytes(4, "big")).digest(),
        format=Format.TEXT,
        title="",
        pages=tuple(pages),
        passages=tuple((Span(page.number, 0, len(page.text)), ()) for page in pages),
        words=tuple(kept_as),
    )
    store.keep([Outcome(document.id, file, content)])


def _embed(store: DocumentStore, random: np.random.Generator) -> None:
    [lack] = store.lacks(1)
    first = store.unembedded(lack, 1)[0].number
    vectors = random.standard_normal((DOCUMENT, DIMENSIONS), np.float32)
    data = b"".join(quantised(vector.tobytes()) for vector in vectors)
    store.keep_vectors([Embedded(lack, first, DOCUMENT, data)])


def _measured(path: Path, questions: Sequence[str]) -> dict[str, float]:
    """What a process of its own measures, so that its memory is that of searching alone."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench.search_speed", str(path)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


class _Ready(ScriptedEmbedder):
    """An embedder whose vectors cost nothing."""

    def embed(self, texts: Sequence[str], purpose: Purpose, stop: Stop) -> Iterator[bytes]:
        for text in texts:
            seed = np.random.default_rng(len(text))
            yield seed.standard_normal(DIMENSIONS, np.float32).tobytes()


def _search(path: Path, questions: Sequence[str]) -> dict[str, float]:
    def loaded(_identity: str, stop: Stop) -> Embedder:
        embedder = _Ready(DIMENSIONS)
        embedder.load(MODEL, stop)
        return embedder

    with open_documents(path, KEY) as store:
        scope = Scope(collections=(store.named("Large").id,))
        searcher = Searcher(store, loaded)
        seconds = []
        for question in questions:
            begun = time.perf_counter()
            assert searcher.search(Query(question, scope), Stop())
            seconds.append(time.perf_counter() - begun)
    warm = np.array(seconds[1:])
    return {
        "p95": float(np.percentile(warm, 95)) * 1000,
        "median": float(np.median(warm)) * 1000,
        "first": seconds[0],
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_search(Path(sys.argv[1]), json.load(sys.stdin))))
