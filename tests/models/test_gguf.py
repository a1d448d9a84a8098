import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.made_gguf import USUAL_KEYS, gguf, number_key, string_key, text
from sottovoce.domain.problems import Damaged, Missing, Problem, Unsupported
from sottovoce.models.gguf import check_whole, read_model
from sottovoce.models.shelf import starter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "talk.gguf"


def test_the_header_says_what_the_model_is(file: Path) -> None:
    file.write_bytes(gguf(*USUAL_KEYS))
    model = read_model(file)
    assert (model.name, model.architecture, model.quantisation) == ("Small Talk", "llama", "Q4_K_M")
    assert model.context_length == 4096
    assert model.size == file.stat().st_size
    check_whole(file)


def test_nothing_after_the_start_of_the_vocabulary_is_read(file: Path) -> None:
    whole = gguf(*USUAL_KEYS)
    file.write_bytes(whole[: whole.index(b"tokenizer.ggml.tokens") + 40])
    assert read_model(file).name == "Small Talk"


def test_a_model_without_a_name_is_called_like_its_file(file: Path) -> None:
    file.write_bytes(gguf(USUAL_KEYS[0], USUAL_KEYS[3]))
    assert read_model(file).name == "talk"


def test_a_name_cannot_disturb_the_line_it_stands_in(file: Path) -> None:
    name = "Nice\n\x1b[31m \u202eledoM\x00" + "x" * 200
    file.write_bytes(gguf(USUAL_KEYS[0], string_key("general.name", name), USUAL_KEYS[3]))
    shown = read_model(file).name
    assert shown.startswith("Nice [31m ledoMxxx")
    assert len(shown) == 80


@pytest.mark.parametrize("length", [0, 3, 4, 7, 8, 23, 60, 120])
def test_a_cut_off_header_is_damaged(file: Path, length: int) -> None:
    file.write_bytes(gguf(*USUAL_KEYS)[:length])
    with pytest.raises(Damaged):
        read_model(file)


def test_another_format_is_named_as_such(file: Path) -> None:
    file.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(Damaged, match="not a model in GGUF format"):
        read_model(file)


@pytest.mark.parametrize(
    ("version", "says"), [(1, "too old"), (4, "newer than"), (0x03000000, "byte order")]
)
def test_versions_we_cannot_read_are_unsupported(file: Path, version: int, says: str) -> None:
    file.write_bytes(gguf(*USUAL_KEYS, version=version))
    with pytest.raises(Unsupported, match=says):
        read_model(file)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (string_key("general.type", "adapter"), "LoRA"),
        (string_key("general.type", "mmproj"), "pictures"),
        (string_key("general.architecture", "clip"), "pictures"),
    ],
)
def test_files_that_only_help_a_model_are_unsupported(file: Path, key: bytes, says: str) -> None:
    file.write_bytes(gguf(*USUAL_KEYS[:-2], key))
    with pytest.raises(Unsupported, match=says):
        read_model(file)


def test_a_vocabulary_alone_is_unsupported(file: Path) -> None:
    file.write_bytes(gguf(*USUAL_KEYS, tensors=0))
    with pytest.raises(Unsupported, match="vocabulary"):
        read_model(file)


def test_a_file_that_is_gone_is_missing(file: Path) -> None:
    with pytest.raises(Missing):
        read_model(file)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="folder"):
        read_model(tmp_path)


def test_all_parts_of_a_model_count(tmp_path: Path) -> None:
    first = tmp_path / "Talk-00001-of-00003.gguf"
    for number in (1, 2, 3):
        first.with_name(f"Talk-0000{number}-of-00003.gguf").write_bytes(gguf(*USUAL_KEYS))
    assert read_model(first).size == 3 * first.stat().st_size
    check_whole(first)


def test_the_first_part_may_hold_the_header_alone(tmp_path: Path) -> None:
    first = tmp_path / "Talk-00001-of-00002.gguf"
    first.write_bytes(gguf(*USUAL_KEYS, tensors=0))
    first.with_name("Talk-00002-of-00002.gguf").write_bytes(gguf(USUAL_KEYS[0]))
    assert read_model(first).name == "Small Talk"
    check_whole(first)


def test_missing_parts_are_counted(tmp_path: Path) -> None:
    first = tmp_path / "Talk-00001-of-00003.gguf"
    first.write_bytes(gguf(*USUAL_KEYS))
    with pytest.raises(Missing, match="parts 2, 3 cannot be found"):
        read_model(first)


def test_a_later_part_sends_to_the_first(tmp_path: Path) -> None:
    second = tmp_path / "Talk-00002-of-00003.gguf"
    second.write_bytes(gguf(*USUAL_KEYS))
    with pytest.raises(Unsupported, match="first part"):
        read_model(second)


def test_a_download_that_was_cut_off_is_noticed(file: Path) -> None:
    whole = gguf(*USUAL_KEYS, tensors=8)
    file.write_bytes(whole[:-40])
    read_model(file)
    with pytest.raises(Damaged, match="end of the model file"):
        check_whole(file)


@pytest.mark.parametrize(
    "key",
    [
        text("many strings") + struct.pack("<IIQ", 9, 8, 2**63),
        text("many numbers") + struct.pack("<IIQ", 9, 10, 2**61),
        text("one long string") + struct.pack("<IQ", 8, 2**64 - 1),
        text("lists of lists") + struct.pack("<IIQ", 9, 9, 10),
        text("no such type") + struct.pack("<I", 13),
        struct.pack("<Q", 2**64 - 1),
        number_key("general.alignment", 0),
    ],
)
def test_claims_larger_than_the_file_are_damage(file: Path, key: bytes) -> None:
    file.write_bytes(gguf(USUAL_KEYS[0], key))
    with pytest.raises(Damaged):
        read_model(file)
    with pytest.raises(Damaged):
        check_whole(file)


def test_a_context_length_that_is_no_number_is_damage(file: Path) -> None:
    file.write_bytes(gguf(USUAL_KEYS[0], string_key("llama.context_length", "long")))
    with pytest.raises(Damaged):
        read_model(file)


def test_the_starter_is_whole() -> None:
    model = starter()
    assert model is not None
    assert (model.architecture, model.quantisation) == ("llama", "Q4_1")
    assert model.context_length == 8192
    check_whole(model.path)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A good file with some bytes changed, and perhaps its end missing."""
    data = bytearray(gguf(*USUAL_KEYS))
    places = st.integers(0, len(data) - 8)
    for place in draw(st.lists(places, max_size=8)):
        change = draw(st.binary(min_size=1, max_size=8))
        data[place : place + len(change)] = change
    return bytes(data[: draw(st.integers(0, len(data)))])


@given(data=broken())
@example(data=gguf(*USUAL_KEYS))
@settings(deadline=200, max_examples=500)
def test_no_file_brings_anything_but_a_problem(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "broken.gguf"
    file.write_bytes(data)
    for read in (read_model, check_whole):
        with suppress(Problem):
            read(file)
