"""How the window looked, in a small file that can be read before anything is unlocked."""

from pathlib import Path

import msgspec

from sottovoce.domain.settings import Appearance
from sottovoce.system.files import write_private
from sottovoce.system.revive import revive


def read_appearance(path: Path) -> Appearance:
    """Return what was written; the default for whatever is missing or cannot be understood."""
    try:
        return revive(Appearance, msgspec.json.decode(path.read_bytes(), type=dict[str, object]))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Appearance()


def write_appearance(path: Path, appearance: Appearance) -> None:
    """Keep it, whole or not at all. Raises NoRoom or Refused."""
    write_private(path, msgspec.json.encode(appearance))
