import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from gguf import GGML_QUANT_SIZES

from models.made_gguf import (
    SHAPE_KEYS,
    SHAPE_TENSORS,
    USUAL_KEYS,
    file_of,
    float_key,
    gguf,
    header_of,
    number_key,
    numbers_key,
    string_key,
    strings_key,
)
from mutated_gguf import changed, changes
from sottovoce.domain.model import Role
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.models.adapters import AdapterShelf
from sottovoce.models.examine import examine
from sottovoce.models.gguf import read_model, read_shape
from sottovoce.models.gguf_file import FORMATS, opened
from sottovoce.models.inspect import Patience, inspect
from sottovoce.models.inspect_wire import packed, unpacked
from sottovoce.models.inspection import Kind
from sottovoce.models.shelf import Shelf, starter
from sottovoce.system.sandbox import demand, possible
from tiny_llama import tiny_llama


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "talk.gguf"


def without(key: str) -> tuple[bytes, ...]:
    return tuple(each for each in SHAPE_KEYS if key.encode() not in each)


def test_a_real_model_is_described() -> None:
    found = inspect(tiny_llama(), Stop())
    assert (found.kind, found.architecture, found.trouble) == (Kind.MODEL, "llama", "")
    assert found.model == read_model(tiny_llama())
    assert found.shape == read_shape(tiny_llama())
    assert found.parameters == 4_110_440
    assert found.tokenizer is not None
    assert (found.tokenizer.kind, found.tokenizer.vocabulary) == ("BPE", 128_256)
    assert dict(found.tokenizer.special)["eos"] == "<|eot_id|>"


def test_the_starter_says_who_made_it() -> None:
    model = starter()
    assert model is not None
    found = inspect(model.path, Stop())
    assert found.source.licence == "apache-2.0"
    assert found.source.organisation == "HuggingFaceTB"
    assert found.source.languages == ("en",)
    assert found.shape is not None
    assert found.shape.types == (("Q4_1", 66_355_200), ("Q8_0", 30_081_024), ("F32", 140_544))


def test_the_dimensions_are_those_that_the_keys_tell(file: Path) -> None:
    file.write_bytes(file_of(SHAPE_KEYS, SHAPE_TENSORS))
    shape = read_shape(file)
    assert (shape.layers, shape.embedding, shape.trained) == (2, 64, 4096)
    assert (shape.heads, shape.kv_heads) == (4, 2)
    assert (shape.key_length, shape.value_length) == (16, 16)
    assert (shape.vocabulary, shape.feed_forward) == (100, 128)
    assert shape.weights == 4 * 64 * (100 + 64 + 64 + 100)
    assert shape.input_weights == shape.output_weights == 4 * 64 * 100


def test_dimensions_that_differ_by_layer_count_where_they_are_largest(file: Path) -> None:
    heads = numbers_key("llama.attention.head_count_kv", 0, 4)
    file.write_bytes(file_of([*without("head_count_kv"), heads], SHAPE_TENSORS))
    assert read_shape(file).kv_heads == 4


def test_experts_and_sliding_windows_are_found(file: Path) -> None:
    keys = [
        *SHAPE_KEYS,
        number_key("llama.expert_count", 8),
        number_key("llama.expert_used_count", 2),
        number_key("llama.attention.sliding_window", 1024),
    ]
    file.write_bytes(file_of(keys, SHAPE_TENSORS))
    shape = read_shape(file)
    assert (shape.experts, shape.experts_used, shape.sliding_window) == (8, 2, 1024)


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("block_count", number_key("llama.block_count", 0)),
        ("block_count", number_key("llama.block_count", 2**32 - 1)),
        ("block_count", float_key("llama.block_count", 2.0)),
        ("embedding_length", number_key("llama.embedding_length", 128)),
        ("embedding_length", number_key("llama.embedding_length", 0)),
        ("head_count", number_key("llama.attention.head_count", 2**32 - 1)),
        ("head_count", numbers_key("llama.attention.head_count", 4, 2**31)),
    ],
)
def test_a_file_that_contradicts_itself_is_damaged(file: Path, name: str, claim: bytes) -> None:
    file.write_bytes(file_of([*without(name), claim], SHAPE_TENSORS))
    with pytest.raises(Damaged):
        read_shape(file)
    with pytest.raises(Damaged):
        inspect(file, Stop())


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"blk.1", b"blk.0"),
        lambda data: data.replace((64).to_bytes(8, "little"), (2**62).to_bytes(8, "little"), 1),
        lambda data: data.replace((64).to_bytes(8, "little"), bytes(8), 1),
        lambda data: data.replace((25_600).to_bytes(8, "little"), (1).to_bytes(8, "little"), 1),
    ],
)
def test_impossible_tensors_are_damage(file: Path, change: Callable[[bytes], bytes]) -> None:
    data = file_of(SHAPE_KEYS, SHAPE_TENSORS)
    assert change(data) != data
    file.write_bytes(change(data))
    with pytest.raises(Damaged):
        examine(file)


def test_a_tensor_without_dimensions_is_damage(file: Path) -> None:
    file.write_bytes(file_of(SHAPE_KEYS, {**SHAPE_TENSORS, "token_embd.weight": ()}))
    with pytest.raises(Damaged):
        read_shape(file)


def test_weights_of_an_unknown_kind_are_unsupported(file: Path) -> None:
    data = file_of(SHAPE_KEYS, {"token_embd.weight": (64, 100)})
    place = data.index(b"token_embd.weight") + len("token_embd.weight") + 4 + 16
    file.write_bytes(data[:place] + b"\x04" + data[place + 1 :])
    with pytest.raises(Unsupported, match="weights"):
        examine(file)


def test_every_kind_of_weights_that_others_know_has_its_true_size() -> None:
    for kind, (block, size) in GGML_QUANT_SIZES.items():
        assert FORMATS[int(kind)] == (kind.name, block, size)


def test_a_key_that_stands_there_twice_is_damage(file: Path) -> None:
    file.write_bytes(file_of([*SHAPE_KEYS, SHAPE_KEYS[2]], SHAPE_TENSORS))
    with pytest.raises(Damaged):
        examine(file)


def test_a_file_type_behind_the_vocabulary_is_found(file: Path) -> None:
    file.write_bytes(gguf(*USUAL_KEYS[:2], *USUAL_KEYS[3:], USUAL_KEYS[2]))
    assert read_model(file).quantisation == "Q4_K_M"


@pytest.mark.parametrize(
    ("architecture", "pooling", "name", "role"),
    [
        ("llama", None, "Small Talk", Role.CHAT),
        ("bert", None, "Small Talk", Role.EMBEDDING),
        ("bert", 4, "Small Talk", Role.RERANKER),
        ("qwen3", 3, "Small Talk", Role.EMBEDDING),
        ("qwen3", 4, "Small Talk", Role.RERANKER),
        ("qwen3", 0, "Small Talk", Role.CHAT),
        ("llama", None, "Llama Guard 3 8B", Role.GUARD),
        ("gemma2", None, "shieldgemma 2b", Role.GUARD),
    ],
)
def test_what_a_model_is_for(
    file: Path, architecture: str, pooling: int | None, name: str, role: Role
) -> None:
    keys = [
        string_key("general.architecture", architecture),
        string_key("general.name", name),
        number_key(f"{architecture}.context_length", 512),
    ]
    if pooling is not None:
        keys.append(number_key(f"{architecture}.pooling_type", pooling))
    file.write_bytes(gguf(*keys))
    assert read_model(file).role is role


ADAPTER_KEYS = (
    string_key("general.type", "adapter"),
    string_key("general.architecture", "llama"),
    string_key("general.name", "Pirate"),
    string_key("general.base_model.0.name", "Small Talk"),
    string_key("adapter.type", "lora"),
    float_key("adapter.lora.alpha", 16.0),
)
ADAPTER_TENSORS = {"blk.0.attn_q.weight.lora_a": (64, 8), "blk.0.attn_q.weight.lora_b": (8, 64)}


def test_an_adapter_is_described(file: Path) -> None:
    file.write_bytes(file_of(ADAPTER_KEYS, ADAPTER_TENSORS))
    found = inspect(file, Stop())
    assert (found.kind, found.name, found.architecture) == (Kind.ADAPTER, "Pirate", "llama")
    assert (found.model, found.shape, found.trouble) == (None, None, "")
    assert found.lora is not None
    assert (found.lora.rank, found.lora.alpha, found.lora.tensors) == (8, 16.0, 1)
    assert found.lora.base == "Small Talk"


@pytest.mark.parametrize(
    ("keys", "tensors"),
    [
        (ADAPTER_KEYS[:-1], ADAPTER_TENSORS),
        (ADAPTER_KEYS, {}),
        (ADAPTER_KEYS, {**ADAPTER_TENSORS, "blk.1.attn_q.weight": (64, 64)}),
        ((*ADAPTER_KEYS[:-1], float_key("adapter.lora.alpha", float("nan"))), ADAPTER_TENSORS),
    ],
)
def test_an_adapter_that_is_none_is_a_problem(
    file: Path, keys: tuple[bytes, ...], tensors: dict[str, tuple[int, ...]]
) -> None:
    file.write_bytes(file_of(keys, tensors))
    with pytest.raises((Damaged, Unsupported)):
        examine(file)


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        (string_key("general.type", "mmproj"), Kind.PROJECTOR, "pictures"),
        (string_key("general.type", "imatrix"), Kind.IMPORTANCE, "smaller"),
    ],
)
def test_helpers_of_models_are_told_from_models(
    file: Path, key: bytes, kind: Kind, says: str
) -> None:
    file.write_bytes(file_of([*SHAPE_KEYS, key], SHAPE_TENSORS))
    found = examine(file)
    assert (found.kind, found.model) == (kind, None)
    assert says in found.trouble


def test_a_vocabulary_is_no_model(file: Path) -> None:
    file.write_bytes(gguf(*USUAL_KEYS, tensors=0))
    found = examine(file)
    assert (found.kind, found.model) == (Kind.VOCABULARY, None)
    assert "vocabulary" in found.trouble


def parts_of(tmp_path: Path, count: int, order: list[int]) -> list[Path]:
    """A model in parts, each with one tensor; `order` tells what each says that it is."""
    files = []
    for number, claimed in enumerate(order, 1):
        file = tmp_path / f"Talk-{number:05}-of-{count:05}.gguf"
        split = [number_key("split.no", claimed - 1), number_key("split.count", count)]
        name = list(SHAPE_TENSORS)[number - 1]
        keys = SHAPE_KEYS if number == 1 else SHAPE_KEYS[:1]
        file.write_bytes(file_of([*keys, *split], {name: SHAPE_TENSORS[name]}))
        files.append(file)
    return files


def test_the_parts_of_a_model_are_one(tmp_path: Path) -> None:
    first, *_ = files = parts_of(tmp_path, 4, [1, 2, 3, 4])
    found = inspect(first, Stop())
    assert (found.parts, found.missing, found.tensors, found.trouble) == (4, (), 4, "")
    assert found.size == sum(file.stat().st_size for file in files)
    assert found.shape is not None
    assert found.shape.weights == 4 * 64 * (100 + 64 + 64 + 100)
    assert read_shape(first) == found.shape


def test_missing_parts_are_named(tmp_path: Path) -> None:
    first, second, _, fourth = parts_of(tmp_path, 4, [1, 2, 3, 4])
    second.unlink()
    fourth.unlink()
    found = inspect(first, Stop())
    assert (found.parts, found.missing, found.shape) == (4, (2, 4), None)
    assert found.trouble == (
        "Of the 4 parts of this model, parts 2, 4 cannot be found. Put them all into one folder."
    )


def test_parts_that_changed_names_are_damage(tmp_path: Path) -> None:
    first, *_ = parts_of(tmp_path, 4, [1, 3, 2, 4])
    with pytest.raises(Damaged, match="Part 2 of this model is another part"):
        examine(first)


def test_a_part_that_lost_its_name_is_damage(tmp_path: Path) -> None:
    first, *_ = parts_of(tmp_path, 4, [1, 2, 3, 4])
    alone = first.rename(tmp_path / "talk.gguf")
    with pytest.raises(Damaged, match="one of several parts"):
        examine(alone)


def test_a_file_that_was_cut_off_is_described(file: Path) -> None:
    data = file_of(SHAPE_KEYS, SHAPE_TENSORS)
    file.write_bytes(data[:-1])
    found = inspect(file, Stop())
    assert found.is_cut
    assert found.trouble == "The end of the model file is missing. Fetch it again."
    assert found.shape is not None


def test_what_authors_wrote_cannot_disturb_the_line_it_stands_in(file: Path) -> None:
    keys = [
        *SHAPE_KEYS,
        string_key("general.author", "Eve\n\x1b[2J\u202eevil"),
        string_key("general.description", "long " * 10_000),
        strings_key("general.languages", *("xx\x00" for _ in range(1_000))),
    ]
    file.write_bytes(file_of(keys, SHAPE_TENSORS))
    source = inspect(file, Stop()).source
    assert source.author == "Eve [2Jevil"
    assert len(source.description) <= 2_000
    assert source.languages == ("xx",) * 32


def test_a_template_of_20_mb_is_not_looked_into(file: Path) -> None:
    keys = [*SHAPE_KEYS, string_key("tokenizer.chat_template", "x" * 20_000_000)]
    file.write_bytes(file_of(keys, SHAPE_TENSORS))
    template = inspect(file, Stop()).template
    assert template is not None
    assert len(template.text) == 100_000
    assert "20,000,000 characters" in template.findings[0].sentence


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_opened(file: Path, make: Callable[[Path], None]) -> None:
    make(file)
    with pytest.raises(Unsupported, match="GGUF file"):
        inspect(file, Stop())
    with pytest.raises(Unsupported, match="GGUF file"):
        read_shape(file)


def test_a_link_is_followed(file: Path) -> None:
    file.symlink_to(tiny_llama())
    assert inspect(file, Stop()).architecture == "llama"


@pytest.mark.skipif(sys.platform == "win32", reason="links to secrets are a Unix matter")
def test_a_link_to_what_is_no_model_tells_nothing_of_it(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root:hash")
    file.symlink_to(secret)
    with pytest.raises(Damaged, match="not a model") as problem:
        inspect(file, Stop())
    assert "hash" not in str(problem.value)


def test_a_huge_empty_file_is_no_model(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(100_000_000_000)
    with pytest.raises(Damaged):
        inspect(file, Stop())


def test_weights_of_100_gb_need_not_be_read(file: Path) -> None:
    tensors = {"token_embd.weight": (64, 2**28), "blk.0.x": (1,), "blk.1.x": (1,)}
    file.write_bytes(header_of(SHAPE_KEYS, tensors))
    with file.open("r+b") as stream:
        stream.truncate(100_000_000_000)
    found = inspect(file, Stop())
    assert found.shape is not None
    assert found.shape.weights == 4 * 64 * 2**28 + 8


def test_a_file_that_changes_meanwhile_is_damage(file: Path) -> None:
    file.write_bytes(file_of(SHAPE_KEYS, SHAPE_TENSORS))
    with opened(file) as reader:
        os.truncate(file, 50)
        with pytest.raises(Damaged):
            reader.header()


def test_work_without_an_end_is_given_up(file: Path) -> None:
    # Each set statement needs another look at all of them.
    names = [f"a{number}" for number in range(4_000)]
    chain = "".join(f"{{% set {a}={b} %}}" for a, b in pairwise(names))
    template = f"{chain}{{% set {names[-1]}=messages[0].content %}}"
    keys = [*SHAPE_KEYS, string_key("tokenizer.chat_template", template)]
    file.write_bytes(file_of(keys, SHAPE_TENSORS))
    with pytest.raises(Unsupported, match="more time or memory"):
        inspect(file, Stop())


def test_a_process_that_does_not_start_is_told() -> None:
    with pytest.raises(Interrupted):
        inspect(tiny_llama(), Stop(), Patience(start=0))


def test_a_wish_to_stop_is_heard() -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        inspect(tiny_llama(), stop)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_file_that_may_not_be_read_is_refused(file: Path) -> None:
    file.write_bytes(b"GGUF")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(Refused):
        inspect(file, Stop())


def test_what_crosses_the_pipe_comes_out_the_same(file: Path) -> None:
    odd = Path(os.fsdecode(b"/tmp/\xff odd.gguf"))
    found = replace(examine(tiny_llama()), path=odd)
    assert unpacked(packed(found)) == found


def test_no_broken_header_brings_anything_but_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(file_of(SHAPE_KEYS, SHAPE_TENSORS))
    for number, some in enumerate(changes(file, 1_000, seed=7)):
        with changed(file, some):
            look = inspect if number % 100 == 0 else lambda path, _: examine(path)
            with suppress(Problem):
                look(file, Stop())


def test_an_administrator_can_demand_that_it_is_locked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if possible().is_full:
        inspect(tiny_llama(), Stop(), needs_sandbox=True)
    patched = "sottovoce.models.inspect.demand"
    monkeypatch.setattr(patched, lambda held: demand(replace(held, files=False)))
    inspect(tiny_llama(), Stop())
    strict = Policy(needs_sandbox=True)
    for asked in (
        lambda: Shelf(tmp_path / "models", policy=strict).link(tiny_llama(), Stop()),
        lambda: AdapterShelf(tmp_path / "adapters", strict).link(tiny_llama(), Stop()),
    ):
        with pytest.raises(Refused, match="administrator"):
            asked()
    assert not psutil.Process().children()
