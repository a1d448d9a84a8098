import hashlib
import struct
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sottovoce.system.paths import resource

PROGRAM = Path(__file__).parents[1] / "packaging" / "embedding_model.py"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = spec_from_file_location("embedding_model", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CharactersMap:
    """Reads such a map as llama.cpp does."""

    def __init__(self, packed: bytes) -> None:
        (size,) = struct.unpack_from("<I", packed)
        self._units = np.frombuffer(packed, "<u4", size // 4, 4).tolist()
        self._replacements = packed[4 + size :]

    def rewritten(self, text: str) -> str:
        """The text with the longest rule that begins at each place carried out."""
        source, result, place = text.encode(), b"", 0
        while place < len(source):
            length, other = self._longest(source[place:])
            result += other
            place += length
        return result.decode()

    def _longest(self, source: bytes) -> tuple[int, bytes]:
        found = 1, source[:1]
        node = self._followers(0)
        for length, byte in enumerate(source, 1):
            node ^= byte
            unit = self._units[node]
            if unit & 0x8000_00FF != byte:
                break
            node = self._followers(node)
            if unit >> 8 & 1:
                begin = self._units[node] & 0x7FFF_FFFF
                end = self._replacements.index(0, begin)
                found = length, self._replacements[begin:end]
        return found

    def _followers(self, node: int) -> int:
        return int(node ^ self._units[node] >> 10)


def test_the_characters_map_carries_out_its_rules(program: ModuleType) -> None:
    rules = {"ﬁ": "fi", "½": "1⁄2", "e\u0301": "é", "\t": " ", "Ａ": "A", "Å": "Å"}
    packed = CharactersMap(program.characters_map(rules))
    assert packed.rewritten("ﬁne: ½ cafe\u0301\tＡÅ, e and Ä") == "fine: 1⁄2 café AÅ, e and Ä"


def test_letters_are_put_together_with_their_marks(program: ModuleType) -> None:
    rules = program.with_composed({"\u212b": "Å", "ﬁ": "fi"})
    assert rules["e\u0301"] == "é"
    assert rules["e\u0302\u0301"] == "ế"
    assert rules["ᄒ\u1161\u11ab"] == "한"
    assert rules["ﬁ"] == "fi"
    assert "é" not in rules


def test_the_map_in_the_model_holds_every_rule(program: ModuleType) -> None:
    data = resource("embedding/multilingual-e5-small-q4_0.gguf").read_bytes()
    key = b"tokenizer.ggml.precompiled_charsmap"
    place = data.index(key) + len(key)  # The reader of the package gguf takes half a minute.
    _, _, size = struct.unpack_from("<IIQ", data, place)
    packed = CharactersMap(data[place + 16 : place + 16 + size])
    rules = program.with_composed({})
    assert len(rules) > 12_000
    assert [
        text for text, other in rules.items() if packed.rewritten(text) != packed.rewritten(other)
    ] == []


def test_a_file_of_another_kind_is_refused(program: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"E5S1\x02\0\0\0" + bytes(100))
    with pytest.raises(SystemExit, match="does not hold the weights"):
        program.main(tmp_path / "weights.bin", tmp_path / "model.gguf")
    assert not (tmp_path / "model.gguf").exists()


def test_the_model_is_the_same_on_every_machine() -> None:
    with resource("embedding/multilingual-e5-small-q4_0.gguf").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    assert digest == "042a6a7c7aa7b2d55f2db0576f0f356583599c4d4f3151e51be42f93691d1ff2"
