"""What the header of a GGUF file says, read by llama.cpp's own reader."""

import ctypes
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sottovoce.domain.footprint import Shape
from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.engine import ggml

# Numbers of the types of values in gguf.h that are used here, and what C calls them.
_NUMBERS = {
    0: ctypes.c_uint8, 1: ctypes.c_int8, 2: ctypes.c_uint16, 3: ctypes.c_int16, 4: ctypes.c_uint32,
    5: ctypes.c_int32, 10: ctypes.c_uint64, 11: ctypes.c_int64,
}  # fmt: skip
_FLOAT, _TEXT, _ARRAY = 6, 8, 9
_INPUTS = ("token_embd.weight", "position_embd.weight", "token_types.weight")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor of a file."""

    type: str
    """As ggml names it, such as "Q4_K"."""
    size: tuple[int, ...]
    """Along its four dimensions."""
    bytes: int


class Header:
    """The keys and tensors of one file."""

    def __init__(self, path: bytes) -> None:
        """Raises Damaged if the file is none that llama.cpp can read."""
        self._c = ggml.functions()
        self._handle = self._c.gguf_init_from_file(path, ggml.GgufOptions(no_data=True))
        if not self._handle:
            raise Damaged("The file is damaged. Download it again or choose another.")

    def __enter__(self) -> "Header":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: object, trace: TracebackType | None
    ) -> None:
        self._c.gguf_free(self._handle)

    def text(self, key: str) -> str:
        """Empty if there is none."""
        place = self._place(key)
        if place < 0 or self._c.gguf_get_kv_type(self._handle, place) != _TEXT:
            return ""
        value: bytes = self._c.gguf_get_val_str(self._handle, place)
        return value.decode("utf-8", "replace")

    def number(self, key: str, otherwise: int = 0) -> int:
        """The number, or the largest of those that there are for each layer."""
        place = self._place(key)
        kind = self._c.gguf_get_kv_type(self._handle, place) if place >= 0 else None
        if kind in _NUMBERS:
            pointer = self._c.gguf_get_val_data(self._handle, place)
            return int(_NUMBERS[kind].from_address(pointer).value)
        if kind == _ARRAY and (inner := self._c.gguf_get_arr_type(self._handle, place)) in _NUMBERS:
            length = self._c.gguf_get_arr_n(self._handle, place)
            pointer = self._c.gguf_get_arr_data(self._handle, place)
            return max((_NUMBERS[inner] * length).from_address(pointer), default=otherwise)
        return otherwise

    def is_float(self, key: str) -> bool:
        """Whether there is a number with a fraction."""
        place = self._place(key)
        return place >= 0 and self._c.gguf_get_kv_type(self._handle, place) == _FLOAT

    def has(self, key: str) -> bool:
        return self._place(key) >= 0

    def tensors(self) -> Iterator[tuple[str, TensorInfo]]:
        """All by their names."""
        for index in range(self._c.gguf_get_n_tensors(self._handle)):
            kind = self._c.gguf_get_tensor_type(self._handle, index)
            yield (
                self._c.gguf_get_tensor_name(self._handle, index).decode("utf-8", "replace"),
                TensorInfo(
                    type=ggml.type_name(kind),
                    size=tuple(self._c.gguf_get_tensor_ne(self._handle, index)[:4]),
                    bytes=self._c.gguf_get_tensor_size(self._handle, index),
                ),
            )

    def _place(self, key: str) -> int:
        place: int = self._c.gguf_find_key(self._handle, key.encode())
        return place


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """What a model's files say of it, taken together."""

    shape: Shape
    tensors: dict[str, TensorInfo]


def read(path: bytes) -> ModelHeader:
    """What the file and those that belong to it say.

    Raises Damaged, also where they contradict themselves, and Unsupported if it is no model's.
    """
    with Header(path) as first:
        if not first.has(f"{first.text('general.architecture')}.block_count"):
            raise Unsupported("Sottovoce does not know this kind of model yet. Choose another.")
        tensors = dict(first.tensors())
        for other in _others(path, first.number("split.count")):
            with Header(other) as header:
                tensors.update(header.tensors())
        shape = _shape(first, tensors)
    table = tensors.get("token_embd.weight")
    fits_table = table is None or table.size[0] == shape.embedding
    if not (0 < shape.layers <= len(tensors) and shape.trained > 0 and fits_table):
        raise Damaged("The model file is damaged. Download it again or choose another.")
    return ModelHeader(shape, tensors)


def _others(path: bytes, parts: int) -> Iterator[bytes]:
    """The further parts of a model whose first part this is."""
    first = Path(os.fsdecode(path))
    end = f"-00001-of-{parts:05}.gguf"
    if parts > 1 and first.name.endswith(end):
        for number in range(2, parts + 1):
            name = f"{first.name.removesuffix(end)}-{number:05}-of-{parts:05}.gguf"
            yield os.fsencode(first.with_name(name))


def _shape(header: Header, tensors: dict[str, TensorInfo]) -> Shape:
    architecture = header.text("general.architecture")

    def key(name: str, otherwise: int = 0) -> int:
        return header.number(f"{architecture}.{name}", otherwise)

    embedding, heads = key("embedding_length"), key("attention.head_count")
    width = embedding // max(heads, 1)
    sizes = Counter[str]()
    for tensor in tensors.values():
        sizes[tensor.type] += tensor.bytes
    table, output = tensors.get("token_embd.weight"), tensors.get("output.weight")
    return Shape(
        architecture=architecture,
        trained=key("context_length"),
        layers=key("block_count"),
        embedding=embedding,
        heads=heads,
        kv_heads=key("attention.head_count_kv", heads),
        key_length=key("attention.key_length", width),
        value_length=key("attention.value_length", width),
        feed_forward=key("feed_forward_length"),
        vocabulary=table.size[1] if table else key("vocab_size"),
        weights=sum(sizes.values()),
        input_weights=sum(tensors[name].bytes for name in _INPUTS if name in tensors),
        output_weights=output.bytes if output else 0,
        types=tuple(sizes.most_common()),
        experts=key("expert_count"),
        experts_used=key("expert_used_count"),
        sliding_window=key("attention.sliding_window"),
    )
