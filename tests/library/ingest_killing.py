"""Kills the reading of documents again and again, and holds what is there against the rest."""

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from fakes import ScriptedEmbedder
from library.ingesting import DEFAULT, KEY, library
from sottovoce.domain.stop import Stop
from sottovoce.store import migrations
from sottovoce.store.database import Database, open_database
from sottovoce.store.document_store import documents_key, open_documents

_TESTS = Path(__file__).parents[1]


@dataclass
class Toll:
    """What the kills cost."""

    rounds: int = 0
    halves: int = 0
    """Documents that were there in part."""
    orphans: int = 0
    """Processes that outlived the one that was killed by more than 5 s."""
    is_same: bool = False
    """Whether the index is, in the end, that of an undisturbed run."""


def kill(folder: Path, rounds: int, files: int, longest: float, dice: random.Random) -> Toll:
    """Read so many files, killed so often after `longest` seconds or less, and compare."""
    for number in range(files):
        _write(folder / "papers" / f"{number}.md", number)
    killed, calm = folder / "killed.db", folder / "calm.db"
    toll = Toll()
    for path in (killed, calm):
        with open_documents(path, KEY) as store, closing(library(store)) as shelf:
            shelf.add(shelf.new_collection("Papers").id, [folder / "papers"])
    for _ in range(rounds):
        toll.orphans += _killed(killed, dice.uniform(0.0, longest))
        toll.halves += _halves(killed)
        toll.rounds += 1
    work(killed)
    work(calm)
    toll.is_same = _index(killed) == _index(calm)
    return toll


def work(path: Path, begun: Callable[[], None] = lambda: None) -> None:
    """Read and embed all that waits; call `begun` when a document is at work."""
    with closing(library(open_documents(path, KEY), ScriptedEmbedder())) as shelf:
        for _ in shelf.work(Stop()):
            begun()


def _write(path: Path, number: int) -> None:
    sentences = (f"Paragraph {n} of paper {number} is about pier {n * number}. " for n in range(9))
    text = "\n\n".join(sentence * 12 for sentence in sentences)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# Paper {number}\n\n{text}", encoding="utf-8")


def _killed(path: Path, seconds: float) -> int:
    """Kill the work so long after it has begun. How many processes of its own outlived it."""
    children: list[psutil.Process] = []
    process = subprocess.Popen(
        [sys.executable, "-m", "library.ingest_killing", str(path)],
        cwd=_TESTS,
        stdout=subprocess.PIPE,
    )

    def kill() -> None:
        with suppress(psutil.NoSuchProcess):  # It may have come to its end.
            children.extend(psutil.Process(process.pid).children(recursive=True))
        process.kill()

    with process:
        assert process.stdout is not None
        process.stdout.readline()
        timer = threading.Timer(seconds, kill)
        timer.start()
        process.stdout.read()
        timer.join()
    return len(psutil.wait_procs(children, timeout=5)[1])


def _opened(path: Path) -> Database:
    scripts = migrations.released("documents")
    return open_database(path, documents_key(KEY), scripts, what="documents")


def _halves(path: Path) -> int:
    """Documents of which something is missing, or left over from one that is not there."""
    database = _opened(path)
    with database.reading() as connection:
        half = connection.execute(
            """
            SELECT count(*) FROM contents k WHERE
                k.pages <> (SELECT count(*) FROM pages WHERE content = k.id)
                OR k.passages <> (SELECT count(*) FROM passages WHERE content = k.id)
                OR NOT EXISTS (SELECT 1 FROM learned WHERE first = k.first)
                OR NOT EXISTS (SELECT 1 FROM documents WHERE content = k.id AND state = 'read')
                OR k.passages < (
                    SELECT coalesce(sum(passages), 0) FROM vectors
                    WHERE content = k.id AND model = ?
                )
            """,
            (DEFAULT,),
        ).get
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    database.close()
    assert isinstance(half, int)
    return half


def _index(path: Path) -> list[object]:
    """All that is kept about each document, whatever its numbers are."""
    database = _opened(path)
    with database.reading() as connection:
        found = list(
            connection.execute(
                """
                SELECT d.path, d.state, k.hash, k.title,
                    (SELECT group_concat(text, x'00') FROM pages WHERE content = k.id),
                    (SELECT group_concat(page || ' ' || start || ' ' || stop || headings, x'00')
                        FROM passages WHERE content = k.id),
                    (SELECT data FROM learned WHERE first = k.first),
                    (SELECT group_concat(hex(data), '') FROM (
                        SELECT data FROM vectors WHERE content = k.id ORDER BY first
                    ))
                FROM documents d JOIN contents k ON k.id = d.content ORDER BY d.path
                """
            )
        )
    database.close()
    return [*found]


if __name__ == "__main__":
    work(Path(sys.argv[1]), lambda: print("at work", flush=True))  # noqa: T201 - to the parent.
