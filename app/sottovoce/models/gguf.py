"""What a GGUF file says about its model, read without trusting a byte of it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import re
import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_CUR
from pathlib import Path
from typing import BinaryIO

from sottovoce.domain.model import Model
from sottovoce.domain.problems import Damaged, Missing, Refused, Unsupported

# Far above what any model needs: a header that claims more wants to keep us busy.
_MOST_KEYS = 10_000
_MOST_TENSORS = 100_000
_MOST_STRINGS = 2_000_000
_LONGEST_TEXT = 4_096
_LARGEST_CONTEXT = 2**31 - 1
_LONGEST_NAME = 80

_STRING, _ARRAY = 8, 9
_WHOLE_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 10: "Q", 11: "q"}
_SCALAR_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}

# llama_ftype in llama.cpp's llama.h.
_QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M",
    30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4", 39: "NVFP4",
    40: "Q1_0", 41: "Q2_0",
}  # fmt: skip

_EYES = "This file lets a model see pictures. Choose the model itself."
_NOT_MODELS = {
    "adapter": "This file is a LoRA adapter, which changes a model. Choose the model itself.",
    "clip": _EYES,
    "imatrix": "This file only helps to make models smaller. Choose a model.",
    "mmproj": _EYES,
}

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")


def read_model(path: Path) -> Model:
    """The model in a file, or in the files of which this is the first.

    Reads no further than the vocabulary. Raises Missing, Refused, Damaged or Unsupported.
    """
    with _translated():
        files = _parts(path)
        size = sum(file.stat().st_size for file in files)
        with _opened(path) as reader:
            header = _read_header(reader)
    if not header.tensors and len(files) == 1:
        raise Unsupported("This file holds a vocabulary without a model. Choose the model itself.")
    if sentence := _NOT_MODELS.get(header.kind) or _NOT_MODELS.get(header.architecture):
        raise Unsupported(sentence)
    if not 0 < header.context_length <= _LARGEST_CONTEXT:
        raise Damaged("The model file does not say how much its model can read. Fetch it again.")
    part = _PART.fullmatch(path.name)
    stem = part["stem"] if part else path.stem
    return Model(
        name=_clean(header.name) or _clean(stem) or "Model without a name",
        path=path,
        size=size,
        architecture=_clean(header.architecture),
        quantisation=_QUANTISATIONS.get(header.file_type, ""),
        context_length=header.context_length,
    )


def check_whole(path: Path) -> None:
    """Return if the file, with all its parts, is as long as its tensors need; else raise Damaged.

    It has to step over the vocabulary: 0.1 s for one of 128,000 words. A cut inside the very last
    tensor is left for the engine to find. Raises the problems of read_model, too.
    """
    with _translated():
        for part in _parts(path):
            with _opened(part) as reader:
                _check_end(reader)


@dataclass(frozen=True, slots=True)
class _Header:
    tensors: int
    kind: str
    """What general.type says; empty if the file doesn't say."""
    architecture: str
    name: str
    file_type: int
    """-1 if the file doesn't say."""
    context_length: int
    """0 if the file doesn't say."""


def _read_header(reader: "_Reader") -> _Header:
    """What stands before the vocabulary: there, writers of GGUF files put all that we need."""
    tensors, keys = reader.counts()
    kind = architecture = name = ""
    file_type, context_length = -1, 0
    for _ in range(keys):
        key, type_ = reader.key()
        if key.startswith("tokenizer."):
            break
        if key == "general.type":
            kind = reader.text(type_)
        elif key == "general.architecture":
            architecture = reader.text(type_)
        elif key == "general.name":
            name = reader.text(type_)
        elif key == "general.file_type":
            file_type = reader.whole_number(type_)
        elif key == f"{architecture}.context_length":
            context_length = reader.whole_number(type_)
        else:
            reader.skip_value(type_)
    if not architecture:
        raise _damaged()
    return _Header(tensors, kind, architecture, name, file_type, context_length)


def _check_end(reader: "_Reader") -> None:
    """Raise Damaged if the last tensor would begin behind the end of the file."""
    tensors, keys = reader.counts()
    alignment = 32
    for _ in range(keys):
        key, type_ = reader.key()
        if key == "general.alignment":
            alignment = reader.whole_number(type_)
        else:
            reader.skip_value(type_)
    offsets = [reader.tensor_offset() for _ in range(tensors)]
    if alignment <= 0:
        raise _damaged()
    first = -(-reader.position // alignment) * alignment
    if offsets and first + max(offsets) >= reader.size:
        raise Damaged("The end of the model file is missing. Fetch it again.")


def _parts(path: Path) -> list[Path]:
    """All files of the model of which this is the first; just this one if it is whole."""
    part = _PART.fullmatch(path.name)
    if part is None:
        return [path]
    if int(part["number"]) != 1:
        raise Unsupported("This is a later part of a model. Choose its first part.")
    count = int(part["count"])
    files = [
        path.with_name(f"{part['stem']}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)
    ]
    if missing := sum(not file.is_file() for file in files):
        raise Missing(f"{missing} of the {count} parts of this model are not beside the first one.")
    return files


def _clean(text: str) -> str:
    """Text that fits a line and cannot disturb it: no control characters, no turns of direction."""
    letters = "".join(" " if char.isspace() else char for char in text)
    visible = "".join(char for char in letters if not unicodedata.category(char).startswith("C"))
    return " ".join(visible.split())[:_LONGEST_NAME].strip()


@contextmanager
def _opened(path: Path) -> Iterator["_Reader"]:
    if not path.is_file():  # A folder, or a pipe that would keep us waiting.
        raise FileNotFoundError(path)
    with path.open("rb") as file:
        yield _Reader(file, path.stat().st_size)


@contextmanager
def _translated() -> Iterator[None]:
    """Say in our words what the operating system says."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing("The model file is not there. Choose where it is now.") from error
    except PermissionError as error:
        raise Refused("Sottovoce may not read the model file. Change its permissions.") from error
    except OSError as error:
        raise Damaged("The model file cannot be read from its disk. Fetch it again.") from error


def _damaged() -> Damaged:
    return Damaged("The model file is damaged. Fetch it again.")


class _Reader:
    """Steps forward through a GGUF file. Whatever the file claims, no step leaves it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._strings_skipped = 0

    @property
    def position(self) -> int:
        return self._file.tell()

    def counts(self) -> tuple[int, int]:
        """How many tensors and keys follow. Raises Unsupported where we cannot read on."""
        if self.size == 0:
            raise Damaged("The model file is empty. Fetch it again.")
        if self._take(4) != b"GGUF":
            raise Damaged(
                "This file is not a model in GGUF format. Choose another, or fetch it again."
            )
        version = self._number("I")
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
        tensors, keys = self._number("Q"), self._number("Q")
        if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
            raise _damaged()
        return tensors, keys

    def key(self) -> tuple[str, int]:
        """The next key, and the type of its value, which is to be read or skipped next."""
        return self._text(), self._number("I")

    def text(self, kind: int) -> str:
        if kind != _STRING:
            raise _damaged()
        return self._text()

    def whole_number(self, kind: int) -> int:
        if kind not in _WHOLE_NUMBERS:
            raise _damaged()
        return self._number(_WHOLE_NUMBERS[kind])

    def skip_value(self, kind: int) -> None:
        count = 1
        if kind == _ARRAY:
            kind, count = self._number("I"), self._number("Q")
        if kind == _STRING:
            self._skip_strings(count)
        elif kind in _SCALAR_SIZES:
            self._step(count * _SCALAR_SIZES[kind])
        else:
            raise _damaged()

    def tensor_offset(self) -> int:
        """Where the next tensor begins, counted from the first."""
        self._text()
        dimensions = self._number("I")
        self._step(8 * dimensions + 4)
        return self._number("Q")

    def _skip_strings(self, count: int) -> None:
        self._strings_skipped += count
        if self._strings_skipped > _MOST_STRINGS:
            raise _damaged()
        # There may be hundreds of thousands: with our own methods this takes much longer.
        read, seek, size = self._file.read, self._file.seek, self.size
        for _ in range(count):
            length = int.from_bytes(read(8), "little")
            if length > size:
                raise _damaged()
            seek(length, SEEK_CUR)
        self._step(0)

    def _text(self) -> str:
        length = self._number("Q")
        if length > _LONGEST_TEXT:
            raise _damaged()
        return self._take(length).decode(errors="replace")

    def _number(self, code: str) -> int:
        number: int
        (number,) = struct.unpack("<" + code, self._take(struct.calcsize("<" + code)))
        return number

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise _damaged()
        return data

    def _step(self, count: int) -> None:
        if self.position + count > self.size:
            raise _damaged()
        self._file.seek(count, SEEK_CUR)
