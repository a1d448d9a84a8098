"""What only a machine with a GPU can show, if it be one in software."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.asking import ask, load, user
from engine.lora import write_adapter
from sottovoce.domain.footprint import KvType
from sottovoce.domain.model import Adapter, LoadOptions, Model, Sampling
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine

QUESTION = user("Name three colours.")
FEW = Sampling(temperature=0, max_tokens=4)


@pytest.fixture(scope="module")
def engine() -> Iterator[ProcessEngine]:
    """An engine that has a GPU, and the patience that some need."""
    with closing(ProcessEngine()) as engine:
        if not engine.devices(Stop()).gpus:
            pytest.skip("llama.cpp finds no GPU here")
        yield engine


@pytest.fixture(scope="module")
def on_processor(engine: ProcessEngine, starter: Model) -> str:
    """What the processor says."""
    load(engine, starter, LoadOptions(gpu_layers=0, context=512))
    assert engine.loaded is not None
    assert engine.loaded.backend == engine.devices(Stop()).processor
    return ask(engine, QUESTION, sampling=FEW).text


@pytest.mark.parametrize(
    "options",
    [
        LoadOptions(),
        LoadOptions(flash_attention=False),
        LoadOptions(batch=64),
        LoadOptions(gpu_layers=5),
        LoadOptions(gpu_layers=30, flash_attention=False),
    ],
    ids=["all", "all, plain attention", "all, small batch", "few layers", "most layers"],
)
def test_a_gpu_says_what_the_processor_says(
    engine: ProcessEngine, starter: Model, on_processor: str, options: LoadOptions
) -> None:
    wished = LoadOptions(
        context=512,
        kv_type=KvType.F16,
        gpu_layers=options.gpu_layers,
        flash_attention=options.flash_attention,
        batch=options.batch,
    )
    load(engine, starter, wished)
    assert engine.loaded is not None
    assert engine.loaded.gpu_layers == (options.gpu_layers or 31)
    assert engine.loaded.backend == engine.devices(Stop()).gpus[0].name
    assert ask(engine, QUESTION, sampling=FEW).text == on_processor


@pytest.mark.parametrize("kv_type", [KvType.Q8_0, KvType.Q4_0])
@pytest.mark.parametrize("layers", [5, None])
def test_a_gpu_answers_from_a_smaller_kv_cache(
    engine: ProcessEngine, starter: Model, kv_type: KvType, layers: int | None
) -> None:
    load(engine, starter, LoadOptions(context=512, kv_type=kv_type, gpu_layers=layers))
    assert engine.loaded is not None
    assert engine.loaded.kv_type is kv_type
    assert ask(engine, QUESTION, sampling=FEW).text.strip()


def test_the_speed_of_reading_is_that_until_all_is_read(
    engine: ProcessEngine, starter: Model
) -> None:
    load(engine, starter, LoadOptions(context=512))
    finished = ask(engine, QUESTION, sampling=Sampling(max_tokens=1)).finished
    read = finished.usage.prompt / finished.timings.prompt_speed
    assert read == pytest.approx(finished.timings.first_token, rel=0.2)


def test_an_adapter_changes_what_a_gpu_says(
    engine: ProcessEngine, tiny_llama: Model, tmp_path: Path
) -> None:
    adapter = Adapter(write_adapter(tmp_path / "adapter.gguf"))
    load(engine, tiny_llama, LoadOptions(context=512), [adapter])
    before = ask(engine, QUESTION, sampling=FEW).text
    engine.adapt([adapter], Stop())
    assert ask(engine, QUESTION, sampling=FEW).text != before
    engine.adapt([], Stop())
    assert ask(engine, QUESTION, sampling=FEW).text == before
