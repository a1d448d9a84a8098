"""Which vectors can be compared: those that one model made in one way."""

import hashlib

from sottovoce.domain.model import Model
from sottovoce.domain.problems import Missing

WAY = 1
"""Counted up whenever the same model would make other vectors than before."""
_SAMPLES = 64
_SAMPLE = 4096
"""Bytes: enough to tell any two models apart, and read in a moment."""


def identity(model: Model) -> str:
    """The same for the same file wherever it lies and whatever it is called. Raises Missing.

    It is taken from the file's length and samples of its bytes, the first and the last among them.
    """
    digest = hashlib.sha256()
    try:
        with model.path.open("rb") as file:
            size = file.seek(0, 2)
            for sample in range(_SAMPLES):
                file.seek(max(size - _SAMPLE, 0) * sample // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    except OSError as error:
        raise Missing(
            "The embedding model is not where it was. Locate it or choose another."
        ) from error
    digest.update(str(size).encode())
    return f"{WAY}:{digest.hexdigest()[:32]}"
