"""What a kill costs while keys and passphrases change, how long unlocking takes, and encryption."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from unittest.mock import patch

import apsw

from bench.figure import Figure
from bench.store_speed import KEY, long_chat
from sottovoce.store import database
from sottovoce.store.store import open_store
from sottovoce.system.slots import Cost
from sottovoce.system.vault import Vault
from store.rekeying import CHANGING_KEYS, CHANGING_PASSPHRASES, kill_while_changing

KILLS = 100
ROUNDS = 7
MESSAGES = 10_000
PASSPHRASE = "seven quiet words behind a heavy door"


def figures() -> Iterator[Figure]:
    """Unlock, compare an encrypted store with a plain one, and kill what changes keys."""
    yield from _unlocking()
    yield from _encryption()
    for what, program in (("key", CHANGING_KEYS), ("passphrase", CHANGING_PASSPHRASES)):
        with tempfile.TemporaryDirectory() as folder:
            toll = kill_while_changing(program, Path(folder), KILLS, random.Random(11))
        note = f"of {toll.kills}; {toll.changes} left the new one"
        yield Figure(f"killed while the {what} changed: locked out", toll.locked_out, "times", 0)
        yield Figure(
            f"killed while the {what} changed: something lost", toll.lost, "times", 0, note=note
        )


def _unlocking() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "vault")
        vault.create(secrets=None, passphrase=PASSPHRASE)
        seconds = median(
            _seconds(lambda: vault.open_with_passphrase(PASSPHRASE)) for _ in range(ROUNDS)
        )
    note = f"Argon2id with {Cost().memory // 1024} MiB, median of {ROUNDS}"
    yield Figure("unlock with a passphrase, at most", seconds, "s", 1.0, note=note)
    yield Figure("unlock with a passphrase, at least", seconds, "s", 0.3, less_is_better=False)


def _encryption() -> Iterator[Figure]:
    """How fast the store is encrypted, in units of how fast it is in plain text."""
    with tempfile.TemporaryDirectory() as folder:
        encrypted, plain = Path(folder) / "encrypted.db", Path(folder) / "plain.db"
        chats = {encrypted: long_chat(encrypted, MESSAGES)}
        with patch.object(database, "_connect", _in_plain):
            chats[plain] = long_chat(plain, MESSAGES)
        for what, work, bar in (
            ("open twenty times", _open, 0.8),
            ("insert 50 messages", _insert, 0.8),
            ("full-text search", _search, 0.8),
            # Once for each page after a start: what was decrypted stays in memory.
            ("read 10,000 messages for the first time", _read, 0.65),
        ):
            best = {encrypted: float("inf"), plain: float("inf")}
            for _ in range(ROUNDS):  # In turn, so that what else the machine does meets both.
                for path in best:
                    best[path] = min(best[path], _measured(path, chats[path], plain, work))
            yield Figure(
                f"encrypted to plain: {what}",
                best[plain] / best[encrypted],
                "ratio",
                bar,
                less_is_better=False,
                note=f"{1000 * best[encrypted]:.1f} ms, best of {ROUNDS}",
            )


def _measured(path: Path, chat: int, plain: Path, work: Callable[[Path, int], float]) -> float:
    if path != plain:
        return work(path, chat)
    with patch.object(database, "_connect", _in_plain):
        return work(path, chat)


def _open(path: Path, _: int) -> float:
    def open_it() -> None:
        for _ in range(20):
            with open_store(path, KEY) as store:
                assert store.conversations()

    return _seconds(open_it, time.process_time)


def _read(path: Path, chat: int) -> float:
    with open_store(path, KEY) as store:
        seconds = _seconds(lambda: store.messages(chat), time.process_time)
        assert len(store.messages(chat)) == MESSAGES
        return seconds


def _search(path: Path, _: int) -> float:
    def search() -> None:
        for text in ("voices", "number 77", "zebra"):
            store.search(text)

    with open_store(path, KEY) as store:
        search()
        return _seconds(search, time.process_time)


def _insert(path: Path, _: int) -> float:
    with open_store(path, KEY) as store:
        chat = store.new_conversation().id

        def insert() -> None:
            parent: int | None = None
            for number in range(50):
                parent = store.say(chat, f"Message {number} of many voices. " * 10, parent).id

        return _seconds(insert)


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """By the clock on the wall, or by that of the processor, where it is alone with the work."""
    began = clock()
    work()
    return clock() - began


def _in_plain(path: Path, key: bytes, what: str) -> apsw.Connection:
    """The connection as the store makes it, but for the cipher."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    connection.pragma("journal_mode", "WAL")
    connection.pragma("synchronous", "FULL")
    connection.pragma("foreign_keys", True)
    connection.pragma("secure_delete", True)
    connection.pragma("temp_store", "MEMORY")
    connection.pragma("mmap_size", 0)
    connection.pragma("cache_size", -16_000)
    return connection
