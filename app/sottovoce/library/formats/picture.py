"""A picture as its points of colour."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """Row by row from the top, without gaps."""

    width: int
    height: int
    pixels: bytes
    """One for each point if it is grey, else three: red, green, blue."""
