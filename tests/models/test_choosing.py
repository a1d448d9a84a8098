from dataclasses import replace

import pytest

from sottovoce.domain.hardware import Machine
from sottovoce.domain.problems import Missing
from sottovoce.models.catalogue import Catalogue, Trust, catalogue
from sottovoce.models.choosing import catalogue_choice, hub_choice, model_sets, usual_variant
from sottovoce.models.repository import Gate, RemoteFile, Repository

COMMIT = "a" * 40
GIGABYTE = 10**9


@pytest.fixture(scope="module")
def known() -> Catalogue:
    return catalogue()


def offered(*names: str, licence: str = "apache-2.0") -> Repository:
    files = tuple(RemoteFile(name, 1_000 + index, "0" * 64) for index, name in enumerate(names))
    return Repository("owner/Talk-GGUF", COMMIT, files, Gate.OPEN, licence)


def machine(memory: int) -> Machine:
    return Machine("a processor", ("AVX2",), 8, memory, memory)


@pytest.mark.parametrize(
    ("memory", "quantisation"), [(64, "Q4_K_M"), (16, "Q4_K_M"), (5, "Q3_K_M"), (1, "IQ2_M")]
)
def test_what_is_offered_first_fits_the_machine(
    known: Catalogue, memory: int, quantisation: str
) -> None:
    entry = known.find("llama-3.1-8b-instruct")
    assert usual_variant(entry, machine(memory * GIGABYTE)).quantisation == quantisation


def test_a_model_of_unknown_dimensions_is_offered_as_it_is(known: Catalogue) -> None:
    entry = known.find("granite-embedding-97m-multilingual-r2")
    assert usual_variant(entry, machine(GIGABYTE)).quantisation == "Q8_0"


def test_a_pinned_variant_is_exact_without_asking_anybody(known: Catalogue) -> None:
    entry = known.find("llama-3.1-405b-instruct")
    choice = catalogue_choice(entry, entry.variant("Q4_K_M"), None)
    assert choice.is_exact
    assert choice.size == 245_715_950_848
    assert len(choice.files) == 6
    assert (choice.licence, choice.must_accept) == ("llama3.1", True)


def test_an_unpinned_variant_takes_what_the_hub_has(known: Catalogue) -> None:
    entry = known.find("llama-3.1-8b-instruct")
    variant = entry.variant("Q8_0")
    assert variant.trust is Trust.FIRST_USE
    choice = catalogue_choice(entry, variant, offered("Talk-Q8_0.gguf", "Talk-Q4_K_M.gguf"))
    assert choice.revision == COMMIT
    assert [file.name for file in choice.files] == ["Talk-Q8_0.gguf"]
    assert choice.files[0].sha256 == "0" * 64
    with pytest.raises(Missing):
        catalogue_choice(entry, variant, offered("Talk-Q4_K_M.gguf"))


def test_a_repository_offers_whole_models(known: Catalogue) -> None:
    repository = offered(
        "README.md",
        "mmproj-talk-f16.gguf",
        "half-00001-of-00002.gguf",
        "B/b-00002-of-00002.gguf",
        "B/b-00001-of-00002.gguf",
        "a-Q8_0.gguf",
    )
    assert [[file.name for file in files] for files in model_sets(repository)] == [
        ["a-Q8_0.gguf"],
        ["B/b-00001-of-00002.gguf", "B/b-00002-of-00002.gguf"],
    ]


@pytest.mark.parametrize(
    ("quantisation", "names", "chosen"),
    [
        ("", ["a-Q4_K_M.gguf", "a-Q8_0.gguf"], "a-Q4_K_M.gguf"),
        ("q8_0", ["a-Q4_K_M.gguf", "a-Q8_0.gguf"], "a-Q8_0.gguf"),
        ("", ["only.gguf"], "only.gguf"),
    ],
)
def test_a_quantisation_is_chosen(
    known: Catalogue, quantisation: str, names: list[str], chosen: str
) -> None:
    choice = hub_choice(offered(*names), quantisation, known)
    assert [file.name for file in choice.files] == [chosen]
    assert not choice.must_accept


@pytest.mark.parametrize(
    ("quantisation", "names", "says"),
    [
        ("", [], "no GGUF files"),
        ("", ["a-Q6_K.gguf", "a-Q8_0.gguf"], "a-Q6_K.gguf, a-Q8_0.gguf"),
        ("Q5_0", ["a-Q8_0.gguf"], "a-Q8_0.gguf"),
    ],
)
def test_what_cannot_be_guessed_is_asked(
    known: Catalogue, quantisation: str, names: list[str], says: str
) -> None:
    with pytest.raises(Missing, match=says):
        hub_choice(offered(*names), quantisation, known)


def test_metas_licence_is_known_wherever_it_comes_from(known: Catalogue) -> None:
    repository = replace(offered("a.gguf"), licence="llama3.1")
    assert hub_choice(repository, "", known).must_accept
