from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate, pairwise

import pytest

from domain.described import FIGURES, MACHINES, apple, card, computer, llama_31
from domain.planned import COMBINATIONS, KEPT, rows
from sottovoce.domain.footprint import KvType
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import (
    GPU_BATCH,
    GPU_RESERVE,
    START,
    STEP,
    Plan,
    grown,
    plan,
    smaller,
    widest,
)

MIB = 1 << 20
AUTOMATIC = LoadOptions()
SHAPE = llama_31("8B", "Q4_K_M")
WITHOUT_GPU = MACHINES["16 GB laptop"]
WITH_GPU = MACHINES["32 GB + 12 GB GPU"]


def between(figures: list[dict[str, float]], context: int, key: str) -> float:
    """What llama.cpp said for a window, or would say: its figures lie on straight lines."""
    below, above = next(
        (low, high) for low, high in pairwise(figures) if context <= high["context"]
    )
    part = (context - below["context"]) / (above["context"] - below["context"])
    return below[key] + part * (above[key] - below[key])


def as_llama_cpp_has_it(size: str, quantisation: str, machine: Machine, its: Plan) -> list[float]:
    """MB on the machine and each GPU, by llama.cpp's figures and its way of dealing layers."""
    said = FIGURES[size]["quantisations"][quantisation]
    windows = [
        window
        for window in FIGURES[size]["windows"]
        if window["kv_type"] == its.layout.kv_type
        and window["flash_attention"] == its.layout.flash_attention
    ]
    total = len(said["layers"])
    on_gpus = its.layout.gpu_layers
    used = zip(machine.gpus, its.layout.split, strict=True)
    free = list(accumulate(gpu.free if layers else 0 for gpu, layers in used))
    places = [0] * (total + 1)
    for layer in range(total + 1 - on_gpus, total + 1):
        part = (layer - (total + 1 - on_gpus)) / on_gpus
        places[layer] = 1 + bisect_right(free, part * free[-1])
    found = [0.0] * (1 + len(machine.gpus))
    found[0] += said["input"]
    found[places[-1]] += said["output"]
    kv = between(windows, its.layout.context, "kv") * MIB / total
    for layer, place in enumerate(places[:-1]):
        found[place] += said["layers"][layer] + kv
    compute = between(windows, its.layout.context, "compute") * MIB
    return [
        (bytes_there + compute) / 1e6 if place in places[1:] or place == 0 else 0
        for place, bytes_there in enumerate(found)
    ]


def test_llama_3_1_is_planned_on_each_machine_as_in_the_table() -> None:
    assert list(rows()) == KEPT.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", MACHINES)
def test_what_is_planned_has_room_by_the_figures_of_llama_cpp(name: str) -> None:
    machine = MACHINES[name]
    for _, size, quantisation in (each for each in COMBINATIONS if each[0] == name):
        its = plan(llama_31(size, quantisation), machine, AUTOMATIC)
        if not its.fits:
            continue
        on_machine, *on_gpus = as_llama_cpp_has_it(size, quantisation, machine, its)
        for gpu, exact, planned in zip(machine.gpus, on_gpus, its.need.gpus, strict=True):
            assert exact <= gpu.free / 1e6
            assert exact * 0.93 <= planned / 1e6 <= exact * 1.1 + 500, (size, quantisation)
        shared = sum(
            exact for gpu, exact in zip(machine.gpus, on_gpus, strict=True) if gpu.shares_memory
        )
        assert on_machine + shared <= machine.available / 1e6


@pytest.mark.parametrize("name", MACHINES)
def test_the_window_can_grow_to_its_limit_beside_what_the_machine_needs_else(name: str) -> None:
    machine = MACHINES[name]
    its = plan(SHAPE, machine, AUTOMATIC)
    at_limit = plan(SHAPE, machine, LoadOptions(context=its.context_limit))
    assert at_limit.fits
    assert at_limit.layout.gpu_layers >= its.layout.gpu_layers


def test_the_first_window_is_small_and_the_limit_is_not() -> None:
    its = plan(SHAPE, WITHOUT_GPU, AUTOMATIC)
    assert its.layout.context == START < its.context_limit


def test_the_limit_leaves_other_programs_half_of_what_the_weights_leave() -> None:
    its = plan(SHAPE, WITHOUT_GPU, AUTOMATIC)
    need = plan(SHAPE, WITHOUT_GPU, LoadOptions(context=its.context_limit)).need
    left = WITHOUT_GPU.available - need.weights.machine - need.process
    assert 0.48 * left < need.window.machine <= 0.5 * left


def test_no_window_is_larger_than_what_the_model_was_trained_for() -> None:
    shape = replace(SHAPE, trained=2048)
    assert plan(shape, WITHOUT_GPU, AUTOMATIC).context_limit == 2048
    assert plan(shape, WITHOUT_GPU, LoadOptions(context=9000)).layout.context == 2048


def test_a_wish_for_a_window_is_rounded_up_to_a_step() -> None:
    its = plan(SHAPE, WITHOUT_GPU, LoadOptions(context=STEP + 1))
    assert its.layout.context == its.context_limit == 2 * STEP


def test_all_wishes_are_heeded() -> None:
    wishes = LoadOptions(
        context=2048,
        gpu_layers=7,
        threads=3,
        kv_type=KvType.Q4_0,
        flash_attention=True,
        batch=64,
    )
    its = plan(SHAPE, WITH_GPU, wishes)
    layout = its.layout
    assert (layout.context, layout.gpu_layers, its.threads) == (2048, 7, 3)
    assert (layout.kv_type, layout.flash_attention, layout.batch) == (KvType.Q4_0, True, 64)


def test_more_layers_than_there_are_means_all() -> None:
    assert plan(SHAPE, WITH_GPU, LoadOptions(gpu_layers=999)).layout.gpu_layers == 33
    assert plan(SHAPE, WITHOUT_GPU, LoadOptions(gpu_layers=999)).layout.gpu_layers == 0


def test_a_smaller_kv_type_brings_flash_attention_with_it() -> None:
    wishes = LoadOptions(kv_type=KvType.Q8_0, flash_attention=False)
    assert plan(SHAPE, WITHOUT_GPU, wishes).layout.flash_attention


def test_a_processor_keeps_the_kv_cache_precise_and_reads_little_at_once() -> None:
    layout = plan(SHAPE, WITHOUT_GPU, AUTOMATIC).layout
    assert (layout.kv_type, layout.flash_attention, layout.batch) == (KvType.F16, False, 128)


def test_a_gpu_that_holds_all_keeps_a_smaller_kv_cache() -> None:
    layout = plan(SHAPE, WITH_GPU, AUTOMATIC).layout
    assert (layout.kv_type, layout.flash_attention) == (KvType.Q8_0, True)
    assert layout.batch == GPU_BATCH


def test_heads_that_do_not_divide_into_blocks_keep_the_kv_cache_precise() -> None:
    shape = replace(SHAPE, key_length=80, value_length=80)
    assert plan(shape, WITH_GPU, AUTOMATIC).layout.kv_type is KvType.F16


def test_one_core_is_left_to_the_window() -> None:
    assert plan(SHAPE, computer(16, 12, cores=8), AUTOMATIC).threads == 7
    assert plan(SHAPE, computer(16, 12, cores=1), AUTOMATIC).threads == 1


def test_a_gpu_keeps_room_for_its_driver() -> None:
    its = plan(SHAPE, MACHINES["16 GB + 6 GB GPU"], AUTOMATIC)
    assert 0 < its.need.gpus[0] <= MACHINES["16 GB + 6 GB GPU"].gpus[0].free - GPU_RESERVE


def test_what_one_gpu_holds_is_not_spread_over_more() -> None:
    its = plan(SHAPE, MACHINES["8 × H100 80 GB"], AUTOMATIC)
    assert sum(map(bool, its.layout.split)) == 1
    large = plan(llama_31("70B", "F16"), MACHINES["8 × H100 80 GB"], AUTOMATIC)
    assert sum(map(bool, large.layout.split)) == 2
    less = smaller(SHAPE, MACHINES["8 × H100 80 GB"], its)
    assert less is not None
    assert sum(map(bool, less.layout.split)) == 1


def test_a_gpu_too_small_to_help_is_left_alone() -> None:
    machine = computer(32, 27, card("GT 1030", 2, 1.7))
    assert plan(SHAPE, machine, AUTOMATIC).layout.gpu_layers == 0


def test_what_a_gpu_shares_of_the_memory_counts_once() -> None:
    machine = computer(16, 5.5, apple(10.6, 10.6))
    its = plan(SHAPE, machine, AUTOMATIC)
    assert its.fits
    assert its.need.total < machine.available
    assert not plan(SHAPE, computer(16, 4.5, apple(10.6, 10.6)), AUTOMATIC).fits


def test_what_does_not_fit_tells_the_least_it_would_take() -> None:
    its = plan(llama_31("70B", "Q4_K_M"), WITHOUT_GPU, AUTOMATIC)
    assert not its.fits
    assert its.context_limit == 0
    assert 42e9 < its.need.total < 44e9


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("context", [None, 16_384])
def test_each_step_down_takes_less_until_none_is_left(name: str, context: int | None) -> None:
    machine = MACHINES[name]
    its = plan(SHAPE, machine, LoadOptions(context=context))
    steps = 0
    while (less := smaller(SHAPE, machine, its)) is not None:
        fewer_layers = less.layout.gpu_layers < its.layout.gpu_layers
        assert fewer_layers or less.layout.context < its.layout.context
        assert sum(less.need.gpus) < sum(its.need.gpus) or less.need.machine < its.need.machine
        its, steps = less, steps + 1
    assert steps < 20
    assert (its.layout.gpu_layers, its.layout.context) == (0, STEP)


def test_layers_give_way_before_the_window_does() -> None:
    its = plan(SHAPE, WITH_GPU, LoadOptions(context=16_384))
    less = smaller(SHAPE, WITH_GPU, its)
    assert less is not None
    assert less.layout.context == 16_384
    assert 0 < less.layout.gpu_layers < its.layout.gpu_layers


def test_a_window_grows_by_doubling_as_far_as_it_must() -> None:
    assert grown(4096, need=4000, limit=65_536) == 4096
    assert grown(4096, need=4097, limit=65_536) == 8192
    assert grown(4096, need=50_000, limit=40_000) == 40_000
    assert grown(4096, need=9000, limit=2048) == 4096


def test_a_window_grows_no_further_than_memory_allows_now() -> None:
    layout = plan(SHAPE, WITHOUT_GPU, AUTOMATIC).layout
    size = widest(SHAPE, replace(WITHOUT_GPU, available=2_000_000_000), layout)
    assert size % STEP == 0
    assert 8192 < size < 16_384
    assert widest(SHAPE, replace(WITHOUT_GPU, available=0), layout) == 0


def test_a_window_on_a_gpu_grows_no_further_than_that_gpu_allows() -> None:
    layout = plan(SHAPE, WITH_GPU, AUTOMATIC).layout
    nearly_full = replace(WITH_GPU, gpus=(replace(WITH_GPU.gpus[0], free=2 << 30),))
    assert START < widest(SHAPE, nearly_full, layout) < widest(SHAPE, WITH_GPU, layout)
