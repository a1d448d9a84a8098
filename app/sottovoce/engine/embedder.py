"""What a model that turns text into vectors can be asked, and one that ranks passages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sottovoce.domain.model import Model
from sottovoce.domain.stop import Stop


class Purpose(StrEnum):
    """What a text is embedded for. Some models want to know."""

    QUERY = "query"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An embedding model in memory."""

    path: Path
    identity: str
    """Tells vectors of one model from those of another: they cannot be compared."""
    dimensions: int
    longest: int
    """Tokens of a text that are read; what follows is cut off."""


class Embedder(Protocol):
    """Texts to vectors. One caller at a time: others wait their turn, queries before passages.

    It holds one model. Whoever works with two of them at once takes two embedders.
    """

    @property
    def loaded(self) -> EmbeddingModel | None:
        """The model in memory; None before the first load, after unload and after a crash."""

    def load(self, model: Model, stop: Stop) -> EmbeddingModel:
        """Put `model` in memory, if it is not there.

        Raises Cancelled, Missing, Damaged, Unsupported, NoRoom or Interrupted.
        """

    def embed(self, texts: Sequence[str], purpose: Purpose, stop: Stop) -> Iterator[bytes]:
        """A vector of length 1 for each text, in order, as it is ready: float32, little-endian.

        Raises Cancelled, or Interrupted if the engine died or another model took its place.
        """

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        """Tokens in each text, by the loaded model's tokenizer."""

    def unload(self) -> None:
        """Give the memory back."""

    def close(self) -> None:
        """End the engine; nothing may be asked afterwards."""


class Reranker(Protocol):
    """Scores how well passages answer a question."""

    def load(self, model: Model, stop: Stop) -> None:
        """Put `model` in memory, if it is not there. Raises as Embedder.load does."""

    def score(self, question: str, passages: Sequence[str], stop: Stop) -> list[float]:
        """From 0 to 1 for each, in order. Raises Cancelled, or Interrupted if the engine died."""

    def unload(self) -> None:
        """Give the memory back."""

    def close(self) -> None:
        """End the engine; nothing may be asked afterwards."""
