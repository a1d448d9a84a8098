"""How a model is put in memory, where somebody chose."""

from itertools import pairwise

import pytest

from engine.asking import ask, load, user
from sottovoce.domain.footprint import KvType
from sottovoce.domain.model import LoadOptions, Model
from sottovoce.engine.engine import Loaded
from sottovoce.engine.process import ProcessEngine

LONG = user("The lighthouse keeper counted the ships. " * 60)


def loaded_with(engine: ProcessEngine, model: Model, options: LoadOptions) -> Loaded:
    load(engine, model, options)
    assert engine.loaded is not None
    return engine.loaded


def test_a_processor_gets_half_precision_without_flash_attention(
    engine: ProcessEngine, starter: Model
) -> None:
    loaded = loaded_with(engine, starter, LoadOptions())
    assert (loaded.kv_type, loaded.flash_attention) == (KvType.F16, False)
    assert loaded.gpu_layers == 0
    assert loaded.note == ""


@pytest.mark.parametrize("kv_type", [KvType.Q8_0, KvType.Q4_0])
def test_a_smaller_kv_cache_takes_less_memory_and_answers(
    engine: ProcessEngine, starter: Model, kv_type: KvType
) -> None:
    usual = loaded_with(engine, starter, LoadOptions(context=4096)).memory
    smaller = loaded_with(engine, starter, LoadOptions(context=4096, kv_type=kv_type))
    assert smaller.kv_type is kv_type
    assert smaller.flash_attention, "llama.cpp reads no quantised values without it"
    assert smaller.note == "", "nobody wished for anything else"
    assert smaller.memory < usual - 30_000_000
    assert ask(engine, user("What is the capital of France?")).text.strip()


def test_flash_attention_that_is_needed_is_on_and_says_so(
    engine: ProcessEngine, starter: Model
) -> None:
    options = LoadOptions(kv_type=KvType.Q8_0, flash_attention=False)
    loaded = loaded_with(engine, starter, options)
    assert loaded.flash_attention
    assert loaded.note == (
        "Flash attention is on, because a KV cache of type q8_0 cannot be read without it."
    )
    assert ask(engine, user("Hi")).text


def test_a_kv_type_that_a_model_cannot_have_is_not_used_and_says_so(
    engine: ProcessEngine, small_llama: Model
) -> None:
    loaded = loaded_with(engine, small_llama, LoadOptions(kv_type=KvType.Q8_0))
    assert loaded.kv_type is KvType.F16
    assert "f16" in loaded.note
    assert ask(engine, user("Hi")).text


def test_flash_attention_can_be_had_on_a_processor(engine: ProcessEngine, starter: Model) -> None:
    assert loaded_with(engine, starter, LoadOptions(flash_attention=True)).flash_attention
    assert ask(engine, user("What is the capital of France?")).text.strip()


def test_a_prompt_is_read_in_batches_of_the_wished_size(
    engine: ProcessEngine, small_llama: Model
) -> None:
    assert loaded_with(engine, small_llama, LoadOptions(batch=64)).batch == 64
    done = [reading.done for reading in ask(engine, LONG).readings]
    steps = {after - before for before, after in pairwise(done)}
    assert max(steps) == 64


def test_threads_are_as_wished(engine: ProcessEngine, small_llama: Model) -> None:
    assert loaded_with(engine, small_llama, LoadOptions(threads=2)).threads == 2
    assert ask(engine, user("Hi")).text


def test_layers_for_a_gpu_that_is_not_there_stay_on_the_processor(
    engine: ProcessEngine, small_llama: Model
) -> None:
    assert loaded_with(engine, small_llama, LoadOptions(gpu_layers=99)).gpu_layers == 0
    assert ask(engine, user("Hi")).text
