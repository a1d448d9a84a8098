"""The engine's process is locked in before it reads any byte of a model."""

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.asking import ask, load, user
from sottovoce.domain.model import LoadOptions, Model
from sottovoce.domain.problems import Refused
from sottovoce.domain.stop import Stop
from sottovoce.engine import child
from sottovoce.engine.process import ProcessEngine
from sottovoce.system.sandbox import demand, possible


def test_it_is_told_what_a_model_is_kept_from(starter_engine: ProcessEngine) -> None:
    assert starter_engine.loaded is not None
    held = starter_engine.loaded.confinement
    assert held is not None
    there = possible()
    assert (held.files, held.changes) == (there.files, there.changes)
    assert (held.network, held.programs) == (there.network, there.programs)
    assert not held.memory, "a model may take all there is"


@pytest.mark.skipif(sys.platform != "linux", reason="told by files of Linux")
def test_every_thread_is_locked_in(starter_engine: ProcessEngine) -> None:
    ask(starter_engine, user("Hello"))
    (engine,) = psutil.Process().children()
    tasks = list(Path(f"/proc/{engine.pid}/task").iterdir())
    assert len(tasks) > 2
    for task in tasks:
        status = (task / "status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status


def test_an_administrator_can_demand_that_it_is_locked_in(
    starter: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = psutil.Process().children()
    with closing(ProcessEngine(needs_sandbox=True)) as engine:
        if possible().is_full:
            load(engine, starter)
            assert engine.loaded is not None
            engine.unload()

        monkeypatch.setattr(child, "demand", lambda held: demand(replace(held, files=False)))
        with pytest.raises(Refused, match="administrator"):
            list(engine.load(starter, LoadOptions(), Stop()))
        assert engine.loaded is None
        assert psutil.Process().children() == others
