"""Makes documents searchable: reads what is waiting, then embeds what has no vectors."""

import hashlib
import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from pathlib import Path

from sottovoce.domain.document import Page, Span
from sottovoce.domain.problems import (
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.text import encodable
from sottovoce.engine.embedder import Embedder, Purpose
from sottovoce.library.embedders import Embedders
from sottovoce.library.folders import look_at
from sottovoce.library.formats.news import About, Partly
from sottovoce.library.formats.news import News as Told
from sottovoce.library.news import News, Settled
from sottovoce.library.pace import Pace
from sottovoce.library.passages import embedded_text, passages
from sottovoce.library.progress import Progress, Sheet
from sottovoce.library.vectors import quantised
from sottovoce.library.words import segmented
from sottovoce.store.contents import Content
from sottovoce.store.document_store import DocumentStore
from sottovoce.store.documents import File
from sottovoce.store.vectors import Lack
from sottovoce.system.logs import describe
from sottovoce.system.priority import lower_thread_priority
from sottovoce.system.processor import processor

log = logging.getLogger(__name__)

Read = Callable[[Path, Stop], Generator[Told]]
"""Yields what a document is, and its pages; raises Problems."""

_CHUNK = 1 << 20
"""Bytes of a file between two looks at the wish to stop."""
_TRIES = 3
"""How often a file is read that changes meanwhile."""
_RESTLESS = "This file changed while it was read. Try again when nothing writes in it."
_BUG = "Something went wrong inside Sottovoce while this was read. All other documents are."
_KEPT_TOGETHER = 32
"""Passages whose vectors are kept in one transaction: a kill costs no more."""
_ASKED_TOGETHER = 8
"""Passages after which the wish to pause is seen."""
_LOOK_EVERY = 0.25
"""Seconds between two news of work that goes on."""
_MOST_READERS = 4
"""Documents that are read at once: each may take a gigabyte."""
_LOOK_AHEAD = 200
"""Contents without vectors that are looked for at once."""


def _nothing() -> None:
    """Nothing to do."""


class Ingest:
    """The work on one store: some documents are read while others are embedded.

    What is finished stays, whenever this is stopped or killed.
    """

    def __init__(self, store: DocumentStore, embedders: Embedders, pace: Pace, read: Read) -> None:
        self._store = store
        self._embedders = embedders
        self._pace = pace
        self._read = read
        # One processor is left to the embedding, which takes longest.
        self._readers = max(1, min(_MOST_READERS, processor().cores - 1))
        self._progress = Progress(store.backlog, self._readers)
        self._being_read: dict[Future[None], int] = {}
        """The documents."""
        self._embedding: Future[None] | None = None
        self._lacks: list[Lack] = []
        self._unusable: set[str] = set()
        """Embedding models that cannot be used now."""

    @property
    def lacks_model(self) -> bool:
        """Whether something was left undone for want of an embedding model."""
        return bool(self._unusable)

    def work(self, stop: Stop, between: Callable[[], None] = _nothing) -> Iterator[News]:
        """Read and embed until nothing is left, and call `between` again and again.

        Raises Cancelled, and NoRoom on a full disk.
        """
        self._unusable.clear()
        self._progress.trouble = ""
        ours = Stop()
        with (
            ThreadPoolExecutor(self._readers + 1, "ingest", lower_thread_priority) as threads,
            stop.calling(ours.set),
        ):
            try:
                while True:
                    stop.check()
                    between()
                    self._begin(threads, ours)
                    at_work = [*self._being_read, *([self._embedding] if self._embedding else [])]
                    if not at_work:
                        break
                    yield self._progress.news(is_paused=self._pace.is_paused)
                    done, _ = wait(at_work, _LOOK_EVERY, FIRST_COMPLETED)
                    for each in done:
                        yield from self._ended(each)
            finally:
                ours.set()
                self._being_read.clear()
                self._embedding = None
        self._store.change_embeddings()
        self._progress.finish()
        yield self._progress.news()

    def _begin(self, threads: ThreadPoolExecutor, stop: Stop) -> None:
        """Have everybody at work, as far as there is any."""
        begun = set(self._being_read.values())
        for document, file in self._store.waiting(self._readers):
            if document not in begun and len(self._being_read) < self._readers:
                self._being_read[threads.submit(self._settle, document, file, stop)] = document
        if self._embedding is None:
            self._lacks = self._lacks or self._store.lacks(_LOOK_AHEAD, self._unusable)
            if self._lacks:
                self._embedding = threads.submit(self._embed, self._lacks.pop(0), stop)

    def _ended(self, work: Future[None]) -> Iterator[News]:
        """Tell what has come of some work. Raises what ended it before its time."""
        document = self._being_read.pop(work, None)
        if document is None:
            self._embedding = None
        work.result()
        if document is not None:
            with suppress(Missing):
                yield Settled(self._store.document(document))

    def _rest(self, worked: float, stop: Stop) -> None:
        for _ in self._pace.rest(worked, stop):
            pass

    # Reading.

    def _settle(self, document: int, file: File, stop: Stop) -> None:
        """Have a document say what stands in its file, or why that cannot be told."""
        self._rest(0, stop)
        with suppress(Missing), self._progress.sheet(file.path, file.size) as sheet:
            for _ in range(_TRIES):  # Missing: it may be removed at any time.
                try:
                    now = look_at(file.path)
                    hash_ = _hash(file.path, stop)
                except Problem as problem:
                    self._store.fail(document, str(problem), file)
                    return
                if now != file:
                    file = now
                    self._store.look_again(document, file)
                if self._store.take(document, hash_, file):
                    return
                try:
                    content = self._content(hash_, sheet, stop)
                    has_changed = look_at(file.path) != file
                except Problem as problem:
                    self._store.fail(document, str(problem), file)
                    return
                if not has_changed:
                    self._store.keep(document, content, file)
                    return
            self._store.fail(document, _RESTLESS, file)

    def _content(self, hash_: bytes, sheet: Sheet, stop: Stop) -> Content:
        about: About | None = None
        pages: list[Page] = []
        troubles: list[str] = []
        with closing(self._read(sheet.path, stop)) as told:
            for each, seconds in sheet.reading(told):
                match each:
                    case About():
                        about = each
                    case Page():
                        pages.append(each)
                        self._rest(seconds, stop)
                    case Partly(sentence):
                        troubles.append(sentence)
        assert about is not None, "a document that can be read says what it is"
        title = encodable(about.title)
        # Its words only: what files are called ("scan 0147") blurs vectors, by 0.7 points of MRR.
        places, words = _cut(title or encodable(sheet.path.stem), pages)
        self._progress.note_cut(len(places))
        return Content(
            hash=hash_,
            format=about.format,
            title=title,
            pages=tuple(pages),
            passages=places,
            words=words,
            trouble=" ".join(dict.fromkeys(troubles)),
        )

    # Embedding.

    def _embed(self, lack: Lack, stop: Stop) -> None:
        """Give the passages of a content their vectors, if its model can be used."""
        if lack.model in self._unusable:
            return
        try:
            while batch := self._store.unembedded(lack, _KEPT_TOGETHER):
                texts = [embedded_text(each.title, each.headings, each.text) for each in batch]
                self._store.keep_vectors(
                    lack,
                    first=batch[0].number,
                    passages=len(batch),
                    data=b"".join(map(quantised, self._embedded(lack.model, texts, stop))),
                )
        except _Unusable as problem:
            self._unusable.add(lack.model)
            self._progress.trouble = str(problem)

    def _embedded(self, model: str, texts: Sequence[str], stop: Stop) -> list[bytes]:
        vectors: list[bytes] = []
        while len(vectors) < len(texts):
            together = 1 if self._pace.gives_way else _ASKED_TOGETHER
            few = texts[len(vectors) : len(vectors) + together]
            self._rest(0, stop)
            begun = time.monotonic()
            vectors += self._vectors(model, few, stop)
            seconds = time.monotonic() - begun
            self._progress.note_embedded(len(few), seconds)
            self._rest(seconds, stop)
        return vectors

    def _vectors(self, model: str, texts: Sequence[str], stop: Stop) -> list[bytes]:
        """A vector of each text. Raises _Unusable."""
        embedder = self._loaded(model, stop)
        try:
            return list(embedder.embed(texts, Purpose.PASSAGE, stop))
        except Interrupted:
            return [self._vector(model, text, stop) for text in texts]

    def _vector(self, model: str, text: str, stop: Stop) -> bytes:
        """The vector of a text that may have broken the engine down: if so, that of no text."""
        embedder = self._loaded(model, stop)
        try:
            return next(iter(embedder.embed([text], Purpose.PASSAGE, stop)))
        except Interrupted:
            embedder = self._loaded(model, stop)
            assert embedder.loaded is not None
            return bytes(4 * embedder.loaded.dimensions)

    def _loaded(self, model: str, stop: Stop) -> Embedder:
        try:
            return self._embedders.loaded(model, stop)
        except (Missing, Damaged, Unsupported, NoRoom, Interrupted) as problem:
            raise _Unusable(str(problem)) from problem


class _Unusable(Exception):
    """An embedding model cannot be used now. The text is a sentence for the user."""


def _cut(
    title: str, pages: Sequence[Page]
) -> tuple[tuple[tuple[Span, tuple[str, ...]], ...], tuple[str, ...]]:
    """The passages of a document, and the words that each is found by."""
    try:
        places = passages(pages)
        texts = {page.number: page.text for page in pages}
        words = [
            segmented(embedded_text(title, above, texts[at.page][at.start : at.end]))
            for at, above in places
        ]
    except Exception as error:  # A bug; it must not keep all other documents from being read.
        log.error(describe(error))
        raise Unsupported(_BUG) from error
    return tuple(places), tuple(words)


def _hash(path: Path, stop: Stop) -> bytes:
    """SHA-256 of a file. Raises Missing or Refused, and Cancelled."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                stop.check()
                digest.update(chunk)
    except FileNotFoundError as error:
        raise Missing("The file is not where it was. Put it back, or remove it here.") from error
    except OSError as error:
        raise Refused("This file may not be read. Change its permissions.") from error
    return digest.digest()
