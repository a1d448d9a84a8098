"""Model files as they should not be."""

import struct
from pathlib import Path


def with_value(source: Path, key: str, value: bytes, into: Path) -> Path:
    """A copy whose header says something else under `key`."""
    data = bytearray(source.read_bytes())
    place = data.index(struct.pack("<Q", len(key)) + key.encode()) + 8 + len(key) + 4
    data[place : place + len(value)] = value
    into.write_bytes(data)
    return into


def with_template(source: Path, template: str, into: Path) -> Path:
    """A copy with another chat template, filled up to the length of the one it had."""
    data = source.read_bytes()
    key = b"tokenizer.chat_template"
    place = data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key) + 4
    (length,) = struct.unpack_from("<Q", data, place)
    filled = template.encode() + b"{#" + b" " * (length - len(template.encode()) - 4) + b"#}"
    assert len(filled) == length
    into.write_bytes(data[: place + 8] + filled + data[place + 8 + length :])
    return into


def with_architecture(source: Path, name: str, into: Path) -> Path:
    """A copy that claims another architecture with a name of the same length."""
    data = source.read_bytes()
    assert len(name) == len("llama")
    key = b"general.architecture"
    place = data.index(key) + len(key) + 4 + 8
    into.write_bytes(data[:place] + name.encode() + data[place + len(name) :])
    return into
