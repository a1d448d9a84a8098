import json
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from domain.described import FIGURES, llama_31
from sottovoce.domain.footprint import (
    KvType,
    Layout,
    Parts,
    compute_bytes,
    kv_bytes,
    scratch_bytes,
    weight_bytes,
    window_bytes,
)

MIB = 1 << 20
SIZES = tuple(FIGURES)
QUANTISATIONS = tuple(FIGURES["8B"]["quantisations"])


def layout(*split: int, context: int = 4096, flash_attention: bool = True) -> Layout:
    return Layout(split, context, KvType.F16, flash_attention, batch=512)


def test_llama_cpp_still_says_what_was_written_down() -> None:
    script = Path(__file__).with_name("llama_figures.py")
    asked = [sys.executable, "-P", str(script)]
    told = subprocess.run(asked, check=True, capture_output=True).stdout
    assert json.loads(told) == FIGURES


@pytest.mark.parametrize("size", SIZES)
def test_the_kv_cache_takes_what_llama_cpp_says(size: str) -> None:
    shape = llama_31(size, "Q4_K_M")
    for said in FIGURES[size]["windows"]:
        cache = kv_bytes(shape, said["context"], KvType(said["kv_type"]))
        assert cache / MIB == pytest.approx(said["kv"], abs=0.01)


@pytest.mark.parametrize("size", SIZES)
def test_computing_takes_what_llama_cpp_says_within_a_tenth(size: str) -> None:
    shape = llama_31(size, "Q4_K_M")
    for said in FIGURES[size]["windows"]:
        takes = compute_bytes(
            shape, said["context"], said["batch"], flash_attention=said["flash_attention"]
        )
        assert takes / MIB == pytest.approx(said["compute"], rel=0.1), said


@pytest.mark.parametrize("size", SIZES)
def test_a_window_takes_what_llama_cpp_says_within_three_hundredths(size: str) -> None:
    shape = llama_31(size, "Q4_K_M")
    for said in FIGURES[size]["windows"]:
        if said["context"] < 4096:
            continue
        window = Layout(
            (), said["context"], KvType(said["kv_type"]), said["flash_attention"], said["batch"]
        )
        takes = window_bytes(shape, window).total - scratch_bytes(shape, window)
        parts = said["kv"] + said["compute"] + said["output"]
        assert takes / MIB == pytest.approx(parts, rel=0.03), said


@pytest.mark.parametrize(("size", "quantisation"), [*product(SIZES, QUANTISATIONS)])
def test_layers_lie_where_llama_cpp_would_put_them(size: str, quantisation: str) -> None:
    shape = llama_31(size, quantisation)
    said = FIGURES[size]["quantisations"][quantisation]
    for on_gpu in range(1, shape.layers + 2):
        start = shape.layers + 1 - on_gpu
        exact = sum(said["layers"][start:]) + said["output"]
        parts = weight_bytes(shape, (on_gpu,))
        assert parts.gpus[0] == pytest.approx(exact, rel=0.06), on_gpu
        assert parts.total == pytest.approx(shape.weights, rel=1e-4)


def test_without_a_gpu_all_weights_lie_in_the_machine() -> None:
    shape = llama_31("8B", "Q4_K_M")
    assert weight_bytes(shape, (0, 0)) == Parts(shape.weights, (0, 0))


def test_the_last_gpu_that_is_used_scores_the_vocabulary() -> None:
    shape = llama_31("8B", "Q4_K_M")
    first, second, unused = weight_bytes(shape, (16, 17, 0)).gpus
    assert second - first == shape.output_weights
    assert unused == 0


def test_a_matrix_for_input_and_output_is_there_twice_once_a_gpu_scores() -> None:
    shape = replace(llama_31("8B", "Q4_K_M"), output_weights=0)
    assert weight_bytes(shape, (0,)).total == shape.weights
    there = weight_bytes(shape, (shape.layers + 1,))
    assert there.machine == shape.input_weights
    assert there.total == pytest.approx(shape.weights + shape.input_weights, rel=1e-6)


def test_a_gpu_that_has_nothing_to_do_takes_nothing() -> None:
    assert window_bytes(llama_31("8B", "Q4_K_M"), layout(20, 0)).gpus[1] == 0


def test_the_kv_cache_lies_beside_its_layers() -> None:
    shape = llama_31("8B", "Q4_K_M")
    fewer, more = (window_bytes(shape, layout(count)) for count in (10, 20))
    moved = kv_bytes(shape, 4096, KvType.F16, 10)
    assert fewer.machine - more.machine == moved
    assert more.gpus[0] - fewer.gpus[0] == moved


def test_several_gpus_that_hold_a_whole_model_work_on_several_batches_at_once() -> None:
    shape = llama_31("8B", "Q4_K_M")
    alone = window_bytes(shape, layout(33)).gpus[0] - kv_bytes(shape, 4096, KvType.F16)
    shared = window_bytes(shape, layout(17, 16)).gpus[0] - kv_bytes(shape, 4096, KvType.F16, 17)
    assert shared > alone


def test_a_processor_copies_its_scores_where_there_is_no_flash_attention() -> None:
    shape = llama_31("8B", "Q4_K_M")
    plain = layout(context=131_072, flash_attention=False)
    assert scratch_bytes(shape, plain) == 512 * 32 * 131_072 * 2
    assert scratch_bytes(shape, replace(plain, flash_attention=True)) == 0


def test_only_the_experts_that_are_asked_compute() -> None:
    dense = llama_31("8B", "Q4_K_M")
    mixture = replace(dense, feed_forward=dense.feed_forward // 2, experts=8, experts_used=2)
    assert compute_bytes(mixture, 4096, 512, flash_attention=True) == compute_bytes(
        dense, 4096, 512, flash_attention=True
    )
