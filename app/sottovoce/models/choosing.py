"""From what a person wants, to the very files that are downloaded for it."""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.parts import is_whole_set, parts
from sottovoce.domain.problems import Missing
from sottovoce.models.catalogue import Catalogue, Entry, Variant, files_of, pattern_of
from sottovoce.models.download import Choice, ChosenFile
from sottovoce.models.fit import Verdict, fit
from sottovoce.models.repository import RemoteFile, Repository

_USUAL = "Q4_K_M"
"""The quantisation that loses little and is half as large as the next that loses less."""


def usual_variant(entry: Entry, machine: Machine) -> Variant:
    """What to offer first: Q4_K_M if the machine can hold it, else the largest that it can.

    Where none fits, it is the smallest.
    """
    usual = next((each for each in entry.variants if each.quantisation == _USUAL), None)
    candidates = list(reversed(entry.variants))
    if usual:
        candidates = [usual, *(each for each in candidates if each.size < usual.size)]
    for variant in candidates:
        if variant.shape is None:
            return variant
        if fit(variant.shape, machine, None, LoadOptions()).verdict is Verdict.FITS:
            return variant
    return entry.variants[0]


def catalogue_choice(entry: Entry, variant: Variant, offered: Repository | None) -> Choice:
    """A variant of the catalogue, ready to be downloaded once its licence is accepted.

    `offered` is what the hub has now; it is needed only where the files are not pinned. Raises
    Missing where it does not have them.
    """
    files: Sequence[RemoteFile] = variant.files
    commit = variant.commit or None
    if not files:
        assert offered is not None, "Only the hub knows the files."
        files, commit = files_of(variant, offered), offered.commit
    return Choice(
        name=entry.name,
        repository=variant.repository,
        files=tuple(ChosenFile(file.name, file.size, file.sha256) for file in files),
        revision=commit,
        licence=entry.licence.id,
        must_accept=entry.licence.must_accept,
        role=entry.role,
    )


def hub_choice(offered: Repository, quantisation: str, known: Catalogue) -> Choice:
    """A model of any repository, at a quantisation; where that is empty, the usual or only one.

    Raises Missing, saying what there is.
    """
    sets = model_sets(offered)
    wanted = quantisation or _USUAL
    fits = [files for files in sets if fnmatch(files[0].name.casefold(), pattern_of(wanted))]
    if not fits and not quantisation and len(sets) == 1:
        fits = sets
    if len(fits) != 1:
        names = ", ".join(PurePosixPath(files[0].name).name for files in sets)
        if not names:
            raise Missing(f"{offered.name} has no GGUF files. Choose another repository.")
        raise Missing(f"Say which of these you want, by its quantisation behind a colon: {names}.")
    return set_choice(offered, fits[0], known)


def set_choice(offered: Repository, files: Sequence[RemoteFile], known: Catalogue) -> Choice:
    """A model of any repository, given by all its files."""
    licence = known.licence(offered.licence)
    return Choice(
        name=offered.name.rpartition("/")[2].removesuffix("-GGUF"),
        repository=offered.name,
        files=tuple(ChosenFile(file.name, file.size, file.sha256) for file in files),
        revision=offered.commit,
        licence=offered.licence,
        must_accept=licence is not None and licence.must_accept,
    )


def model_sets(offered: Repository) -> list[tuple[RemoteFile, ...]]:
    """The models of a repository, each with all its parts, the smallest first."""
    by_path = {
        PurePosixPath(file.name): file
        for file in offered.files
        if file.name.casefold().endswith(".gguf") and "mmproj" not in file.name.casefold()
    }
    sets = dict.fromkeys(parts(path) for path in sorted(by_path))
    whole = [
        tuple(by_path[path] for path in paths)
        for paths in sets
        if all(path in by_path for path in paths) and is_whole_set([str(path) for path in paths])
    ]
    return sorted(whole, key=lambda files: sum(file.size for file in files))
