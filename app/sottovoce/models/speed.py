"""How fast this machine computes, kept from one start to the next."""

from pathlib import Path

import msgspec

from sottovoce.domain.speed import Rates
from sottovoce.system.files import write_private


def read_rates(path: Path) -> Rates | None:
    """What was measured; None where nothing was, or nothing that can be understood."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Rates)
    except (OSError, ValueError, RecursionError):
        return None


def write_rates(path: Path, rates: Rates) -> None:
    """Keep it, whole or not at all. Raises NoRoom or Refused."""
    write_private(path, msgspec.json.encode(rates))
