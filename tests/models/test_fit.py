from dataclasses import replace

import pytest

from domain.described import MACHINES, apple, card, computer, llama_31
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.speed import DeviceRates, Rates, TypeRate
from sottovoce.models.fit import DOUBT, Verdict, fit, generation_speed, prompt_speed

SMALL = llama_31("8B", "Q4_K_M")
LARGE = llama_31("70B", "Q4_K_M")
LAPTOP = MACHINES["16 GB laptop"]
AUTOMATIC = LoadOptions()


def device(name: str, gigabytes: float, operations: float, layer: float = 0) -> DeviceRates:
    """One that computes as fast with weights of any type."""
    types = tuple(
        TypeRate(kind, gigabytes * 1e9, operations, seconds_per_row=0)
        for kind in ("F16", "Q8_0", "Q4_K", "Q6_K", "F32")
    )
    return DeviceRates(
        name, types, looks_per_second=operations / 10, seconds_per_layer=layer, seconds_per_token=0
    )


def rates(*gpus: DeviceRates, memory: float = 40, spread: float = 0.0) -> Rates:
    """Of a processor that reads so many gigabytes in a second."""
    processor = device("Processor", memory, 1e12)
    return Rates("build", 7, (processor, *gpus), seconds_per_candidate=0, spread=spread)


def on(machine: Machine, speeds: Rates | None = None) -> tuple[Verdict, str]:
    found = fit(SMALL, machine, speeds, AUTOMATIC)
    return found.verdict, found.says


def test_a_model_that_a_processor_carries_runs_well_on_it() -> None:
    assert on(LAPTOP, rates()) == (Verdict.WELL, "Runs well on your processor.")


def test_a_model_that_writes_slower_than_one_reads_runs_slowly() -> None:
    assert on(LAPTOP, rates(memory=10)) == (
        Verdict.SLOWLY,
        "Runs, slowly, on your processor.",
    )


def test_a_gpu_that_holds_all_is_named() -> None:
    assert (
        on(MACHINES["32 GB + 12 GB GPU"])[1] == "Runs on your GPU; its speed is not measured yet."
    )
    large, two = LARGE, MACHINES["128 GB + 2 × 24 GB GPU"]
    assert fit(large, two, None, AUTOMATIC).says == "Runs on 2 GPUs; its speed is not measured yet."


def test_a_gpu_that_holds_a_part_is_named_so() -> None:
    assert (
        on(MACHINES["16 GB + 6 GB GPU"])[1]
        == "Runs partly on your GPU; its speed is not measured yet."
    )


def test_what_is_too_large_says_what_it_needs_and_what_is_there() -> None:
    found = fit(LARGE, LAPTOP, rates(), AUTOMATIC)
    assert found.verdict is Verdict.NOT
    assert found.says == "Too large: needs 43 GB, 13 GB are there."
    assert found.generation is found.prompt is None


def test_the_memory_of_gpus_counts_as_being_there_and_what_they_share_does_not() -> None:
    with_card = fit(LARGE, computer(16, 12, card("GPU", 8, 8)), None, AUTOMATIC)
    assert with_card.says == "Too large: needs 43 GB, 20 GB are there."
    shared = fit(LARGE, computer(16, 12, apple(10, 10)), None, AUTOMATIC)
    assert shared.says == "Too large: needs 43 GB, 13 GB are there."


def test_a_model_that_cannot_be_divided_does_not_claim_to_need_less_than_there_is() -> None:
    everything_on_the_gpu = LoadOptions(gpu_layers=99)
    found = fit(
        SMALL, MACHINES["16 GB + 6 GB GPU"], None, replace(everything_on_the_gpu, context=8192)
    )
    assert found.verdict is Verdict.NOT
    assert "divide" in found.says


def test_a_window_with_hardly_any_room_is_told() -> None:
    assert on(MACHINES["8 GB laptop"]) == (
        Verdict.TIGHTLY,
        "Just fits: it can take in no more than 1,536 tokens here.",
    )


def test_a_small_window_is_no_fault_where_the_model_has_no_larger() -> None:
    brief = replace(SMALL, trained=512)
    assert fit(brief, LAPTOP, None, AUTOMATIC).verdict is Verdict.FITS


def test_without_measurements_there_are_no_speeds() -> None:
    found = fit(SMALL, LAPTOP, None, AUTOMATIC)
    assert found.generation is found.prompt is None


def test_writing_is_bound_by_the_bytes_of_the_weights() -> None:
    found = fit(SMALL, LAPTOP, rates(memory=40), AUTOMATIC)
    assert found.generation is not None
    read = SMALL.weights - SMALL.input_weights  # Of the table of words, one row.
    assert found.generation.likely == pytest.approx(40e9 / read, rel=0.05)


def test_reading_is_bound_by_the_numbers_in_the_weights() -> None:
    found = fit(SMALL, LAPTOP, rates(), AUTOMATIC)
    assert found.prompt is not None
    assert found.prompt.likely == pytest.approx(1e12 / (2 * 6.98e9), rel=0.1)


def test_a_deep_conversation_is_written_slower() -> None:
    planned = fit(SMALL, LAPTOP, None, AUTOMATIC).plan
    early, late = (
        generation_speed(SMALL, LAPTOP, planned, rates(), depth) for depth in (0, 16_384)
    )
    assert early is not None
    assert late is not None
    assert late.likely < 0.8 * early.likely


def test_a_layer_costs_more_than_its_bytes() -> None:
    planned = fit(SMALL, LAPTOP, None, AUTOMATIC).plan
    slow = Rates("build", 7, (device("Processor", 40, 1e12, layer=1e-3),), 0, 0)
    quick = generation_speed(SMALL, LAPTOP, planned, rates())
    slower = generation_speed(SMALL, LAPTOP, planned, slow)
    assert quick is not None
    assert slower is not None
    assert 1 / slower.likely - 1 / quick.likely == pytest.approx(32e-3)


def test_what_each_device_takes_adds_up() -> None:
    machine = MACHINES["16 GB + 6 GB GPU"]
    name = machine.gpus[0].name
    planned = fit(SMALL, machine, None, AUTOMATIC).plan
    assert 0 < planned.layout.gpu_layers < 33
    equal = generation_speed(SMALL, machine, planned, rates(device(name, 40, 1e12)))
    faster = generation_speed(SMALL, machine, planned, rates(device(name, 400, 1e13)))
    alone = generation_speed(SMALL, machine, planned, rates(device(name, 4e6, 1e18)))
    assert equal is not None
    assert faster is not None
    assert alone is not None
    assert equal.likely < faster.likely < alone.likely < 4 * equal.likely


def test_a_gpu_that_was_not_measured_leaves_the_speed_open() -> None:
    machine = MACHINES["32 GB + 12 GB GPU"]
    found = fit(SMALL, machine, rates(device("Another GPU", 400, 1e13)), AUTOMATIC)
    assert found.verdict is Verdict.FITS
    assert found.generation is found.prompt is None


def test_measurements_that_lay_apart_make_the_doubt_larger() -> None:
    planned = fit(SMALL, LAPTOP, None, AUTOMATIC).plan
    for spread in (0.0, 0.3):
        speed = prompt_speed(SMALL, LAPTOP, planned, rates(spread=spread))
        assert speed is not None
        assert speed.high / speed.likely == pytest.approx(1 + DOUBT + spread)
        assert speed.likely / speed.low == pytest.approx(1 + DOUBT + spread)


def test_a_type_that_was_not_measured_counts_as_the_slowest() -> None:
    planned = fit(SMALL, LAPTOP, None, AUTOMATIC).plan
    unknown = replace(SMALL, types=(("Q9_X", SMALL.weights),))
    known = replace(SMALL, types=(("F16", SMALL.weights),))
    assert generation_speed(unknown, LAPTOP, planned, rates()) == generation_speed(
        known, LAPTOP, planned, rates()
    )


def test_only_experts_that_are_asked_are_read() -> None:
    planned = fit(SMALL, LAPTOP, None, AUTOMATIC).plan
    mixture = replace(SMALL, experts=8, experts_used=2)
    dense, sparse = (
        generation_speed(shape, LAPTOP, planned, rates()) for shape in (SMALL, mixture)
    )
    assert dense is not None
    assert sparse is not None
    assert 2 * dense.likely < sparse.likely < 4 * dense.likely
