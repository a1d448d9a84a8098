"""What gets out of the processes that open what strangers made, and what locking them in costs."""

import operator
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from unittest.mock import patch

from bench.figure import Figure
from engine.asking import ask, load, user
from escapes import REFUSED, targets, tried_unlocked
from escaping import FREE, replaced_processes, tried_in_engine, tried_in_parser
from sottovoce.domain.model import Sampling
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.shelf import starter

QUESTION = user("Write a very long story about a lighthouse.")
TOKENS = 200
ROUNDS = 15


def figures() -> Iterator[Figure]:
    """Attempts of each process, those of a free one to compare, and the speed of the engine."""
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        with targets() as there:
            free = tried_unlocked()
            done = len(free) - _refused(free)
            yield Figure(
                "escapes that succeed in a free process",
                done,
                "attempts",
                len(free) / 2,
                less_is_better=False,
                note=f"of {len(free)}: who is not the administrator may do less",
            )
            yield _kept_in("engine", tried_in_engine())
            yield _kept_in("parser", tried_in_parser(there))
    yield _speed()


def _kept_in(name: str, outcomes: Mapping[str, str]) -> Figure:
    out = ", ".join(name for name, outcome in outcomes.items() if outcome != REFUSED)
    return Figure(
        f"escapes refused to the {name}",
        _refused(outcomes),
        "attempts",
        len(outcomes),
        less_is_better=False,
        note=out,
    )


def _refused(outcomes: Mapping[str, str]) -> int:
    return sum(outcome == REFUSED for outcome in outcomes.values())


def _speed() -> Figure:
    """Of writing, locked in and free, in turn."""
    model = starter()
    assert model is not None
    with closing(ProcessEngine()) as locked, closing(ProcessEngine()) as free:
        load(locked, model)
        with replaced_processes(), patch.dict(os.environ, {FREE: "1"}):
            load(free, model)
        assert free.loaded is not None
        assert free.loaded.confinement is not None
        assert not free.loaded.confinement.is_full
        ours, theirs = list[float](), list[float]()
        for _ in range(ROUNDS):  # Each goes first as often as the other.
            ours.append(_written(locked))
            theirs += (_written(free), _written(free))
            ours.append(_written(locked))
    return Figure(
        "decode speed, engine locked in to free",
        statistics.median(map(operator.truediv, ours, theirs)),
        "ratio",
        0.98,
        less_is_better=False,
        note=f"{statistics.median(ours):.0f} to {statistics.median(theirs):.0f} tokens/s",
    )


def _written(engine: ProcessEngine) -> float:
    """Tokens per second of one reply."""
    answer = ask(engine, QUESTION, sampling=Sampling(temperature=0, max_tokens=TOKENS))
    return answer.finished.timings.speed
