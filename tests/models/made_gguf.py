"""Small GGUF files, written by hand."""

import math
import struct
from collections.abc import Mapping, Sequence


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def string_key(key: str, value: str) -> bytes:
    return text(key) + struct.pack("<I", 8) + text(value)


def number_key(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", 4, value)


def strings_key(key: str, *values: str) -> bytes:
    head = text(key) + struct.pack("<IIQ", 9, 8, len(values))
    return head + b"".join(map(text, values))


USUAL_KEYS = (
    string_key("general.architecture", "llama"),
    string_key("general.name", "Small Talk"),
    number_key("general.file_type", 15),
    number_key("llama.context_length", 4096),
    strings_key("tokenizer.ggml.tokens", "a", "b", "c"),
    number_key("tokenizer.ggml.eos_token_id", 2),
)


def gguf(*keys: bytes, tensors: int = 2, version: int = 3) -> bytes:
    """A file whose tensors hold 32 bytes each."""
    infos = b"".join(
        text(f"tensor {n}") + struct.pack("<IQIQ", 1, 8, 0, 32 * n) for n in range(tensors)
    )
    header = b"GGUF" + struct.pack("<IQQ", version, tensors, len(keys)) + b"".join(keys) + infos
    return header + bytes(-len(header) % 32) + bytes(32 * tensors)


def float_key(key: str, value: float) -> bytes:
    return text(key) + struct.pack("<If", 6, value)


def numbers_key(key: str, *values: int) -> bytes:
    head = text(key) + struct.pack("<IIQ", 9, 4, len(values))
    return head + b"".join(struct.pack("<I", value) for value in values)


def file_of(keys: Sequence[bytes], tensors: Mapping[str, tuple[int, ...]]) -> bytes:
    """A file with tensors of these names and dimensions, all zeros in F32."""
    return header_of(keys, tensors) + bytes(sum(map(_size, tensors.values())))


def header_of(keys: Sequence[bytes], tensors: Mapping[str, tuple[int, ...]]) -> bytes:
    """The file up to where its tensors begin."""
    infos, offset = b"", 0
    for name, dimensions in tensors.items():
        infos += text(name) + struct.pack("<I", len(dimensions))
        infos += struct.pack(f"<{len(dimensions)}QIQ", *dimensions, 0, offset)
        offset += _size(dimensions)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + infos
    return head + bytes(-len(head) % 32)


def _size(dimensions: tuple[int, ...]) -> int:
    """Bytes, filled up to where the next tensor may begin."""
    return -(-4 * math.prod(dimensions) // 32) * 32


SHAPE_KEYS = (
    string_key("general.architecture", "llama"),
    string_key("general.name", "Small Talk"),
    number_key("llama.context_length", 4096),
    number_key("llama.block_count", 2),
    number_key("llama.embedding_length", 64),
    number_key("llama.attention.head_count", 4),
    number_key("llama.attention.head_count_kv", 2),
    number_key("llama.feed_forward_length", 128),
)
SHAPE_TENSORS = {
    "token_embd.weight": (64, 100),
    "blk.0.attn_q.weight": (64, 64),
    "blk.1.attn_q.weight": (64, 64),
    "output.weight": (64, 100),
}
