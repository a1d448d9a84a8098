"""The models in folders."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sottovoce.domain.parts import parts
from sottovoce.domain.stop import Stop

_MOST_FILES = 50_000
"""Files and folders that are looked at below one folder."""
_DEEPEST = 8


def model_files(paths: Iterable[Path], stop: Stop) -> Iterator[Path]:
    """The first file of each model that is meant by files and folders, once; empty folders, too.

    Raises Cancelled.
    """
    seen: set[Path] = set()
    for path in paths:
        files = gguf_files(path, stop) if path.is_dir() else [path]
        found = [parts(file)[0] for file in files] or [path]
        yield from (file for file in dict.fromkeys(found) if file not in seen)
        seen |= {*found}


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
