"""A model that answers with LoRA adapters."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np
import pytest

from engine.asking import ask, load, model_at, user
from engine.lora import RANK, WIDTH, Tensors, pair, write_adapter
from sottovoce.domain.model import Adapter, LoadOptions, Model, Sampling
from sottovoce.domain.problems import Damaged, Interrupted, Missing, Problem, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine

QUESTION = user("Tell me about the sea.")


@pytest.fixture
def adapted(llama_engine: ProcessEngine) -> Iterator[ProcessEngine]:
    """The tiny Llama, which is without adapters again afterwards."""
    yield llama_engine
    if llama_engine.loaded is not None:
        llama_engine.adapt([], Stop())


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "sea.gguf")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where whatever is no adapter lies: for each new path the engine would begin anew."""
    return tmp_path_factory.mktemp("adapters") / "bad.gguf"


def adapt(engine: ProcessEngine, *adapters: Adapter) -> None:
    """Have the model that is loaded use these, in a process that may open them."""
    assert engine.loaded is not None
    load(engine, model_at(engine.loaded.path), adapters=adapters)
    engine.adapt(adapters, Stop())


def use(engine: ProcessEngine, *adapters: Adapter) -> str:
    """What the model says with these adapters."""
    adapt(engine, *adapters)
    return ask(engine, QUESTION).text


def test_an_adapter_changes_what_is_said_and_its_scale_how_much(
    adapted: ProcessEngine, adapter: Path
) -> None:
    plain = use(adapted)
    with_it = use(adapted, Adapter(adapter))
    assert with_it != plain
    assert use(adapted, Adapter(adapter, scale=0)) == plain
    assert use(adapted, Adapter(adapter, scale=-3)) not in {plain, with_it}
    assert use(adapted, Adapter(adapter)) == with_it
    assert use(adapted) == plain


def test_several_adapters_work_together(
    adapted: ProcessEngine, adapter: Path, tmp_path: Path
) -> None:
    other = write_adapter(tmp_path / "other.gguf", seed=2)
    one = use(adapted, Adapter(adapter))
    two = use(adapted, Adapter(other))
    both = use(adapted, Adapter(adapter), Adapter(other))
    assert len({one, two, both}) == 3


def test_what_was_read_without_an_adapter_is_read_again(
    adapted: ProcessEngine, adapter: Path
) -> None:
    adapt(adapted, Adapter(adapter, scale=0))
    ask(adapted, QUESTION)
    assert ask(adapted, QUESTION).finished.usage.cached > 0
    adapt(adapted, Adapter(adapter))
    assert ask(adapted, QUESTION).finished.usage.cached == 0
    adapt(adapted, Adapter(adapter))
    assert ask(adapted, QUESTION).finished.usage.cached > 0


def test_a_grown_window_keeps_its_adapters(
    engine: ProcessEngine, tiny_llama: Model, adapter: Path
) -> None:
    long = user("Tell me about the sea. " * 900)
    sampling = Sampling(temperature=0, max_tokens=12)

    def said(*adapters: Adapter, first: str) -> str:
        load(engine, tiny_llama, adapters=adapters)
        engine.adapt(adapters, Stop())
        ask(engine, user(first))
        text = ask(engine, long, sampling=sampling).text
        assert engine.loaded is not None
        assert engine.loaded.context > 4096
        engine.unload()
        return text

    with_it = said(Adapter(adapter), first="Hi")
    assert with_it == said(Adapter(adapter), first="Another beginning")
    assert with_it != said(first="Hi")


def test_switching_does_not_load_the_model_again(adapted: ProcessEngine, adapter: Path) -> None:
    adapt(adapted, Adapter(adapter, scale=0.5))
    before = adapted.loaded
    use(adapted, Adapter(adapter))
    use(adapted)
    assert adapted.loaded == before


def test_what_was_not_named_in_time_is_loaded_with_the_model_anew(
    engine: ProcessEngine, tiny_llama: Model, adapter: Path
) -> None:
    load(engine, tiny_llama)
    plain = ask(engine, QUESTION).text
    assert load(engine, tiny_llama, adapters=[Adapter(adapter)])
    engine.adapt([Adapter(adapter)], Stop())
    assert ask(engine, QUESTION).text != plain
    assert not load(engine, tiny_llama), "it is there, and may do more than is asked for"


def test_those_of_the_shelf_are_switched_to_without_loading(
    tiny_llama: Model, adapter: Path
) -> None:
    with closing(ProcessEngine(adapters=lambda: [adapter, adapter.with_name("gone")])) as engine:
        load(engine, tiny_llama)
        plain = ask(engine, QUESTION).text
        assert not load(engine, tiny_llama, adapters=[Adapter(adapter)])
        engine.adapt([Adapter(adapter)], Stop())
        assert ask(engine, QUESTION).text != plain


@pytest.mark.parametrize(
    "tensors",
    [
        {f"blk.0.ffn_down.weight.lora_{which}": (WIDTH * 2, RANK) for which in "ab"},
        pair("blk.7.ffn_down.weight"),
        {"blk.0.ffn_down.weight.lora_a": (RANK, WIDTH), "blk.0.ffn_down.weight.lora_b": (WIDTH, 5)},
        {"token_embd.weight.lora_a": (128_256, RANK), "token_embd.weight.lora_b": (WIDTH, RANK)},
    ],
)
def test_an_adapter_for_another_model_is_unsupported(
    adapted: ProcessEngine, place: Path, tensors: Tensors
) -> None:
    plain = use(adapted)
    path = write_adapter(place, tensors)
    with pytest.raises(Unsupported):
        adapt(adapted, Adapter(path))
    assert ask(adapted, QUESTION).text == plain


def test_an_adapter_of_another_architecture_is_unsupported(
    adapted: ProcessEngine, place: Path
) -> None:
    path = write_adapter(place, architecture="qwen2")
    with pytest.raises(Unsupported):
        adapt(adapted, Adapter(path))


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"blk.0.ffn_down.weight.lora_a": (RANK, WIDTH)},
        {"blk.0.ffn_down.weight.lora_b": (WIDTH, RANK)},
        {"blk.0.ffn_down.weight": (WIDTH, WIDTH)},
    ],
)
def test_half_an_adapter_is_damaged(adapted: ProcessEngine, place: Path, tensors: Tensors) -> None:
    path = write_adapter(place, tensors)
    with pytest.raises(Damaged):
        adapt(adapted, Adapter(path))


def test_whole_numbers_are_no_adapter(adapted: ProcessEngine, place: Path) -> None:
    path = write_adapter(place, dtype=np.int32)
    with pytest.raises(Damaged):
        adapt(adapted, Adapter(path))


def test_a_strength_that_is_no_fraction_is_damaged(adapted: ProcessEngine, place: Path) -> None:
    path = write_adapter(place, alpha=8)
    with pytest.raises(Damaged):
        adapt(adapted, Adapter(path))


@pytest.mark.parametrize("kept", [4, 40, 200, 0.5, 0.95])
def test_a_truncated_adapter_is_damaged(
    adapted: ProcessEngine, adapter: Path, place: Path, kept: float
) -> None:
    whole = adapter.read_bytes()
    place.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    with pytest.raises(Problem):
        adapt(adapted, Adapter(place))
    assert adapted.loaded is not None, "the model is still there"


def test_a_model_is_no_adapter(adapted: ProcessEngine, tiny_llama: Model) -> None:
    with pytest.raises(Unsupported):
        adapt(adapted, Adapter(tiny_llama.path))


def test_a_missing_adapter_is_missing(adapted: ProcessEngine, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        adapt(adapted, Adapter(tmp_path / "gone.gguf"))


def test_without_a_model_nothing_can_be_adapted(engine: ProcessEngine, adapter: Path) -> None:
    with pytest.raises(Interrupted):
        engine.adapt([Adapter(adapter)], Stop())


def test_an_adapter_works_with_rearranged_weights(
    engine: ProcessEngine, tiny_llama: Model, adapter: Path
) -> None:
    assert tiny_llama.quantisation == "Q4_0", "the type whose weights are rearranged"
    load(engine, tiny_llama, LoadOptions(context=512))
    assert use(engine, Adapter(adapter)) != use(engine)


def test_mutated_adapters_do_not_end_the_engine(
    adapted: ProcessEngine, adapter: Path, tmp_path: Path
) -> None:
    assert adapted.loaded is not None
    whole, random = adapter.read_bytes(), Random(7)
    refused = 0
    adapters = [Adapter(tmp_path / f"{number}.gguf") for number in range(40)]
    for each in adapters:
        mutated = bytearray(whole)
        mutated[random.randrange(4, 600)] = random.randrange(256)
        each.path.write_bytes(mutated)
    load(adapted, model_at(adapted.loaded.path), adapters=adapters)
    for each in adapters:
        try:
            adapted.adapt([each], Stop())
            ask(adapted, QUESTION)
        except Problem:
            refused += 1
        assert adapted.loaded is not None
    assert 0 < refused < 40
