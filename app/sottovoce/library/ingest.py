"""Makes documents searchable: reads what is waiting, then embeds what has no vectors."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sottovoce.domain.document import Page, Span
from sottovoce.domain.problems import (
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.text import encodable
from sottovoce.engine.embedder import Embedder, Purpose
from sottovoce.library.embedders import Embedders
from sottovoce.library.folders import look_at
from sottovoce.library.formats.news import About, Partly
from sottovoce.library.news import News, Settled
from sottovoce.library.pace import Pace
from sottovoce.library.passages import embedded_text, passages
from sottovoce.library.progress import Progress, Sheet
from sottovoce.library.reading import Reader
from sottovoce.library.unreadable import why_unreadable
from sottovoce.library.vectors import quantised
from sottovoce.library.words import segmented
from sottovoce.store.contents import Content, Outcome
from sottovoce.store.document_store import DocumentStore
from sottovoce.store.documents import File
from sottovoce.store.vectors import Embedded, Lack
from sottovoce.system.logs import describe
from sottovoce.system.priority import lower_thread_priority
from sottovoce.system.processor import processor

log = logging.getLogger(__name__)

_CHUNK = 1 << 20
"""Bytes of a file between two looks at the wish to stop."""
_TRIES = 3
"""How often a file is read that changes meanwhile."""
_RESTLESS = "This file changed while it was read. Try again when nothing writes in it."
_BUG = "Something went wrong inside Sottovoce while this was read. All other documents are."
_KEPT_TOGETHER = 32
"""Passages whose vectors are kept in one transaction: a kill costs no more."""
_ASKED_TOGETHER = 16
"""Passages after which the wish to pause is seen."""
_LOOK_EVERY = 0.1
"""Seconds between two news of work that goes on. What was read meanwhile is kept together, so that
the disk is waited for once."""
_MOST_READERS = 4
"""Documents that are read at once: each may take a gigabyte."""
_QUEUED = 64
"""Documents that are given to the readers at once."""
_LOOK_AHEAD = 200
"""Contents that are embedded before it is asked again which have no vectors."""


def _nothing() -> None:
    """Nothing to do."""


class Ingest:
    """The work on one store: some documents are read while others are embedded.

    What is finished stays, whenever this is stopped or killed.
    """

    def __init__(self, store: DocumentStore, embedders: Embedders, pace: Pace) -> None:
        self._store = store
        self._embedders = embedders
        self._pace = pace
        self._at_once = max(1, min(_MOST_READERS, processor().cores))
        self._progress = Progress(store.backlog, self._at_once)
        self._readers = SimpleQueue[Reader]()
        """Those that have nothing to read."""
        self._being_read: dict[Future[Outcome], int] = {}
        """The documents."""
        self._embedding: Future[None] | None = None
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
            self._reading() as reading,
            ThreadPoolExecutor(1, "embedding", lower_thread_priority) as embedding,
            stop.calling(ours.set),
        ):
            try:
                if expected := self._store.expected_models():
                    # While the first are read, nothing else is there to do for this thread.
                    self._embedding = embedding.submit(self._prepare, expected, ours)
                while True:
                    stop.check()
                    between()
                    self._read_on(reading, ours)
                    self._embed_on(embedding, ours)
                    at_work: list[Future[Any]] = [*self._being_read]  # Their types differ.
                    at_work += [self._embedding] if self._embedding is not None else []
                    if not at_work:
                        break
                    yield self._progress.news(is_paused=self._pace.is_paused)
                    wait(at_work, _LOOK_EVERY)
                    yield from self._settled()
            finally:
                ours.set()
                self._being_read.clear()
                self._embedding = None
        self._store.change_embeddings()
        self._progress.finish()
        yield self._progress.news()

    @contextmanager
    def _reading(self) -> Iterator[ThreadPoolExecutor]:
        """Threads that read in this block, each with a Reader that is kept as long."""
        with ExitStack() as kept:
            self._readers = SimpleQueue()
            for _ in range(self._at_once):
                self._readers.put(kept.enter_context(closing(Reader())))
            threads = ThreadPoolExecutor(self._at_once, "reading", lower_thread_priority)
            yield kept.enter_context(threads)

    def _read_on(self, threads: ThreadPoolExecutor, stop: Stop) -> None:
        """Have all readers at work, as far as there is any."""
        if len(self._being_read) > _QUEUED // 2:
            return
        begun = set(self._being_read.values())
        for document, file in self._store.waiting(_QUEUED):
            if document not in begun:
                self._being_read[threads.submit(self._read, document, file, stop)] = document

    def _embed_on(self, threads: ThreadPoolExecutor, stop: Stop) -> None:
        """Have something embedded, if there is anything."""
        if self._embedding and self._embedding.done():
            self._embedding.result()
            self._embedding = None
        if self._embedding is None:
            lacks = self._store.lacks(_LOOK_AHEAD, self._unusable)
            if lacks:
                self._embedding = threads.submit(self._embed_all, lacks, stop)

    def _settled(self) -> Iterator[News]:
        """Keep what has been read, and tell so. Raises what ended some reading before its time."""
        done = [each for each in self._being_read if each.done()]
        if not done:
            return
        outcomes = [each.result() for each in done]
        documents = self._store.keep(outcomes)
        for each in done:
            del self._being_read[each]
        contents = [each.says for each in outcomes if isinstance(each.says, Content)]
        self._progress.note_read(len(done), sum(len(each.passages) for each in contents))
        for document in documents:
            yield Settled(document)

    def _rest(self, worked: float, stop: Stop) -> None:
        for _ in self._pace.rest(worked, stop):
            pass

    # Reading.

    def _read(self, document: int, file: File, stop: Stop) -> Outcome:
        """What stands in a document's file, or why that cannot be told."""
        self._rest(0, stop)
        with self._progress.sheet(file.path, file.size) as sheet:
            for _ in range(_TRIES):
                try:
                    now = look_at(file.path)
                    hash_ = _hash(file.path, stop)
                except Problem as problem:
                    return Outcome(document, file, str(problem))
                if now != file:
                    file = now
                    self._store.look_again(document, file)
                if self._store.knows(hash_):
                    return Outcome(document, file, hash_)
                try:
                    content = self._content(hash_, sheet, stop)
                    has_changed = look_at(file.path) != file
                except Problem as problem:
                    return Outcome(document, file, str(problem))
                if not has_changed:
                    return Outcome(document, file, content)
        return Outcome(document, file, _RESTLESS)

    def _content(self, hash_: bytes, sheet: Sheet, stop: Stop) -> Content:
        about: About | None = None
        pages: list[Page] = []
        troubles: list[str] = []
        with self._reader() as reader, closing(reader.read(sheet.path, stop)) as told:
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
        return Content(
            hash=hash_,
            format=about.format,
            title=title,
            pages=tuple(pages),
            passages=places,
            words=words,
            trouble=" ".join(dict.fromkeys(troubles)),
        )

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        """One of the readers, for this block. There are as many as threads that read."""
        reader = self._readers.get()
        try:
            yield reader
        finally:
            self._readers.put(reader)

    # Embedding.

    def _prepare(self, models: Sequence[str], stop: Stop) -> None:
        """Have models in memory that will be needed, where they can be used."""
        for model in models:
            self._rest(0, stop)
            with suppress(_Unusable):  # It is said when there is something to embed.
                self._loaded(model, stop)

    def _embed_all(self, lacks: Sequence[Lack], stop: Stop) -> None:
        """Give the passages of contents their vectors, where the models can be used."""
        done: list[Embedded] = []
        for lack in lacks:
            if lack.model not in self._unusable:
                try:
                    self._embed(lack, done, stop)
                except _Unusable as problem:
                    self._unusable.add(lack.model)
                    self._progress.trouble = str(problem)
        self._keep(done)

    def _embed(self, lack: Lack, done: list[Embedded], stop: Stop) -> None:
        """Add to `done` the vectors of a content, and keep those when they are many enough.

        Raises _Unusable.
        """
        is_last = False
        while not is_last and (batch := self._store.unembedded(lack, _KEPT_TOGETHER)):
            texts = [embedded_text(each.title, each.headings, each.text) for each in batch]
            data = b"".join(map(quantised, self._embedded(lack.model, texts, stop)))
            done.append(Embedded(lack, batch[0].number, len(batch), data))
            if sum(each.passages for each in done) >= _KEPT_TOGETHER:
                self._keep(done)
            is_last = len(batch) < _KEPT_TOGETHER

    def _keep(self, done: list[Embedded]) -> None:
        """Keep these vectors, in one transaction, and empty the list."""
        self._store.keep_vectors(done)
        self._progress.note_kept(sum(each.passages for each in done))
        done.clear()

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
    """SHA-256 of a file. Raises Missing, Refused or Damaged, and Cancelled."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                stop.check()
                digest.update(chunk)
    except OSError as error:
        raise why_unreadable(error) from error
    return digest.digest()
