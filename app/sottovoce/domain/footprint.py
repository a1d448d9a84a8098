"""How much memory a model takes: the arithmetic of weights, KV cache and compute buffers.

Held against the figures of llama.cpp itself, for the models and windows named in its test.
"""

from collections.abc import Sequence
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

    @property
    def layer_weights(self) -> int:
        """Bytes of one layer, on the average."""
        inside = self.weights - self.input_weights - self.output_weights
        return inside // max(self.layers, 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a model is laid out on a machine."""

    split: tuple[int, ...]
    """Layers on each GPU. As llama.cpp counts, what scores the vocabulary is one more layer."""
    context: int
    kv_type: KvType
    flash_attention: bool
    batch: int
    """Tokens read at once."""

    @property
    def gpu_layers(self) -> int:
        """Layers on GPUs: up to one more than the model's own."""
        return sum(self.split)


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes, by where they lie."""

    machine: int
    gpus: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        return self.machine + sum(self.gpus)


# Bytes of 32 numbers, by ggml's block_q8_0 and block_q4_0.
_BLOCK, _BLOCK_BYTES = 32, {KvType.F16: 64, KvType.Q8_0: 34, KvType.Q4_0: 18}
_SINGLE, _HALF = 4, 2
_PIPELINE = 4
"""Batches under way at once where several GPUs hold a whole model (GGML_SCHED_MAX_COPIES)."""


def kv_bytes(shape: Shape, context: int, kv_type: KvType, layers: int | None = None) -> int:
    """Bytes of the KV cache for `layers` of the model, or for all.

    Layers with a sliding window keep everything, too: so a prompt that changed in the middle can go
    on from there (llama.cpp's swa_full).
    """
    row = shape.kv_heads * (shape.key_length + shape.value_length)
    count = shape.layers if layers is None else layers
    return count * context * row * _BLOCK_BYTES[kv_type] // _BLOCK


def compute_bytes(shape: Shape, context: int, batch: int, *, flash_attention: bool) -> int:
    """Bytes of the buffers that one device computes in while it reads `batch` tokens.

    They hold the widest moment of one layer: either the attention, where without flash attention
    every head scores every token in the window, or the feed-forward part.
    """
    batch = min(batch, context)
    queries = shape.heads * shape.key_length
    attention = 2 * queries
    forward = queries + 3 * shape.feed_forward * max(shape.experts_used, 1)
    beside = 3 * shape.embedding
    mask = context * _HALF
    if not flash_attention:
        attention += shape.heads * context
        beside += 2 * shape.kv_heads * shape.key_length
        mask = context * _SINGLE
    widest = (max(attention, forward) + beside) * _SINGLE + mask
    return max(batch * widest, shape.vocabulary * _SINGLE)


def scratch_bytes(shape: Shape, layout: Layout) -> int:
    """Bytes that a processor uses beside its compute buffer; llama.cpp does not count them.

    Without flash attention it makes a copy of all scores in half precision.
    """
    scores = min(layout.batch, layout.context) * shape.heads * layout.context
    return 0 if layout.flash_attention else scores * _HALF


def weight_bytes(shape: Shape, split: Sequence[int]) -> Parts:
    """Where the weights lie if each GPU has so many layers.

    The GPUs take the last layers first. A matrix that serves for input and output is there twice.
    """
    inside = _inside(split)
    if not any(split):
        return Parts(shape.weights, inside)
    layers = shape.layer_weights
    scoring = shape.output_weights or shape.input_weights
    return Parts(
        shape.input_weights + (shape.layers - sum(inside)) * layers,
        tuple(
            count * layers + (scoring if count < with_scoring else 0)
            for count, with_scoring in zip(inside, split, strict=True)
        ),
    )


def window_bytes(shape: Shape, layout: Layout) -> Parts:
    """What a context window takes, and where: KV cache, compute buffers, the scores of a token."""
    inside = _inside(layout.split)
    on_machine = shape.layers - sum(inside)
    compute = compute_bytes(
        shape, layout.context, layout.batch, flash_attention=layout.flash_attention
    )
    cache = cache_bytes(shape, layout)
    scores = shape.vocabulary * _SINGLE
    if not layout.gpu_layers:
        alone = cache.machine + compute + scratch_bytes(shape, layout) + scores
        return Parts(alone, cache.gpus)
    # What goes in is prepared on the machine: tokens, twice, and what they may look back on.
    batch = min(layout.batch, layout.context)
    tokens = 2 * batch * shape.embedding * _SINGLE
    inputs = tokens + batch * layout.context * (_HALF if layout.flash_attention else _SINGLE)
    beside = 0
    if on_machine:
        # To read a prompt, a GPU borrows what it has not: one matrix, or the cache of one layer.
        one_cache = kv_bytes(shape, layout.context, layout.kv_type, layers=1)
        beside = max(shape.layer_weights // 3, one_cache)
    elif sum(map(bool, layout.split)) > 1:
        beside = (_PIPELINE - 1) * inputs
    return Parts(
        cache.machine + inputs + scores,
        tuple(
            kept + compute - tokens + beside if used else 0
            for kept, used in zip(cache.gpus, layout.split, strict=True)
        ),
    )


def cache_bytes(shape: Shape, layout: Layout) -> Parts:
    """What the KV cache takes of a context window, and where."""
    inside = _inside(layout.split)

    def kv(layers: int) -> int:
        return kv_bytes(shape, layout.context, layout.kv_type, layers)

    return Parts(kv(shape.layers - sum(inside)), tuple(map(kv, inside)))


def _inside(split: Sequence[int]) -> tuple[int, ...]:
    """The model's own layers on each GPU: the last that has any also scores the vocabulary."""
    last = max((index for index, count in enumerate(split) if count), default=None)
    return tuple(count - (index == last) for index, count in enumerate(split))
