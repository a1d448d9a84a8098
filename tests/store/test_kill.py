import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sottovoce.domain.conversation import State
from sottovoce.store.store import Store, open_store
from store.chatting import words

PROGRAM = Path(__file__).with_name("chatting.py")
ROUNDS = 25


@pytest.mark.timeout(120)
def test_killing_it_loses_nothing_that_was_promised(path: Path, key: bytes) -> None:
    chance = random.Random(2)
    said: set[int] = set()
    journalled: dict[int, int] = {}
    for _ in range(ROUNDS):
        for promise in chat_until_killed(path, after=chance.uniform(0.0, 0.1)):
            match promise.split():
                case ["said", message]:
                    said.add(int(message))
                case ["begun", message]:
                    journalled[int(message)] = 0
                case ["journalled", message, count]:
                    journalled[int(message)] = int(count)
        with open_store(path, key) as store:
            assert {reply.state for reply in store.recover()} <= {State.INTERRUPTED}
            assert_kept(store, said, journalled)
    assert len(said) > ROUNDS


def chat_until_killed(path: Path, after: float) -> list[str]:
    """Kill the program so many seconds after its first promise; return all it made."""
    program = [sys.executable, str(PROGRAM), str(path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as chatting:
        assert chatting.stdout is not None
        promises = [chatting.stdout.readline()]
        killer = threading.Timer(after, chatting.kill)
        killer.start()
        promises += chatting.stdout.readlines()
        killer.join()
    return [promise for promise in promises if promise.endswith("\n")]


def assert_kept(store: Store, said: set[int], journalled: dict[int, int]) -> None:
    for message in said:
        assert store.message(message).text.startswith("question after")
    for message, count in journalled.items():
        text = store.message(message).text
        assert text.startswith(words(message, count))
        assert words(message, 8).startswith(text)
