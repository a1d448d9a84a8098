"""What is lost when the application or its engine is killed, again and again."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from killing import kill_engine_while_writing, kill_while_chatting
from program import Program

ROUNDS = 100


def figures() -> Iterator[Figure]:
    """Kill the chatting window a hundred times, and the writing engine a hundred times."""
    with tempfile.TemporaryDirectory() as folder:
        losses = kill_while_chatting(Program(Path(folder)), ROUNDS, random.Random(2))
    note = f"of {losses.said} in {losses.rounds} kills"
    yield Figure("window killed: messages lost", len(losses.messages), "messages", 0, note=note)
    note = f"{losses.grown} characters were older"
    yield Figure(
        "window killed: words older than 0.5 s lost", len(losses.words), "times", 0, note=note
    )
    yield Figure("window killed: orphan processes", losses.orphans, "processes", 0)

    engine = kill_engine_while_writing(ROUNDS, random.Random(3))
    yield Figure("engine killed: partial texts lost", engine.texts, "texts", 0)
    yield Figure("engine killed: next answers that failed", engine.failures, "answers", 0)
    yield Figure("engine killed: orphan processes", engine.orphans, "processes", 0)
