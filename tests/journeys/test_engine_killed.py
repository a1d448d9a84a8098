"""The engine dies in the middle of an answer: the words so far stay, the next question works."""

import random

import pytest

from killing import kill_engine_while_writing

pytestmark = pytest.mark.journey


def test_every_killed_answer_keeps_its_words_and_the_next_works() -> None:
    losses = kill_engine_while_writing(rounds=5, dice=random.Random(3))

    assert losses.texts == 0
    assert losses.failures == 0
    assert losses.orphans == 0
