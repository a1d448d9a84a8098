"""What a reader reads: a file, or the bytes of one that was attached to another."""

import io
from pathlib import Path
from typing import BinaryIO, TypeAlias

Source: TypeAlias = Path | bytes


def opened(source: Source) -> BinaryIO:
    """The source to read from. Raises OSError."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def beginning(source: Source, size: int) -> bytes:
    """At most `size` bytes, from the first. Raises OSError."""
    with opened(source) as file:
        return file.read(size)
