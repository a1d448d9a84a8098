from contextlib import ExitStack
from pathlib import Path

import pytest

from sottovoce.domain.problems import Interrupted
from sottovoce.system import use
from sottovoce.system.use import alone, using


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "_PATIENCE", 0.0)


def test_many_may_use_a_profile_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(using(tmp_path))


def test_nothing_is_replaced_while_somebody_uses_it(tmp_path: Path) -> None:
    with using(tmp_path), pytest.raises(Interrupted), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_nobody_uses_what_is_being_replaced(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(Interrupted), using(tmp_path):
        pass
    with using(tmp_path):
        pass
