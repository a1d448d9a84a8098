"""How fast this machine computes."""

from contextlib import closing

import pytest

from engine.asking import ask, load, user
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Cancelled, NoRoom
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine


@pytest.fixture(scope="module")
def measured() -> tuple[list[float], Rates]:
    """The fractions that were told, and what came out."""
    with closing(ProcessEngine()) as engine:
        *told, rates = engine.measure(Stop())
    assert isinstance(rates, Rates)
    return [news.fraction for news in told if isinstance(news, Measuring)], rates


def test_measuring_tells_how_far_it_is(measured: tuple[list[float], Rates]) -> None:
    fractions, _ = measured
    assert fractions == sorted(fractions)
    assert len(fractions) > 10
    assert 0 <= fractions[0] < fractions[-1] < 1


def test_the_processor_is_measured_with_every_type_of_weights(
    measured: tuple[list[float], Rates],
) -> None:
    _, rates = measured
    processor = rates.devices[0]
    assert processor.device.startswith("CPU")
    types = {rate.type: rate for rate in processor.types}
    assert {"F16", "Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q3_K", "Q2_K", "IQ2_XS", "Q4_0"} <= set(types)
    for rate in types.values():
        assert 1e8 < rate.bytes_per_second < 1e13
        assert 1e9 < rate.operations_per_second < 1e15
        assert 0 <= rate.seconds_per_row < 1e-6


def test_small_steps_are_measured_too(measured: tuple[list[float], Rates]) -> None:
    _, rates = measured
    processor = rates.devices[0]
    assert 0 < processor.seconds_per_layer < 1e-2
    assert 0 <= processor.seconds_per_token < 1e-2
    assert 1e8 < processor.looks_per_second < 1e13
    assert 0 < rates.seconds_per_candidate < 1e-6
    assert rates.spread >= 0
    assert rates.threads >= 1
    assert "CPU" in rates.build


def test_measuring_can_be_stopped_and_gives_the_model_up(
    engine: ProcessEngine, small_llama: Model
) -> None:
    load(engine, small_llama)
    stop = Stop()
    measuring = engine.measure(stop)
    next(measuring)
    assert engine.loaded is None
    stop.set()
    with pytest.raises(Cancelled):
        list(measuring)
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


def test_without_memory_nothing_is_measured() -> None:
    with (
        closing(ProcessEngine(available_memory=lambda: 10_000_000)) as engine,
        pytest.raises(NoRoom),
    ):
        list(engine.measure(Stop()))


def test_devices_are_told_with_and_without_a_model(
    engine: ProcessEngine, small_llama: Model
) -> None:
    before = engine.devices(Stop())
    load(engine, small_llama)
    assert engine.devices(Stop()) == before
    assert before.build.startswith("llama.cpp ")
    assert "CPU" in before.build
    assert engine.loaded is not None
    assert engine.loaded.backend in {before.processor, *(gpu.name for gpu in before.gpus)}
    assert ask(engine, user("Hi")).text
