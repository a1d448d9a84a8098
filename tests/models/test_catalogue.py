import re
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

import catalogue_sizes
from sottovoce.domain.model import Role
from sottovoce.domain.parts import is_whole_set
from sottovoce.domain.problems import Missing
from sottovoce.models.catalogue import Catalogue, Entry, Trust, Variant, catalogue, files_of
from sottovoce.models.repository import Gate, RemoteFile, Repository

ENTRIES = catalogue().entries
VARIANTS = [(entry, variant) for entry in ENTRIES for variant in entry.variants]
PINNED = [pair for pair in VARIANTS if pair[1].trust is Trust.PINNED]


@pytest.fixture(scope="module")
def known() -> Catalogue:
    return catalogue()


def repository(*names: str) -> Repository:
    files = tuple(RemoteFile(name, 1_000, "0" * 64) for name in names)
    return Repository("owner/name", "0" * 40, files, Gate.OPEN, "", (), datetime.now(UTC))


@pytest.mark.parametrize(
    ("id_", "quantisations"),
    [
        ("llama-3.1-8b-instruct", {"IQ2_M", "Q2_K", "IQ4_XS", "Q4_K_M", "Q8_0"}),
        ("llama-3.1-70b-instruct", {"IQ2_M", "Q2_K", "IQ4_XS", "Q4_K_M", "Q8_0"}),
        ("llama-3.1-405b-instruct", {"IQ2_M", "Q2_K", "IQ3_M", "Q4_K_M", "Q5_K_M"}),
    ],
)
def test_llama_is_offered_from_small_to_precise(
    known: Catalogue, id_: str, quantisations: set[str]
) -> None:
    assert quantisations <= {variant.quantisation for variant in known.find(id_).variants}


def test_every_role_is_offered(known: Catalogue) -> None:
    assert {entry.role for entry in known.entries} == set(Role)


def test_nothing_is_listed_twice(known: Catalogue) -> None:
    assert len({entry.id for entry in known.entries}) == len(known.entries)
    for entry in known.entries:
        assert len({variant.quantisation for variant in entry.variants}) == len(entry.variants)


def test_variants_grow(known: Catalogue) -> None:
    for entry in known.entries:
        sizes = [variant.size for variant in entry.variants]
        assert sizes == sorted(sizes), entry.id


def test_pinned_files_are_pinned_by_their_content() -> None:
    assert len(PINNED) > 15
    for entry, variant in PINNED:
        assert is_whole_set([file.name for file in variant.files]), entry.id
        for file in variant.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256 or ""), entry.id
        assert variant.commit == "" or re.fullmatch("[0-9a-f]{40}", variant.commit), entry.id
        assert variant.size == sum(file.size for file in variant.files)


def test_files_are_little_larger_than_their_tensors() -> None:
    for entry, variant in PINNED:
        if variant.shape is not None:
            header = variant.size - variant.shape.weights
            assert -0.0005 * variant.size < header < 10_000_000, (entry.id, variant.quantisation)


SAMPLE = [(entry, variant) for entry, variant in VARIANTS if variant.shape][::7]


@pytest.mark.parametrize(
    ("entry", "variant"), SAMPLE, ids=[f"{e.id}-{v.quantisation}" for e, v in SAMPLE]
)
def test_tensors_weigh_what_llama_cpp_says(entry: Entry, variant: Variant) -> None:
    shape = variant.shape
    assert shape is not None
    shares = {"shares_embedding": shape.output_weights == 0}
    weighed = catalogue_sizes.weigh(asdict(shape) | shares, variant.quantisation)
    assert weighed["weights"] == shape.weights
    assert weighed["input_weights"] == shape.input_weights
    assert tuple(map(tuple, weighed["types"])) == shape.types


def test_what_comes_under_metas_licence_says_so(known: Catalogue) -> None:
    for entry in known.entries:
        is_metas = entry.licence.id.startswith("llama")
        assert is_metas == (entry.maker == "Meta")
        assert entry.licence.must_accept == is_metas
        assert entry.licence.attribution == ("Built with Llama" if is_metas else "")
        if is_metas:
            for obligation in ("700 million", "Acceptable Use Policy", "Built with Llama"):
                assert obligation in entry.licence.text
            version = entry.licence.name.removesuffix(" Community License")
            assert entry.licence.text.startswith(version)


def test_an_entry_is_found_by_the_beginning_of_its_name(known: Catalogue) -> None:
    assert known.find("Llama 3.1 8B").id == "llama-3.1-8b-instruct"
    assert known.find("SMOLLM2-360M").name == "SmolLM2 360M Instruct"


def test_a_name_that_fits_several_is_not_guessed(known: Catalogue) -> None:
    with pytest.raises(Missing, match=r"llama-3.1-8b-instruct, llama-3.1-70b-instruct"):
        known.find("llama 3.1")


def test_an_unknown_name_says_where_to_look(known: Catalogue) -> None:
    with pytest.raises(Missing, match="models catalogue"):
        known.find("a model nobody made")


def test_an_unknown_quantisation_says_which_there_are(known: Catalogue) -> None:
    entry = known.find("phi-4")
    assert entry.variant("q4_k_m").quantisation == "Q4_K_M"
    with pytest.raises(Missing, match="Q4_K_M"):
        entry.variant("Q1")


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["Talk-Q8_0.gguf", "Talk-Q6_K.gguf"], ["Talk-Q8_0.gguf"]),
        (["Talk.Q8_0.gguf", "Talk-Q8_0_L.gguf", "Talk.imatrix"], ["Talk.Q8_0.gguf"]),
        (
            ["Talk-Q8_0/Talk-Q8_0-00002-of-00002.gguf", "Talk-Q8_0/Talk-Q8_0-00001-of-00002.gguf"],
            ["Talk-Q8_0/Talk-Q8_0-00001-of-00002.gguf", "Talk-Q8_0/Talk-Q8_0-00002-of-00002.gguf"],
        ),
    ],
)
def test_files_are_found_in_the_repository(
    known: Catalogue, names: list[str], chosen: list[str]
) -> None:
    variant = known.find("llama-3.1-8b-instruct").variant("Q8_0")
    assert [file.name for file in files_of(variant, repository(*names))] == chosen


@pytest.mark.parametrize(
    "names",
    [[], ["Talk-Q6_K.gguf"], ["Talk-Q8_0-00001-of-00002.gguf"], ["A-Q8_0.gguf", "B-Q8_0.gguf"]],
)
def test_a_repository_without_the_files_is_told(known: Catalogue, names: list[str]) -> None:
    variant = known.find("llama-3.1-8b-instruct").variant("Q8_0")
    with pytest.raises(Missing, match="does not offer Q8_0"):
        files_of(variant, repository(*names))
