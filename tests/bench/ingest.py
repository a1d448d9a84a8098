"""How fast documents become searchable, what kills cost, and how soon a folder is followed."""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import cycle
from pathlib import Path

import pypdfium2

from bench.figure import Figure, NeedsData
from engine.asking import load, user
from library.ingest_killing import kill
from library.ingesting import KEY, library
from sottovoce.domain.document import Collection, Document, DocumentState
from sottovoce.domain.model import Sampling
from sottovoce.domain.plan import usual_threads
from sottovoce.domain.problems import Cancelled
from sottovoce.domain.reply import Finished
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Prompt
from sottovoce.engine.process import ProcessEngine
from sottovoce.library.embedding import bundled
from sottovoce.library.library import Library
from sottovoce.library.opening import open_library
from sottovoce.library.passages import embedded_text, passages
from sottovoce.library.process import ProcessLibrary
from sottovoce.models.shelf import starter
from sottovoce.store.document_store import open_documents
from sottovoce.system.paths import Profile
from sottovoce.system.priority import lower_priority
from sottovoce.system.processor import processor

PAGES = 500
KILLS = 50
FILES = 1000
ROUNDS = 3
QUESTION = "Write a long story about a lighthouse."
TOKENS = 120


def figures(data: Path) -> Iterator[Figure]:
    """Ingest against its parts, kills, a burst in a watched folder, and a reply beside all that."""
    with tempfile.TemporaryDirectory() as folder:
        yield _speed(Path(folder), _real_pages(data, Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        toll = kill(Path(folder), KILLS, files=150, longest=2.0, dice=random.Random(5))
        note = f"{toll.orphans} orphans; the index is {'' if toll.is_same else 'not '}the same"
        costs = toll.halves + toll.orphans + (not toll.is_same)
        yield Figure(f"what {KILLS} kills of the reading cost", costs, "", 0, note=note)
    with tempfile.TemporaryDirectory() as folder:
        yield from _watching(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield _beside_a_reply(Path(folder), _real_pages(data, Path(folder)))


def _real_pages(data: Path, folder: Path) -> list[Path]:
    """Real PDF files of so many pages together, or a few more.

    Where there are too few, they come again with another comment at their end: so each is another
    file, which is read and embedded like any new one.
    """
    lengths: dict[Path, int] = {}
    for path in sorted((data / "pdf" / "real").glob("*.pdf")):
        with suppress(pypdfium2.PdfiumError), closing(pypdfium2.PdfDocument(path)) as pdf:
            lengths[path] = len(pdf)
    if not lengths:
        raise NeedsData("real PDF files in pdf/real")
    files: list[Path] = []
    pages = 0
    for number, path in enumerate(cycle(lengths)):
        if pages >= PAGES:
            break
        files.append(folder / f"{number} {path.name}")
        files[-1].write_bytes(path.read_bytes() + b"\n%% %d\n" % number)
        pages += lengths[path]
    return files


# Speed.


def _speed(folder: Path, files: list[Path]) -> Figure:
    begun = time.monotonic()
    for path in files:
        _read_bare(path)
    parser = time.monotonic() - begun
    with closing(open_library(Profile(folder), KEY)) as shelf:
        papers = shelf.new_collection("Papers")
        begun = time.monotonic()
        shelf.add(papers.id, files)
        for _ in shelf.work(Stop()):
            pass
        ours = time.monotonic() - begun
        documents = shelf.documents(papers.id)
        assert all(each.state is DocumentState.READY for each in documents)
        pages = sum(each.pages for each in documents)
        texts = [text for each in documents for text in _embedded_texts(shelf, each)]
    embedding = _embed_bare(texts)
    note = (
        f"{pages} pages, {len(texts)} passages: {ours:.0f} s against {parser:.1f} s of reading and "
        f"{embedding:.0f} s of embedding"
    )
    ratio = (parser + embedding) / ours
    return Figure("ingest of PDF against its parts", ratio, "ratio", 0.8, False, note)


def _read_bare(path: Path) -> None:
    with closing(pypdfium2.PdfDocument(path)) as pdf:
        for page in pdf:
            with closing(page.get_textpage()) as text:
                text.get_text_range()


def _embedded_texts(shelf: Library, document: Document) -> list[str]:
    """What was embedded, passage for passage."""
    pages = shelf.text(document.id)
    texts = {page.number: page.text for page in pages}
    return [
        embedded_text(document.title, above, texts[at.page][at.start : at.end])
        for at, above in passages(pages)
    ]


def _embed_bare(texts: list[str]) -> float:
    """Seconds that llama.cpp takes for them, through its own Python interface, once it is loaded.

    It steps back behind other work as ours does: a busy machine slows both.
    """
    done = subprocess.run(
        [sys.executable, __file__, str(bundled().path)],
        input=json.dumps([f"passage: {text}" for text in texts]),
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return float(done.stdout)


def _embed_with_llama(path: str, texts: list[str]) -> float:
    from llama_cpp import Llama

    from sottovoce.engine import backends

    lower_priority()
    backends.load()
    threads = usual_threads(processor().cores)
    model = Llama(
        path,
        embedding=True,
        n_ctx=512,
        n_batch=512,
        n_ubatch=512,
        n_threads=threads,
        n_threads_batch=threads,
        flash_attn=True,
        verbose=False,
    )
    begun = time.monotonic()
    for text in texts:
        model.embed(text, truncate=True)
    return time.monotonic() - begun


# Watching.


class _Following:
    """A followed folder, and how soon its collection equals it. Its vectors take no time."""

    def __init__(self, shelf: Library, papers: Collection, folder: Path) -> None:
        self._shelf = shelf
        self._papers = papers
        self._folder = folder
        self._stop = Stop()
        self._thread = threading.Thread(target=self._follow)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def seconds_until_equal(self) -> float:
        begun = time.monotonic()
        there = {(str(path), path.stat().st_size) for path in self._folder.iterdir()}
        while self._kept() != there:
            time.sleep(0.2)  # To look takes some of the time of those that are looked at.
            assert time.monotonic() - begun < 600, "it is never equal"
        return time.monotonic() - begun

    def _kept(self) -> set[tuple[str, int]]:
        documents = self._shelf.documents(self._papers.id)
        return {(str(d.path), d.size) for d in documents if d.state is not DocumentState.WAITING}

    def _follow(self) -> None:
        with suppress(Cancelled):
            for _ in self._shelf.follow(self._stop):
                pass


def _watching(folder: Path) -> Iterator[Figure]:
    """Add, change, rename and delete files, and wait each time until the index has followed."""
    papers = folder / "papers"
    papers.mkdir()
    with closing(library(open_documents(folder / "documents.db", KEY))) as shelf:
        collection = shelf.new_collection("Papers")
        shelf.add(collection.id, [papers])
        following = _Following(shelf, collection, papers)
        with following.going_on():
            for what, change in (("add", _add), ("change", _change), ("rename", _rename)):
                for number in range(FILES):
                    change(papers, number)
                yield _followed(what, following)
            for path in list(papers.iterdir()):
                path.unlink()
            yield _followed("delete", following)


def _followed(what: str, following: _Following) -> Figure:
    seconds = following.seconds_until_equal()
    return Figure(f"{what} {FILES} files: seconds until the index equals", seconds, "s", 5)


def _add(folder: Path, number: int) -> None:
    (folder / f"{number}.txt").write_text(f"Letter {number} about the harbour.")


def _change(folder: Path, number: int) -> None:
    (folder / f"{number}.txt").write_text(f"Letter {number} about the harbour, and more of it.")


def _rename(folder: Path, number: int) -> None:
    (folder / f"{number}.txt").rename(folder / f"letter {number}.txt")


# Beside a reply.


def _beside_a_reply(folder: Path, files: list[Path]) -> Figure:
    """Tokens per second of a reply while documents are read and embedded, and without that."""
    with closing(ProcessEngine()) as engine, closing(ProcessLibrary(Profile(folder), KEY)) as shelf:
        model = starter()
        assert model is not None
        load(engine, model)
        papers = shelf.new_collection("Papers")
        alone, beside = list[float](), list[float]()
        shelf.add(papers.id, files)
        shelf.pause(is_paused=True)
        stop = Stop()
        worker = threading.Thread(target=_work, args=(shelf, stop))
        worker.start()
        for _ in range(ROUNDS):
            alone.append(_tokens_per_second(engine))
            shelf.pause(is_paused=False)
            shelf.give_way(to_reply=True)
            beside.append(_tokens_per_second(engine))
            shelf.give_way(to_reply=False)
            shelf.pause(is_paused=True)
        stop.set()
        worker.join()
    ratio = statistics.median(beside) / statistics.median(alone)
    note = f"{statistics.median(beside):.1f} against {statistics.median(alone):.1f} tokens/s"
    return Figure("speed of a reply beside ingest", ratio, "ratio", 0.85, False, note)


def _work(shelf: Library, stop: Stop) -> None:
    with suppress(Cancelled):
        for _ in shelf.follow(stop):
            pass


def _tokens_per_second(engine: ProcessEngine) -> float:
    prompt = Prompt((user(QUESTION),), Sampling(max_tokens=TOKENS, seed=1))
    for news in engine.reply(prompt, Stop()):
        if isinstance(news, Finished):
            return news.timings.speed
    raise AssertionError("a reply ends")


if __name__ == "__main__":
    sys.stdout.write(str(_embed_with_llama(sys.argv[1], json.loads(sys.stdin.read()))))
