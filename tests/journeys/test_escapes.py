"""Nothing gets out of the processes that open what strangers made."""

import platform
import sys

import pytest

from escapes import REFUSED, targets, tried_unlocked
from escaping import tried_in_engine, tried_in_parser
from sottovoce.system.sandbox import possible

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(
        (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="calls of one system"
    ),
]


@pytest.mark.skipif(not possible().is_full, reason="this kernel does not have all locks")
def test_neither_the_engine_nor_the_parser_gets_out() -> None:
    with targets() as there:
        for outcomes in (tried_in_engine(), tried_in_parser(there)):
            assert len(outcomes) >= 100
            assert {name: out for name, out in outcomes.items() if out != REFUSED} == {}


def test_a_free_process_gets_out() -> None:
    with targets():
        outcomes = tried_unlocked()
    refused = [name for name, outcome in outcomes.items() if outcome == REFUSED]
    # Who is not the administrator may do less, and so may everybody in a container.
    assert len(refused) < len(outcomes) / 2
