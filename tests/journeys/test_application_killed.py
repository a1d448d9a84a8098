"""The application dies in the middle of a chat; what was on screen is there again."""

import random

import pytest

from killing import kill_while_chatting
from program import Program

pytestmark = pytest.mark.journey


def test_nothing_that_was_on_screen_is_lost(program: Program) -> None:
    losses = kill_while_chatting(program, rounds=6, dice=random.Random(8))

    assert losses.said >= 6
    assert losses.grown > 0
    assert losses.messages == []
    assert losses.words == []
    assert losses.orphans == 0
