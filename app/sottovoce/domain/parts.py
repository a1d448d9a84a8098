"""The files of a model that was split into several, which are called …-00001-of-00003.gguf."""

import re
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from typing import TypeVar

AnyPath = TypeVar("AnyPath", bound=PurePath)

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
_MOST = 999
"""A name that promises more parts is only a name."""


def parts(path: AnyPath) -> tuple[AnyPath, ...]:
    """All files of the set that this one belongs to, there or not; just this one if it is whole."""
    part = _PART.fullmatch(path.name)
    count = int(part["count"]) if part else 0
    if part is None or not 0 < int(part["number"]) <= count <= _MOST:
        return (path,)
    return tuple(
        path.with_name(f"{part['stem']}-{number:05}-of-{count:05}{path.suffix}")
        for number in range(1, count + 1)
    )


def is_whole_set(names: Sequence[str]) -> bool:
    """Whether these are all the files of one model, in their order, and no others."""
    paths = [PurePosixPath(name) for name in names]
    return bool(paths) and tuple(paths) == parts(paths[0])
