"""How fast the store is with much in it."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from sottovoce.domain.conversation import State
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.store import conversations, migrations
from sottovoce.store.database import open_database
from sottovoce.store.messages import begin_reply, finish_reply, say
from sottovoce.store.store import Store, open_store

KEY = bytes(range(48))
ROUNDS = 5
_PARAGRAPH = (
    "Counterpoint is the art of letting several voices speak at once, each with a line of its own, "
    "so that none is lost and all agree. "
)


def figures() -> Iterator[Figure]:
    """Measure opening a chat of 10,000 messages, and searching it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sottovoce.db"
        chat = long_chat(path, messages=10_000)
        seconds = min(_opening(path, chat) for _ in range(ROUNDS))
        yield Figure("read 10,000 messages from the store", seconds, "s", 0.06, note="best of five")
        with open_store(path, KEY) as store:
            seconds = max(
                _searching(store, text) for text in ("voices", "number 77", "zebra", "qz")
            )
        yield Figure("search 10,000 messages, slowest of four", seconds, "s", 0.05)


def long_chat(path: Path, messages: int) -> int:
    """Fill a new store with one chat, and return it."""
    database = open_database(path, KEY, migrations.released("chats"), what="chats")
    with database.writing() as connection:  # One transaction: thousands would take a minute.
        chat = conversations.create(connection, "Long").id
        leaf: int | None = None
        for number in range(messages // 2):
            text = f"Question number {number}: what is counterpoint?"
            question = say(connection, chat, text, leaf)
            leaf = begin_reply(connection, chat, question, model="a model", owner="")
            finish_reply(
                connection,
                leaf,
                State.COMPLETE,
                text=f"Answer number {number}. {_PARAGRAPH * 4}",
                finish=Finish.END,
                usage=Usage(prompt=100, cached=90, generated=120, context=4096),
                timings=Timings(load=0.0, first_token=0.2, prompt_speed=400.0, speed=30.0),
            )
            conversations.extend(connection, chat, leaf)
    database.close()
    return chat


def _opening(path: Path, chat: int) -> float:
    with open_store(path, KEY) as store:
        began = time.perf_counter()
        assert len(store.messages(chat)) == 10_000
        return time.perf_counter() - began


def _searching(store: Store, text: str) -> float:
    began = time.perf_counter()
    store.search(text)
    return time.perf_counter() - began
