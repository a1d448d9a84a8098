"""Makes documents searchable: reads what is waiting, then embeds what has no vectors."""

import hashlib
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from sottovoce.domain.document import Page
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
from sottovoce.library.progress import Progress
from sottovoce.library.vectors import quantised
from sottovoce.library.words import segmented
from sottovoce.store.contents import Content
from sottovoce.store.document_store import DocumentStore
from sottovoce.store.documents import File
from sottovoce.store.vectors import Lack

Read = Callable[[Path, Stop], Generator[Told]]
"""Yields what a document is, and its pages; raises Problems."""

_CHUNK = 1 << 20
"""Bytes of a file between two looks at the wish to stop."""
_TRIES = 3
"""How often a file is read that changes meanwhile."""
_RESTLESS = "This file changed while it was read. Try again when nothing writes in it."
_KEPT_TOGETHER = 32
"""Passages whose vectors are kept in one transaction: a kill costs no more."""
_ASKED_TOGETHER = 8
"""Passages after which the wish to pause is seen."""
_LOOK_AHEAD = 200
"""Contents without vectors that are looked for at once."""


def _nothing() -> None:
    """Nothing to do."""


class Ingest:
    """The work on one store. What is finished stays, whenever this is stopped or killed."""

    def __init__(self, store: DocumentStore, embedders: Embedders, pace: Pace, read: Read) -> None:
        self._store = store
        self._embedders = embedders
        self._pace = pace
        self._read = read
        self._progress = Progress(store.backlog)
        self._unusable: set[str] = set()
        """Embedding models that cannot be used now."""

    @property
    def lacks_model(self) -> bool:
        """Whether something was left undone for want of an embedding model."""
        return bool(self._unusable)

    def work(self, stop: Stop, between: Callable[[], None] = _nothing) -> Iterator[News]:
        """Read and embed until nothing is left, and call `between` between two documents.

        Raises Cancelled, and NoRoom on a full disk.
        """
        self._unusable.clear()
        self._progress.trouble = ""
        yield from self._rest(0, stop)
        while True:
            stop.check()
            between()
            if waiting := self._store.waiting():
                yield from self._settle(*waiting, stop)
            elif lacks := self._store.lacks(_LOOK_AHEAD, self._unusable):
                yield from self._embed_some(lacks, stop, between)
            else:
                break
        self._store.change_embeddings()
        self._progress.end()
        yield self._progress.news()

    def _rest(self, worked: float, stop: Stop) -> Iterator[News]:
        for _ in self._pace.rest(worked, stop):
            yield self._progress.news(is_paused=True)

    # Reading.

    def _settle(self, document: int, file: File, stop: Stop) -> Iterator[News]:
        """Have a document say what stands in its file, or why that cannot be told."""
        self._progress.begin(file.path)
        yield self._progress.news()
        with suppress(Missing):  # It may be removed at any time.
            yield from self._take_or_read(document, file, stop)
            self._progress.note_read(file.size)
            yield Settled(self._store.document(document))

    def _take_or_read(self, document: int, file: File, stop: Stop) -> Iterator[News]:
        for _ in range(_TRIES):
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
                content = yield from self._content(hash_, file.path, stop)
                has_changed = look_at(file.path) != file
            except Problem as problem:
                self._store.fail(document, str(problem), file)
                return
            if not has_changed:
                self._store.keep(document, content, file)
                return
        self._store.fail(document, _RESTLESS, file)

    def _content(self, hash_: bytes, path: Path, stop: Stop) -> Generator[News, None, Content]:
        about: About | None = None
        pages: list[Page] = []
        troubles: list[str] = []
        with closing(self._read(path, stop)) as told:
            for each, seconds in self._progress.reading(told):
                match each:
                    case About():
                        about = each
                        self._progress.expect(each.pages)
                    case Page():
                        pages.append(each)
                        self._progress.turn()
                        yield self._progress.news()
                        yield from self._rest(seconds, stop)
                    case Partly(sentence):
                        troubles.append(sentence)
        assert about is not None, "a document that can be read says what it is"
        title = encodable(about.title)
        texts = {page.number: page.text for page in pages}
        places = passages(pages)
        self._progress.note_cut(len(places))
        return Content(
            hash=hash_,
            format=about.format,
            title=title,
            pages=tuple(pages),
            passages=tuple(places),
            words=tuple(
                segmented(embedded_text(title, above, texts[at.page][at.start : at.end]))
                for at, above in places
            ),
            trouble=" ".join(dict.fromkeys(troubles)),
        )

    # Embedding.

    def _embed_some(
        self, lacks: Sequence[Lack], stop: Stop, between: Callable[[], None]
    ) -> Iterator[News]:
        """Embed these, until there is something to be read: words are to be searchable first."""
        for lack in lacks:
            between()
            if self._store.waiting():
                return
            if lack.model in self._unusable:
                continue
            try:
                yield from self._embed(lack, stop)
            except _Unusable as problem:
                self._unusable.add(lack.model)
                self._progress.trouble = str(problem)
                yield self._progress.news()

    def _embed(self, lack: Lack, stop: Stop) -> Iterator[News]:
        while batch := self._store.unembedded(lack, _KEPT_TOGETHER):
            texts = [embedded_text(each.title, each.headings, each.text) for each in batch]
            vectors: list[bytes] = []
            while len(vectors) < len(texts):
                together = 1 if self._pace.gives_way else _ASKED_TOGETHER
                begun = time.monotonic()
                with self._progress.embedding():
                    vectors += self._vectors(
                        lack.model, texts[len(vectors) : len(vectors) + together], stop
                    )
                yield from self._rest(time.monotonic() - begun, stop)
            self._store.keep_vectors(
                lack,
                first=batch[0].number,
                passages=len(batch),
                data=b"".join(map(quantised, vectors)),
            )
            self._progress.note_embedded(len(batch))
            yield self._progress.news()

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
