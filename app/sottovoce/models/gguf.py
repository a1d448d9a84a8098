"""The model in a GGUF file: what it is, and its dimensions, by what its header says."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.footprint import Shape
from sottovoce.domain.model import Model, Role
from sottovoce.domain.parts import parts
from sottovoce.domain.problems import Damaged, Missing, Unsupported
from sottovoce.models.gguf_file import Header, Reader, Tensor, Value, damaged, opened, translated

CUT = "The end of the model file is missing. Fetch it again."

_LARGEST_CONTEXT = 2**31 - 1
_LARGEST_DIMENSION = 2**24
"""Of what the keys name: heads, layers and the like."""
_LONGEST_NAME = 80
_MOST_PARTS = 5
"""That are named in one sentence."""

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

_ENCODERS = {
    "bert", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llama-embed",
    "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "t5encoder",
}  # fmt: skip
"""Architectures that turn text into vectors and cannot write."""
_POOLING_RANK = 4
"""In llama.cpp's enum llama_pooling_type; the others above 0 make one vector of a text."""
_GUARDS = re.compile(r"guard|shield", re.IGNORECASE)
"""What models that judge texts are called: Llama Guard, ShieldGemma, Granite Guardian."""

_INPUTS = {
    "per_layer_token_embd.weight", "position_embd.weight", "token_embd.weight",
    "token_types.weight",
}  # fmt: skip
"""Tensors that llama.cpp keeps in the machine's memory: layer "input" in llama-arch.cpp."""

_PART = re.compile(r"-\d{5}-of-\d{5}$")


def read_model(path: Path) -> Model:
    """The model in a file, or in the files of which this is the first.

    Reads no further than the vocabulary, if what it looks for stands before it. Raises Missing,
    Refused, Damaged or Unsupported.
    """
    files = find_files(path)
    files.check()
    with opened(path) as reader:
        tensors, keys = reader.counts()
        values: dict[str, Value] = {}
        for _ in range(keys):
            key = reader.key()
            # llama-quantize puts the file type behind the vocabulary.
            if key.startswith("tokenizer.") and "general.file_type" in values:
                break
            values[key] = reader.value()
        if sentence := why_no_model(values, tensors, files):
            raise Unsupported(sentence)
        return model_in(files, values)


def read_shape(path: Path) -> Shape:
    """The dimensions of the model in a file, or in the files of which this is the first.

    It has to step over the vocabulary: 0.05 s for one of 128,000 words. Raises the problems of
    read_model.
    """
    files = find_files(path)
    files.check()
    with opened(path) as reader:
        header = reader.header()
        tensors = [*header.tensors]
        if sentence := why_no_model(header.values, len(tensors), files):
            raise Unsupported(sentence)
        for other in files.there[1:]:
            tensors += read_header(other).tensors
        return shape_of(header.values, tensors, reader)


def check_whole(path: Path) -> None:
    """Return if the file, with all its parts, is as long as its tensors need; else raise Damaged.

    It has to step over the vocabulary, like read_shape. Raises the problems of read_model, too.
    """
    files = find_files(path)
    files.check()
    for file in files.there:
        if read_header(file).is_cut:
            raise Damaged(CUT)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files that one model lies in: mostly one."""

    there: tuple[Path, ...]
    """Those that were found, in order. The first may still turn out to be missing."""
    missing: tuple[int, ...] = ()
    """Numbers of the parts that were not found, counted from 1."""

    @property
    def count(self) -> int:
        return len(self.there) + len(self.missing)

    @property
    def trouble(self) -> str:
        """A sentence on what is missing; empty if nothing is."""
        if not self.missing:
            return ""
        few = ", ".join(map(str, self.missing[:_MOST_PARTS]))
        more = "…" if len(self.missing) > _MOST_PARTS else ""
        which = f"part {few}" if len(self.missing) == 1 else f"parts {few}{more}"
        return (
            f"Of the {self.count} parts of this model, {which} cannot be found. "
            "Put them all into one folder."
        )

    def check(self) -> None:
        """Raise Missing if a part is."""
        if self.missing:
            raise Missing(self.trouble)


def find_files(path: Path) -> ModelFiles:
    """The files that belong to the one at `path`. Raises Unsupported if it is not the first."""
    first, *others = parts(path)
    if path != first:
        raise Unsupported("This is a later part of a model. Choose its first part.")
    with translated():
        there = {number: part for number, part in enumerate(others, 2) if part.is_file()}
    missing = (number for number in range(2, len(others) + 2) if number not in there)
    return ModelFiles((first, *there.values()), tuple(missing))


def read_header(path: Path) -> Header:
    """All that stands before the weights of one file. Raises the problems of read_model."""
    with opened(path) as reader:
        return reader.header()


def why_no_model(values: dict[str, Value], tensors: int, files: ModelFiles) -> str:
    """A sentence on what a file holds in place of a model; empty if it may hold one."""
    kinds = (values.get("general.type"), values.get("general.architecture"))
    if kind := next((kind for kind in kinds if kind in _NOT_MODELS), None):
        return _NOT_MODELS[str(kind)]
    if not tensors and files.count == 1:
        return "This file holds a vocabulary without a model. Choose the model itself."
    return ""


def model_in(files: ModelFiles, values: dict[str, Value]) -> Model:
    """The model that the keys describe. Raises Damaged, and OSError."""
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise damaged()
    context = values.get(f"{architecture}.context_length")
    if type(context) is not int or not 0 < context <= _LARGEST_CONTEXT:
        raise Damaged("The model file does not say how much its model can read. Fetch it again.")
    name = values.get("general.name")
    named = name if isinstance(name, str) else ""
    file_type = values.get("general.file_type")
    first = files.there[0]
    return Model(
        name=line(named) or name_of(first) or "Model without a name",
        path=first,
        size=sum(file.stat().st_size for file in files.there),
        architecture=line(architecture),
        quantisation=_QUANTISATIONS.get(file_type, "") if type(file_type) is int else "",
        context_length=context,
        role=_role(architecture, f"{named} {first.stem}", values),
    )


def shape_of(values: dict[str, Value], tensors: Sequence[Tensor], reader: Reader) -> Shape:
    """The dimensions that keys and tensors tell. Raises Damaged where they contradict each other.

    What the keys leave out is filled in as llama.cpp does (load_hparams in llama-model.cpp).
    """
    architecture = reader.text(values.get("general.architecture"), _LONGEST_NAME)

    def key(name: str, otherwise: int = 0) -> int:
        """The number, or the largest of those that there are for each layer."""
        numbers = reader.numbers(values.get(f"{architecture}.{name}")) or (otherwise,)
        largest = max(numbers)
        if type(largest) is not int or not 0 <= largest <= _LARGEST_DIMENSION:
            raise damaged()
        return largest

    by_name = {tensor.name: tensor for tensor in tensors}
    table = by_name.get("token_embd.weight")
    output = by_name.get("output.weight")
    embedding, heads = key("embedding_length"), key("attention.head_count")
    shape = Shape(
        architecture=line(architecture),
        trained=key("context_length"),
        layers=key("block_count"),
        embedding=embedding,
        heads=heads,
        kv_heads=key("attention.head_count_kv", heads),
        key_length=key("attention.key_length", embedding // max(heads, 1)),
        value_length=key("attention.value_length", embedding // max(heads, 1)),
        feed_forward=key("feed_forward_length"),
        vocabulary=table.dimensions[-1] if table else key("vocab_size"),
        weights=sum(tensor.size for tensor in tensors),
        input_weights=sum(tensor.size for tensor in tensors if tensor.name in _INPUTS),
        output_weights=output.size if output else 0,
        types=_types(tensors),
        experts=key("expert_count"),
        experts_used=key("expert_used_count"),
        sliding_window=key("attention.sliding_window"),
    )
    fits_table = table is None or table.dimensions[0] == embedding
    if not (0 < shape.layers <= len(tensors) and embedding and fits_table):
        raise Damaged("The model file says other things than it holds. Fetch it again.")
    return shape


def name_of(path: Path) -> str:
    """A model's name by its file; empty if that cannot be shown."""
    return line(_PART.sub("", path.stem))


def line(text: str, longest: int = _LONGEST_NAME) -> str:
    """Text that fits a line and cannot disturb it: no control characters, no turns of direction."""
    letters = "".join(" " if char.isspace() else char for char in text)
    visible = "".join(char for char in letters if not unicodedata.category(char).startswith("C"))
    return " ".join(visible.split())[:longest].strip()


def _role(architecture: str, names: str, values: dict[str, Value]) -> Role:
    pooling = values.get(f"{architecture}.pooling_type", 0)
    if pooling == _POOLING_RANK:
        return Role.RERANKER
    if architecture in _ENCODERS or pooling:
        return Role.EMBEDDING
    return Role.GUARD if _GUARDS.search(names) else Role.CHAT


def _types(tensors: Sequence[Tensor]) -> tuple[tuple[str, int], ...]:
    """Bytes by the format they are in; the most first."""
    sizes = Counter[str]()
    for tensor in tensors:
        sizes[tensor.format.name] += tensor.size
    return tuple(sizes.most_common())
