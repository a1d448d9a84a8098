"""What can be had, as the catalogue shows it: models, their sizes, and how each would do here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.speed import Rates
from sottovoce.domain.text import two_digits
from sottovoce.models.admission import is_forbidden
from sottovoce.models.catalogue import Catalogue, Entry, Licence, Variant, pattern_of
from sottovoce.models.choosing import model_sets, usual_variant
from sottovoce.models.download import local_name
from sottovoce.models.fit import Verdict, fit
from sottovoce.models.repository import Found, RemoteFile, Repository
from sottovoce.models.shelf import Item
from sottovoce.ui.models.downloads_view_model import Row, Step

_BESIDE = 1.2
"""Memory that a model of unknown shape takes, as a multiple of its file, window and all."""
_PROCESS = 500_000_000
"""Bytes it takes besides."""


class Standing(Enum):
    """Where an offer is on its way to this computer."""

    OFFERED = auto()
    COMING = auto()
    RESTING = auto()
    """Its download was begun, and is paused, interrupted or failed."""
    HERE = auto()


@dataclass(frozen=True, slots=True)
class Offer:
    """One model at one quantisation, to be downloaded as one thing."""

    id: str
    repository: str
    label: str
    """What tells it from its siblings, such as Q4_K_M."""
    size: int
    verdict: Verdict
    says: str
    """How it would do on this machine; empty while that is not known."""
    is_estimate: bool = False
    """Whether the size follows from a formula, and was not read at the source."""
    is_usual: bool = False
    """Whether it is the one to take on this machine."""
    count: int = 1
    """Of its files."""
    variant: Variant | None = None
    files: tuple[RemoteFile, ...] = ()
    """Those of the hub, if it is not from the catalogue."""
    standing: Standing = Standing.OFFERED
    path: Path | None = None
    """Where it is, once it is here."""
    is_forbidden: bool = False
    """Whether administrators do not allow it, as far as its SHA-256 is known."""

    @property
    def runs(self) -> bool:
        return self.verdict is not Verdict.NOT and not self.is_forbidden

    @property
    def is_recommended(self) -> bool:
        """Whether it can be taken without regret: the usual one may be slow here all the same."""
        return self.is_usual and self.verdict is not Verdict.SLOWLY


@dataclass(frozen=True, slots=True)
class Family:
    """A model of the catalogue, with its offers."""

    entry: Entry
    offers: tuple[Offer, ...]
    """The smallest first."""

    @property
    def runs(self) -> bool:
        """Whether any of them runs here."""
        return any(offer.runs for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository of the hub that a search found, and what it holds once somebody asked."""

    found: Found
    repository: Repository | None = None
    licence: Licence | None = None
    """None where it is not one that we know."""
    offers: tuple[Offer, ...] = ()
    is_asking: bool = False


@dataclass(frozen=True, slots=True)
class Here:
    """What is on this computer or on its way: what the offers are compared with."""

    machine: Machine | None = None
    rates: Rates | None = None
    items: tuple[Item, ...] = ()
    downloads: tuple[Row, ...] = ()
    policy: Policy = NO_RULES

    def forbids(self, files: Sequence[RemoteFile]) -> bool:
        """Whether administrators do not allow one of these, as far as its SHA-256 is known."""
        return is_forbidden(self.policy, (file.sha256 for file in files))


def families(known: Catalogue, here: Here) -> tuple[Family, ...]:
    """All models of the catalogue, in its order, as they would do here."""
    return tuple(_family(entry, here) for entry in known.entries)


def offers_of(repository: Repository, here: Here) -> tuple[Offer, ...]:
    """The models in a repository of the hub, each with all its parts, the smallest first."""
    return tuple(_offer_of_set(repository, files, here) for files in model_sets(repository))


def _family(entry: Entry, here: Here) -> Family:
    allowed = tuple(each for each in entry.variants if not here.forbids(each.files))
    usual = None
    if here.machine and allowed:
        usual = usual_variant(replace(entry, variants=allowed), here.machine)
    offers = (_offer(entry, variant, usual, here) for variant in entry.variants)
    return Family(entry, tuple(sorted(offers, key=lambda offer: offer.size)))


def _offer(entry: Entry, variant: Variant, usual: Variant | None, here: Here) -> Offer:
    verdict, says = _fit(variant, here)
    pattern = pattern_of(variant.quantisation)
    names = {local_name(file.name).casefold() for file in variant.files}

    def is_it(name: str) -> bool:
        return name.casefold() in names or fnmatch(name.casefold(), pattern)

    standing, path = _standing(variant.repository, is_it, here)
    return Offer(
        id=f"{entry.id}/{variant.quantisation}",
        repository=variant.repository,
        label=variant.quantisation,
        size=variant.size,
        verdict=verdict,
        says=says,
        is_estimate=variant.size_is_computed,
        is_usual=variant is usual and verdict is not Verdict.NOT,
        count=max(len(variant.files), 1),
        variant=variant,
        standing=standing,
        path=path,
        is_forbidden=here.forbids(variant.files),
    )


def _offer_of_set(repository: Repository, files: Sequence[RemoteFile], here: Here) -> Offer:
    size = sum(file.size for file in files)
    verdict, says = _fit_by_size(size, here.machine)
    names = {local_name(file.name).casefold() for file in files}
    standing, path = _standing(repository.name, lambda name: name.casefold() in names, here)
    return Offer(
        id=f"{repository.name}/{files[0].name}",
        repository=repository.name,
        label=_told_apart(repository, files),
        size=size,
        verdict=verdict,
        says=says,
        count=len(files),
        files=tuple(files),
        standing=standing,
        path=path,
        is_forbidden=here.forbids(files),
    )


def _told_apart(repository: Repository, files: Sequence[RemoteFile]) -> str:
    """The name of its file without what all names of the repository begin with."""
    stem = _stem(files)
    if len(stems := [_stem(each) for each in model_sets(repository)]) < 2:
        return stem
    common = 0
    for letters in zip(*stems, strict=False):
        if len(set(letters)) > 1:
            break
        common += 1
    # Whole words only: Q4_K_M and Q4_K_S differ in their last letter.
    start = max(stem.rfind("-", 0, common), stem.rfind(".", 0, common)) + 1
    return stem[start:]


def _stem(files: Sequence[RemoteFile]) -> str:
    stem = PurePosixPath(files[0].name).stem
    return stem.partition("-00001-of-")[0]


def _fit(variant: Variant, here: Here) -> tuple[Verdict, str]:
    if variant.shape is None or here.machine is None:
        return _fit_by_size(variant.size, here.machine)
    found = fit(variant.shape, here.machine, here.rates, LoadOptions())
    says = found.says.rstrip(".")
    if found.verdict is Verdict.FITS:
        says = says.partition(";")[0]  # That nothing was measured is said once, above the list.
    if found.generation:
        says += f" · about {two_digits(found.generation.likely)} tokens/s"
    return found.verdict, says


def _fit_by_size(size: int, machine: Machine | None) -> tuple[Verdict, str]:
    """What can be said of a model whose shape nobody knows yet."""
    if machine is None:
        return Verdict.FITS, ""
    gpus = sum(gpu.free for gpu in machine.gpus if not gpu.shares_memory)
    if size * _BESIDE + _PROCESS > machine.available + gpus:
        return Verdict.NOT, "Too large for the memory that is free"
    return Verdict.FITS, "Should fit"


def _standing(
    repository: str, is_it: Callable[[str], bool], here: Here
) -> tuple[Standing, Path | None]:
    for item in here.items:
        source = item.record.source if item.record else None
        if source and source.repository == repository and is_it(item.path.name):
            return Standing.HERE, item.path
    for row in here.downloads:
        names = [local_name(file.name) for file in row.choice.files]
        if row.choice.repository == repository and names and is_it(names[0]):
            if row.step is Step.DONE:
                return Standing.HERE, row.path
            return Standing.COMING if row.is_under_way else Standing.RESTING, None
    return Standing.OFFERED, None
