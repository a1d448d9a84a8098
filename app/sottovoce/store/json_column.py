"""Values that are kept as JSON in a column of their own."""

import json
import os
from pathlib import Path
from typing import TypeVar

import msgspec

_Value = TypeVar("_Value")


def write(value: object) -> str:
    """Return a dataclass as JSON."""
    # Python's own JSON also spells what is no text, which a path may hold.
    return json.dumps(msgspec.to_builtins(value, enc_hook=os.fspath))


def read(kind: type[_Value], column: str) -> _Value:
    """Return the `kind` that was written there."""
    return msgspec.convert(json.loads(column), kind, dec_hook=_path)


def _path(kind: type, value: object) -> Path:
    assert kind is Path, "JSON knows all else."
    return Path(str(value))
