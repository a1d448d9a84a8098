"""How large the context window is: by the model's training, the machine's memory and the need."""

from dataclasses import dataclass

STEP = 256
"""The window grows in steps of this many tokens: llama.cpp rounds to them."""
START = 4096
"""The first window, unless the model or the memory allows less."""
UNLIMITED_REPLY = 1024
"""Tokens kept free for a reply whose length nobody limited; it may still write on and grow."""
BATCH = 128
"""Tokens read at once. More is no faster on a CPU, takes more memory and tells less progress."""
GPU_BATCH = 256
"""Tokens read at once on a GPU, where more is faster but nothing can stop it in between."""
SHARE = 0.5
"""How much of the memory left by the weights the window may take: other programs want to live."""
HALF_PRECISION = 2
SINGLE_PRECISION = 4
"""Bytes of one number in the KV cache, and of one in between."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model's memory need follows from."""

    weights: int
    """Bytes."""
    trained: int
    """Tokens it was trained to see at once."""
    layers: int
    heads: int
    kv_heads: int
    key_length: int
    value_length: int

    @property
    def token_bytes(self) -> int:
        """What one token takes in the KV cache."""
        return self.layers * self.kv_heads * (self.key_length + self.value_length) * HALF_PRECISION


def window_bytes(shape: Shape, context: int) -> int:
    """Memory for a window: KV cache and compute buffers.

    Reading a batch holds some activations and the attention scores of one layer, in which every
    head sees the whole window. Held against llama.cpp's own figures, this is never too little and
    at most a third too much.
    """
    scores = (shape.heads + 2) * context
    activations = 12 * shape.heads * shape.key_length
    return shape.token_bytes * context + BATCH * (scores + activations) * SINGLE_PRECISION


def limit(shape: Shape, available: int) -> int:
    """The largest window to offer if `available` bytes are free before loading; 0 if none."""
    return largest(shape, int((available - shape.weights) * SHARE))


def least_room(shape: Shape) -> int:
    """Bytes beside the weights without which no window is offered."""
    return int(window_bytes(shape, STEP) / SHARE)


def largest(shape: Shape, room: int) -> int:
    """The largest window that takes at most `room` bytes; 0 if not even the smallest does."""
    low, high = 0, max(shape.trained // STEP, 1)
    while low < high:
        middle = (low + high + 1) // 2
        if window_bytes(shape, middle * STEP) <= room:
            low = middle
        else:
            high = middle - 1
    return low * STEP


def fixed(shape: Shape, wanted: int) -> int:
    """The window closest to a wish: in whole steps, and no more than the model was trained for."""
    steps = -(-wanted // STEP)
    return max(min(steps, shape.trained // STEP), 1) * STEP


def grown(current: int, need: int, limit: int) -> int:
    """The window for `need` tokens: doubled until it holds them, or the limit is reached."""
    size = current
    while size < need and size < limit:
        size *= 2
    return max(current, min(size, limit))
