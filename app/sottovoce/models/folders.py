"""The models in folders."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sottovoce.domain.problems import Missing
from sottovoce.domain.stop import Stop
from sottovoce.models.parts import parts

_MOST_FILES = 50_000
"""Files and folders that are looked at below one folder."""
_DEEPEST = 8


def model_files(paths: Iterable[Path], stop: Stop) -> Iterator[Path]:
    """The first file of each model that is meant by files and folders.

    Raises Missing for a folder that has none, and Cancelled.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = list(dict.fromkeys(parts(file)[0] for file in gguf_files(path, stop)))
        if not found:
            raise Missing(f"There is no GGUF file in the folder {path.name}. Choose another.")
        yield from found


def gguf_files(folder: Path, stop: Stop) -> Iterator[Path]:
    """The GGUF files below `folder`, in order; links are not followed into other folders.

    It ends early in a folder that holds too much to look at all of it. Raises Cancelled.
    """
    looked_at, top = 0, len(folder.parts)
    for place, folders, names in os.walk(folder):
        stop.check()
        looked_at += len(folders) + len(names)
        if looked_at > _MOST_FILES:
            return
        here = Path(place)
        if len(here.parts) - top >= _DEEPEST:
            folders.clear()
        folders.sort()
        yield from (here / name for name in sorted(names) if name.lower().endswith(".gguf"))
