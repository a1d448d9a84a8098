"""The layout of GGUF files: keys with their values, then what tensors follow.

Nothing a file claims is believed: no step leaves the file, no claim makes us take more memory than
a real model would. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import os
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from sottovoce.domain.problems import Damaged, Missing, Refused, Unsupported

# Far above what any model needs: a header that claims more wants to keep us busy.
_MOST_KEYS = 2_000
_MOST_TENSORS = 100_000
_MOST_STRINGS = 2_000_000
_MOST_NUMBERS = 100_000
_LONGEST_KEY = 1_024
_LONGEST_TEXT = 4_096
"""Bytes of a text that is read along; longer ones are left where they are."""
_BLOCK = 65_536
"""Bytes that are read at once where texts are stepped over."""
_LONGEST_TENSOR_NAME = 63
_MOST_DIMENSIONS = 4
_LARGEST_DIMENSION = 2**48
_USUAL_ALIGNMENT = 32

_BOOL, _STRING, _ARRAY = 7, 8, 9
_SCALARS = {
    kind: struct.Struct("<" + code)
    for kind, code in enumerate("BbHhIif?  Qqd")
    if kind not in (_STRING, _ARRAY)
}
_LENGTH = struct.Struct("<Q")
_TENSOR_END = struct.Struct("<IQ")


class Format(NamedTuple):
    """How a tensor keeps its numbers: `block` of them in `size` bytes."""

    name: str
    block: int
    size: int


FORMATS = {
    0: Format("F32", 1, 4), 1: Format("F16", 1, 2), 2: Format("Q4_0", 32, 18),
    3: Format("Q4_1", 32, 20), 6: Format("Q5_0", 32, 22), 7: Format("Q5_1", 32, 24),
    8: Format("Q8_0", 32, 34), 9: Format("Q8_1", 32, 40), 10: Format("Q2_K", 256, 84),
    11: Format("Q3_K", 256, 110), 12: Format("Q4_K", 256, 144), 13: Format("Q5_K", 256, 176),
    14: Format("Q6_K", 256, 210), 15: Format("Q8_K", 256, 292), 16: Format("IQ2_XXS", 256, 66),
    17: Format("IQ2_XS", 256, 74), 18: Format("IQ3_XXS", 256, 98), 19: Format("IQ1_S", 256, 50),
    20: Format("IQ4_NL", 32, 18), 21: Format("IQ3_S", 256, 110), 22: Format("IQ2_S", 256, 82),
    23: Format("IQ4_XS", 256, 136), 24: Format("I8", 1, 1), 25: Format("I16", 1, 2),
    26: Format("I32", 1, 4), 27: Format("I64", 1, 8), 28: Format("F64", 1, 8),
    29: Format("IQ1_M", 256, 56), 30: Format("BF16", 1, 2), 34: Format("TQ1_0", 256, 54),
    35: Format("TQ2_0", 256, 66), 39: Format("MXFP4", 32, 17), 40: Format("NVFP4", 64, 36),
    41: Format("Q1_0", 128, 18), 42: Format("Q2_0", 64, 18),
}  # fmt: skip
"""By their numbers in the enum ggml_type of the llama.cpp that we come with."""


class Place(NamedTuple):
    """A list or a long text that was stepped over: its kind, how many items, where they begin."""

    kind: int
    length: int
    position: int


Value: TypeAlias = int | float | bool | str | Place


class Tensor(NamedTuple):
    """One tensor, by what stands in the header."""

    name: str
    dimensions: tuple[int, ...]
    """The length of a row first."""
    format: Format
    offset: int
    """Bytes from where the first tensor begins."""

    @property
    def numbers(self) -> int:
        return math.prod(self.dimensions)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.numbers // self.format.block * self.format.size


@dataclass(frozen=True, slots=True)
class Header:
    """All that stands before the weights."""

    values: dict[str, Value]
    tensors: tuple[Tensor, ...]
    is_cut: bool
    """Whether the file ends before its last tensor does."""


@contextmanager
def opened(path: Path) -> Iterator["Reader"]:
    """A reader at the beginning of a file. Raises Missing, Refused or Damaged, also later on."""
    with translated():
        if path.is_dir():
            raise Unsupported("This is a folder. Choose a GGUF file in it.")
        # To open a device or a pipe could do something, or wait for ever.
        if not path.is_file() and path.exists():
            raise Unsupported("This is no file but a pipe or a device. Choose a GGUF file.")
        with path.open("rb") as file:
            yield Reader(file, os.fstat(file.fileno()).st_size)


@contextmanager
def translated() -> Iterator[None]:
    """Say in our words what the operating system says."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing("The model file is not there. Choose where it is now.") from error
    except PermissionError as error:
        raise Refused("Sottovoce may not read the model file. Change its permissions.") from error
    except OSError as error:
        raise Damaged("The model file cannot be read from its disk. Fetch it again.") from error


def damaged() -> Damaged:
    """What to say of a file that contradicts itself or the format."""
    return Damaged("The model file is damaged. Fetch it again.")


class Reader:
    """Steps forward through a GGUF file. Whatever the file claims, no step leaves it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._strings_skipped = 0

    def header(self) -> Header:
        """All keys and tensors. Raises Damaged or Unsupported."""
        tensors, keys = self.counts()
        values = {self.key(): self.value() for _ in range(keys)}
        if len(values) < keys:  # One stands there twice.
            raise damaged()
        alignment = values.get("general.alignment", _USUAL_ALIGNMENT)
        # A power of two has but one bit.
        if type(alignment) is not int or alignment <= 0 or alignment & (alignment - 1):
            raise damaged()
        return self._with_tensors(values, tensors, alignment)

    def counts(self) -> tuple[int, int]:
        """How many tensors and keys follow. Raises Unsupported where we cannot read on."""
        if self._size == 0:
            raise Damaged("The model file is empty. Fetch it again.")
        if self._take(4) != b"GGUF":
            raise Damaged(
                "This file is not a model in GGUF format. Choose another, or fetch it again."
            )
        (version,) = struct.unpack("<I", self._take(4))
        if version & 0xFFFF == 0:
            raise Unsupported(
                "This model is made for computers of another byte order. Choose another."
            )
        if version == 1:
            raise Unsupported("This model file is of a kind too old to read. Fetch a newer one.")
        if version > 3:
            raise Unsupported(
                "This model file is of a kind newer than this Sottovoce. Choose another."
            )
        tensors, keys = self._length(), self._length()
        if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
            raise damaged()
        return tensors, keys

    def key(self) -> str:
        """The next key. Its value is to be read next."""
        return self._text(_LONGEST_KEY)

    def value(self) -> Value:
        (kind,) = struct.unpack("<I", self._take(4))
        if kind in _SCALARS:
            scalar = _SCALARS[kind]
            number: int | float | bool
            (number,) = scalar.unpack(self._take(scalar.size))
            return number
        if kind == _STRING:
            length = self._length()
            if length <= _LONGEST_TEXT:
                return self._take(length).decode(errors="replace")
            return self._stepped_over(_STRING, length, length)
        if kind == _ARRAY:
            return self._array()
        raise damaged()

    def text(self, value: Value | None, most: int) -> str:
        """A text, of which `most` bytes are read; empty if it is none."""
        if isinstance(value, str):
            return value
        if not isinstance(value, Place) or value.kind != _STRING:
            return ""
        self._file.seek(value.position)
        return self._take(min(value.length, most)).decode(errors="replace")

    def numbers(self, value: Value | None) -> tuple[int | float, ...]:
        """The numbers of a list, or the one there is; none if it is neither."""
        if isinstance(value, int | float):
            return (value,)
        if not isinstance(value, Place) or value.kind not in _SCALARS:
            return ()
        if value.length > _MOST_NUMBERS:
            raise damaged()
        scalar = _SCALARS[value.kind]
        self._file.seek(value.position)
        data = self._take(value.length * scalar.size)
        return tuple(number for (number,) in scalar.iter_unpack(data))

    def texts(self, value: Value | None, wanted: Collection[int]) -> dict[int, str]:
        """Those items of a list of texts whose numbers are wanted and that are there."""
        if not isinstance(value, Place) or value.kind != _ARRAY:
            return {}
        self._file.seek(value.position)
        there: dict[int, str] = {}
        at = 0
        for number in sorted(set(wanted)):
            if not 0 <= number < value.length:
                continue
            self._skip_strings(number - at)
            there[number] = self._text(_LONGEST_TEXT)
            at = number + 1
        return there

    def _with_tensors(self, values: dict[str, Value], count: int, alignment: int) -> Header:
        tensors: list[Tensor] = []
        expected = end = 0
        for _ in range(count):
            tensor = self._tensor()
            if tensor.offset != expected:  # llama.cpp insists on it, too.
                raise damaged()
            end = tensor.offset + tensor.size
            expected = _aligned(end, alignment)
            tensors.append(tensor)
        first = _aligned(self._file.tell(), alignment)
        if len({tensor.name for tensor in tensors}) < count:
            raise damaged()
        return Header(values, tuple(tensors), is_cut=bool(tensors) and first + end > self._size)

    def _tensor(self) -> Tensor:
        name = self._text(_LONGEST_TENSOR_NAME)
        (count,) = struct.unpack("<I", self._take(4))
        if not 0 < count <= _MOST_DIMENSIONS:
            raise damaged()
        dimensions = struct.unpack(f"<{count}Q", self._take(8 * count))
        number, offset = _TENSOR_END.unpack(self._take(_TENSOR_END.size))
        if number not in FORMATS:
            raise Unsupported(
                "The weights in this model file are of a kind that Sottovoce cannot read. "
                "Choose another."
            )
        tensor = Tensor(name, dimensions, FORMATS[number], offset)
        if any(not 0 < length <= _LARGEST_DIMENSION for length in dimensions):
            raise damaged()
        if dimensions[0] % tensor.format.block or tensor.numbers >= 2**63:
            raise damaged()
        return tensor

    def _array(self) -> Place:
        (kind,) = struct.unpack("<I", self._take(4))
        count = self._length()
        if kind in _SCALARS:
            return self._stepped_over(kind, count, count * _SCALARS[kind].size)
        if kind != _STRING:
            raise damaged()
        place = Place(_ARRAY, count, self._file.tell())
        self._skip_strings(count)
        return place

    def _stepped_over(self, kind: int, count: int, size: int) -> Place:
        place = Place(kind, count, self._file.tell())
        self._jump(place.position + size)
        return place

    def _skip_strings(self, count: int) -> None:
        self._strings_skipped += count
        if self._strings_skipped > _MOST_STRINGS:
            raise damaged()
        # There may be hundreds of thousands: with a call for each, this takes twice as long.
        position, data, at = self._file.tell(), b"", 0
        for _ in range(count):
            if at + _LENGTH.size > len(data):
                position, at = position + at, 0
                self._jump(position)
                data = self._file.read(_BLOCK)
                if len(data) < _LENGTH.size:
                    raise damaged()
            at += _LENGTH.size + _LENGTH.unpack_from(data, at)[0]
        self._jump(position + at)

    def _jump(self, position: int) -> None:
        if position > self._size:
            raise damaged()
        self._file.seek(position)

    def _text(self, most: int) -> str:
        length = self._length()
        if length > most:
            raise damaged()
        return self._take(length).decode(errors="replace")

    def _length(self) -> int:
        number: int
        (number,) = _LENGTH.unpack(self._take(8))
        return number

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise damaged()
        return data


def _aligned(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
