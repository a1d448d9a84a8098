"""LoRA adapters for the tiny Llama."""

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np

WIDTH = 32
"""Of the tiny Llama: both sides of its feed-forward matrices."""
RANK = 4

Tensors = Mapping[str, tuple[int, int]]


def pair(name: str = "blk.0.ffn_down.weight", rank: int = RANK) -> dict[str, tuple[int, int]]:
    """The sizes of the two tensors that change one of the model's, as rows and columns."""
    return {f"{name}.lora_a": (rank, WIDTH), f"{name}.lora_b": (WIDTH, rank)}


def write_adapter(
    path: Path,
    tensors: Tensors | None = None,
    *,
    name: str = "Polite",
    seed: int = 1,
    architecture: str = "llama",
    kind: str = "lora",
    alpha: float | int = 8.0,
    dtype: type[np.generic] = np.float32,
) -> Path:
    """An adapter full of random numbers, large enough to be noticed."""
    random = np.random.default_rng(seed)
    adapter = gguf.GGUFWriter(path, architecture)
    adapter.add_type("adapter")
    adapter.add_name(name)
    adapter.add_string("adapter.type", kind)
    if isinstance(alpha, int):
        adapter.add_uint32("adapter.lora.alpha", alpha)
    else:
        adapter.add_float32("adapter.lora.alpha", alpha)
    for tensor, size in (pair() if tensors is None else tensors).items():
        adapter.add_tensor(tensor, random.standard_normal(size).astype(dtype))
    adapter.write_header_to_file()
    adapter.write_kv_data_to_file()
    adapter.write_tensors_to_file()
    adapter.close()
    return path
