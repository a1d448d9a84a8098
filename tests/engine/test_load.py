import os
import struct
from contextlib import closing
from pathlib import Path

import pytest

from engine.asking import ask, load, model_at, user
from engine.files import with_architecture, with_value
from sottovoce.domain.model import LoadOptions, Model
from sottovoce.domain.problems import Cancelled, Damaged, Missing, NoRoom, Problem, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine


def test_loading_tells_its_progress(engine: ProcessEngine, small_llama: Model) -> None:
    fractions = load(engine, small_llama)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 2


def test_a_loaded_model_says_what_it_is(engine: ProcessEngine, small_llama: Model) -> None:
    load(engine, small_llama)
    loaded = engine.loaded
    assert loaded is not None
    assert loaded.path == small_llama.path
    assert loaded.name == small_llama.name
    assert loaded.context == 4096
    assert loaded.context_limit > 4096
    assert loaded.memory > small_llama.size
    assert loaded.threads >= 1
    assert loaded.backend
    assert loaded.seconds > 0


def test_before_the_first_load_nothing_is_loaded(engine: ProcessEngine) -> None:
    assert engine.loaded is None


def test_the_same_model_is_not_loaded_twice(engine: ProcessEngine, small_llama: Model) -> None:
    load(engine, small_llama)
    assert load(engine, small_llama) == []


def test_other_options_load_the_model_anew(engine: ProcessEngine, small_llama: Model) -> None:
    load(engine, small_llama)
    load(engine, small_llama, LoadOptions(context=1000))
    assert engine.loaded is not None
    assert engine.loaded.context == engine.loaded.context_limit == 1024


def test_one_model_takes_the_place_of_another(
    engine: ProcessEngine, small_llama: Model, starter: Model
) -> None:
    load(engine, small_llama)
    load(engine, starter)
    assert engine.loaded is not None
    assert engine.loaded.path == starter.path
    assert ask(engine, user("Hi")).text


def test_unloading_gives_the_model_up(engine: ProcessEngine, small_llama: Model) -> None:
    load(engine, small_llama)
    engine.unload()
    assert engine.loaded is None
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


def test_a_load_can_be_cancelled(engine: ProcessEngine, small_llama: Model) -> None:
    stop = Stop()
    loading = engine.load(small_llama, LoadOptions(), stop)
    next(loading)
    stop.set()
    with pytest.raises(Cancelled):
        list(loading)
    assert engine.loaded is None
    load(engine, small_llama)
    assert engine.loaded is not None


def test_a_missing_file_is_missing(engine: ProcessEngine, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        load(engine, model_at(tmp_path / "gone.gguf"))


def test_a_folder_is_no_model(engine: ProcessEngine, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        load(engine, model_at(tmp_path))


@pytest.mark.parametrize("content", [b"", b"GG", b"GGUX" + b"\0" * 100, b"%PDF-1.7"])
def test_what_is_no_gguf_is_damaged(engine: ProcessEngine, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(Damaged):
        load(engine, model_at(path))


@pytest.mark.parametrize("kept", [4, 23, 4096, 3_000_000, 0.9, 0.999])
def test_a_truncated_file_is_damaged(
    engine: ProcessEngine, tiny_llama: Model, tmp_path: Path, kept: float
) -> None:
    whole = tiny_llama.path.read_bytes()
    path = tmp_path / "model.gguf"
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    with pytest.raises(Damaged):
        load(engine, model_at(path))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("llama.block_count", 0),
        ("llama.block_count", 600),
        ("llama.block_count", 2**32 - 1),
        ("llama.attention.head_count", 0),
        ("llama.attention.head_count", 7),
        ("llama.embedding_length", 2**31 - 1),
        ("llama.feed_forward_length", 1),
    ],
)
def test_a_header_full_of_lies_is_damaged(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path, key: str, value: int
) -> None:
    path = with_value(small_llama.path, key, struct.pack("<I", value), tmp_path / "model.gguf")
    with pytest.raises(Damaged):
        load(engine, model_at(path))


@pytest.mark.parametrize("epsilon", [float("nan"), -1.0])
def test_nonsense_that_loads_or_not_leaves_the_engine_usable(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path, epsilon: float
) -> None:
    key = "llama.attention.layer_norm_rms_epsilon"
    path = with_value(small_llama.path, key, struct.pack("<f", epsilon), tmp_path / "model.gguf")
    try:
        load(engine, model_at(path))
        ask(engine, user("Hi"))
    except Problem:
        pass
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


def test_an_unknown_architecture_is_unsupported(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    path = with_architecture(small_llama.path, "zebra", tmp_path / "model.gguf")
    with pytest.raises(Unsupported):
        load(engine, model_at(path))


def test_a_file_name_need_not_be_text(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"mod\xe9le \xf0\x9f\xa6\x99.gguf")
    path.symlink_to(small_llama.path)
    load(engine, model_at(path))
    assert ask(engine, user("Hi")).text


def test_after_a_bad_file_the_next_load_works(
    engine: ProcessEngine, small_llama: Model, tmp_path: Path
) -> None:
    load(engine, small_llama)
    with pytest.raises(Missing):
        load(engine, model_at(tmp_path / "gone.gguf"))
    load(engine, small_llama)
    assert ask(engine, user("Hi")).text


def test_too_little_memory_for_the_weights_says_both_numbers(starter: Model) -> None:
    with (
        closing(ProcessEngine(available_memory=lambda: 50_000_000)) as engine,
        pytest.raises(NoRoom, match=r"0\.2 GB .* 0\.1 GB"),
    ):
        load(engine, starter)


def test_too_little_memory_for_any_window_is_no_room(starter: Model) -> None:
    with (
        closing(ProcessEngine(available_memory=lambda: starter.size + 5_000_000)) as engine,
        pytest.raises(NoRoom, match=r"needs .* GB .* are free"),
    ):
        load(engine, starter)


def test_little_memory_gives_a_smaller_window(starter: Model) -> None:
    with closing(ProcessEngine(available_memory=lambda: starter.size + 150_000_000)) as engine:
        load(engine, starter)
        assert engine.loaded is not None
        assert engine.loaded.context == engine.loaded.context_limit < 4096
        assert ask(engine, user("Hi")).text


def test_a_window_the_memory_cannot_hold_is_refused(starter: Model) -> None:
    with (
        closing(ProcessEngine(available_memory=lambda: starter.size + 100_000_000)) as engine,
        pytest.raises(NoRoom),
    ):
        load(engine, starter, LoadOptions(context=8192))
