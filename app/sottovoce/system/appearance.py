"""How the window looked, in a small file that can be read before anything is unlocked."""

from dataclasses import replace
from pathlib import Path

import msgspec

from sottovoce.domain.settings import NARROWEST_SIDEBAR, WIDEST_SIDEBAR, Appearance
from sottovoce.system.files import write_private
from sottovoce.system.revive import revive


def read_appearance(path: Path) -> Appearance:
    """Return what was written; the default for whatever is missing or cannot be understood."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Appearance()
    appearance = revive(Appearance, kept)
    width = min(max(NARROWEST_SIDEBAR, appearance.sidebar_width), WIDEST_SIDEBAR)
    return replace(appearance, sidebar_width=width)


def write_appearance(path: Path, appearance: Appearance) -> None:
    """Keep it, whole or not at all. Raises NoRoom or Refused."""
    write_private(path, msgspec.json.encode(appearance))
