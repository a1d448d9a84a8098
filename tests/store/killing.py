"""Killing a program that chats, and counting what it had promised to keep and did not."""

import random
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.problems import Missing
from sottovoce.store.store import Store, open_store
from store.chatting import KEY, words

_PROGRAM = Path(__file__).with_name("chatting.py")


@dataclass(frozen=True, slots=True)
class Toll:
    """What was promised, and what of it was lost."""

    promised: int
    lost: int


def kill(path: Path, rounds: int) -> Toll:
    """Chat and be killed so many times, at random moments. The database must open every time."""
    chance = random.Random(2)
    batches: dict[int, int] = {}
    lost = 0
    for _ in range(rounds):
        for promise in _chat_until_killed(path, after=chance.uniform(0.0, 0.1)):
            kind, message, *count = promise.split()
            batches[int(message)] = int(count[0]) if kind == "journalled" else 0
        with open_store(path, KEY) as store:
            store.recover()
            lost = sum(not _is_kept(store, *promise) for promise in batches.items())
    return Toll(promised=len(batches), lost=lost)


def _chat_until_killed(path: Path, after: float) -> list[str]:
    """Kill the program so many seconds after its first promise; return all it made."""
    program = [sys.executable, str(_PROGRAM), str(path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as chatting:
        assert chatting.stdout is not None
        promises = [chatting.stdout.readline()]
        killer = threading.Timer(after, chatting.kill)
        killer.start()
        promises += chatting.stdout.readlines()
        killer.join()
    return [promise for promise in promises if promise.endswith("\n")]


def _is_kept(store: Store, message: int, count: int) -> bool:
    try:
        text = store.message(message).text
    except Missing:
        return False
    if text.startswith("question after"):
        return True
    return text.startswith(words(message, count)) and words(message, 8).startswith(text)
