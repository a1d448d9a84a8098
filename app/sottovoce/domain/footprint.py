"""How much memory a model takes: the arithmetic of weights, KV cache and compute buffers."""

from dataclasses import dataclass
from enum import StrEnum


class KvType(StrEnum):
    """How precisely the KV cache keeps its numbers."""

    F16 = "f16"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a model, from which its needs follow."""

    architecture: str
    trained: int
    """Tokens it was trained to see at once."""
    layers: int
    embedding: int
    """Numbers that stand for one token between the layers."""
    heads: int
    kv_heads: int
    """Of the layer that has the most."""
    key_length: int
    value_length: int
    feed_forward: int
    vocabulary: int
    weights: int
    """Bytes of all tensors."""
    input_weights: int
    """Bytes of the token embeddings, which stay in the machine's memory whatever the GPU holds."""
    output_weights: int
    """Bytes of the matrix that scores the vocabulary; 0 where the token embeddings serve for it."""
    types: tuple[tuple[str, int], ...] = ()
    """Bytes of the tensors by their type, such as ("Q4_K", 3_900_000_000); the most first."""
    experts: int = 0
    experts_used: int = 0
    """For each token. Both are 0 where the model has no experts."""
    sliding_window: int = 0
    """Tokens that layers with a sliding window look back on; 0 where there are none."""
