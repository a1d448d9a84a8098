from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.engine import context
from sottovoce.engine.context import Shape

LLAMA_8B = Shape(
    weights=4_920_000_000,
    trained=131_072,
    layers=32,
    heads=32,
    kv_heads=8,
    key_length=128,
    value_length=128,
)
TWO_LAYERS_OF_8B = replace(LLAMA_8B, layers=2)
SMOLLM2 = Shape(
    weights=98_000_000,
    trained=8192,
    layers=30,
    heads=9,
    kv_heads=3,
    key_length=64,
    value_length=64,
)
MiB = 1 << 20
GB = 1_000_000_000


def test_a_token_of_llama_8b_takes_128_kib() -> None:
    assert LLAMA_8B.token_bytes == 128 * 1024


@pytest.mark.parametrize(
    ("shape", "tokens", "kv_cache", "computing"),
    [
        (SMOLLM2, 512, 11.25, 4.10),
        (SMOLLM2, 4096, 90, 21.60),
        (SMOLLM2, 16384, 360, 81.60),
        (TWO_LAYERS_OF_8B, 512, 4, 28.25),
        (TWO_LAYERS_OF_8B, 4096, 32, 77),
        (TWO_LAYERS_OF_8B, 16384, 128, 275),
    ],
)
def test_the_estimate_covers_what_llama_cpp_logged(
    shape: Shape, tokens: int, kv_cache: float, computing: float
) -> None:
    estimate = context.window_bytes(shape, tokens) / MiB
    assert kv_cache + computing <= estimate <= 1.34 * (kv_cache + computing)


def test_much_memory_allows_the_trained_window() -> None:
    assert context.limit(LLAMA_8B, 200 * GB) == 131_072


def test_a_laptop_gets_a_smaller_limit() -> None:
    limit = context.limit(LLAMA_8B, 10 * GB)
    assert 8_192 < limit < 32_768
    assert limit % context.STEP == 0


def test_no_memory_beside_the_weights_means_no_window() -> None:
    assert context.limit(LLAMA_8B, LLAMA_8B.weights) == 0


def test_a_window_grows_by_doubling_up_to_its_limit() -> None:
    assert context.grown(4096, 4000, 131_072) == 4096
    assert context.grown(4096, 4097, 131_072) == 8192
    assert context.grown(4096, 40_000, 131_072) == 65_536
    assert context.grown(4096, 40_000, 20_480) == 20_480


def test_a_window_never_shrinks() -> None:
    assert context.grown(4096, 5000, 2048) == 4096


def test_a_wish_is_met_in_whole_steps_within_the_training() -> None:
    assert context.fixed(SMOLLM2, 1000) == 1024
    assert context.fixed(SMOLLM2, 1_000_000) == 8192
    assert context.fixed(SMOLLM2, 1) == 256


@given(st.integers(0, 300 * GB), st.integers(256, 200_000))
def test_the_limit_is_the_largest_window_that_fits(available: int, trained: int) -> None:
    shape = replace(LLAMA_8B, trained=trained)
    limit = context.limit(shape, available)
    room = (available - shape.weights) * context.SHARE
    assert limit <= max(trained, context.STEP)
    assert limit == 0 or context.window_bytes(shape, limit) <= room
    bigger = limit + context.STEP
    assert bigger > trained or context.window_bytes(shape, bigger) > room - 1
