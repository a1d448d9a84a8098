"""The engine dies in the middle of an answer: the words so far stay, the next question works."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from sottovoce.chat.answer import Answering, ask, continue_reply
from sottovoce.chat.news import Begun, News
from sottovoce.domain.conversation import State
from sottovoce.domain.model import Model, Sampling
from sottovoce.domain.problems import Interrupted
from sottovoce.domain.reply import Piece
from sottovoce.domain.settings import Settings
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.shelf import starter
from sottovoce.store.store import open_store

pytestmark = pytest.mark.journey
LONG = Settings(sampling=Sampling(max_tokens=400, seed=1))


@pytest.fixture
def model() -> Model:
    found = starter()
    assert found is not None
    return found


@pytest.fixture
def answering(model: Model) -> Iterator[Answering]:
    with open_store(None, b"") as store, closing(ProcessEngine()) as engine:
        yield Answering(store, engine, model, LONG)


def engine_processes() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def kill_after(pieces: int, news: Iterator[News]) -> tuple[int, str]:
    """Kill the engine after so many pieces; the reply's id, and all the text that came."""
    reply, text, seen = 0, "", 0
    try:
        for item in news:
            match item:
                case Begun(message):
                    reply = message.id
                case Piece(piece):
                    text += piece
                    seen += 1
                    if seen == pieces:
                        for process in engine_processes():
                            os.kill(process.pid, signal.SIGKILL)
    except Interrupted:
        return reply, text
    pytest.fail("The answer ended as if nothing had happened.")


def test_every_killed_answer_keeps_its_words_and_can_go_on(answering: Answering) -> None:
    store, dice = answering.store, random.Random(3)
    chat = store.new_conversation()
    reply, text = 0, ""
    for _ in range(5):
        leaf = store.conversation(chat.id).leaf
        news = ask(answering, chat.id, "Write a long story about the sea.", leaf, Stop())
        reply, text = kill_after(dice.randint(1, 6), news)

        kept = store.message(reply)
        assert kept.state is State.INTERRUPTED
        assert kept.text == text
        assert engine_processes() == []

    for _ in continue_reply(answering, reply, Stop()):
        pass

    finished = store.message(reply)
    assert finished.state is State.COMPLETE
    assert finished.text.startswith(text)
    assert len(finished.text) > len(text)
