from dataclasses import replace

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


def test_the_estimate_covers_what_llama_cpp_reports() -> None:
    # KV buffer and compute buffer of SmolLM2 as llama.cpp 0.3.36 logged them.
    for tokens, logged in ((512, 11.25 + 16.38), (4096, 90 + 86.38), (16384, 360 + 326.38)):
        estimate = context.window_bytes(SMOLLM2, tokens) / MiB
        assert logged <= estimate <= 1.34 * logged


def test_much_memory_allows_the_trained_window() -> None:
    assert context.limit(LLAMA_8B, 200 * GB) == 131_072


def test_a_laptop_gets_a_smaller_limit() -> None:
    limit = context.limit(LLAMA_8B, 10 * GB)
    assert 8_192 < limit < 16_384
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
