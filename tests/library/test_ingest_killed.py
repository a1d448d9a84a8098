import random
from pathlib import Path

import pytest

from library.ingest_killing import kill


@pytest.mark.journey
def test_what_is_killed_goes_on_and_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    toll = kill(tmp_path, rounds=4, files=8, longest=2.0, dice=random.Random(4))
    assert (toll.rounds, toll.halves, toll.orphans) == (4, 0, 0)
    assert toll.is_same
