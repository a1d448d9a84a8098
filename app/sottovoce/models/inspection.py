"""What a GGUF file says about itself, all of it, and what is wrong with it."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sottovoce.domain.footprint import Shape
from sottovoce.domain.model import Model
from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.models.gguf import (
    CUT,
    Parts,
    find_parts,
    line,
    model_in,
    read_header,
    shape_of,
    why_no_model,
)
from sottovoce.models.gguf_file import (
    Header,
    Place,
    Reader,
    Tensor,
    Value,
    damaged,
    opened,
    translated,
)
from sottovoce.models.template import LONGEST_TEMPLATE, ChatTemplate, read_template

_LONGEST_TEXT = 2_000
"""Of what authors write about their model."""
_MOST_ITEMS = 32
"""Of lists like that of the languages."""
_TOKENIZERS = {"gpt2": "BPE", "llama": "SPM", "bert": "WPM", "t5": "UGM", "no_vocab": "none"}
"""What llama.cpp calls the kinds that files name after the first models to have them."""


class Kind(StrEnum):
    """What a GGUF file holds."""

    MODEL = "model"
    ADAPTER = "adapter"
    """A LoRA adapter."""
    VOCABULARY = "vocabulary"
    PROJECTOR = "projector"
    """Lets a model see pictures or hear."""
    IMPORTANCE = "importance matrix"
    """Helps to make models smaller."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How a model's text is cut into tokens."""

    kind: str
    """BPE, SPM, WPM, UGM or what else the file calls it."""
    vocabulary: int
    """Tokens."""
    special: tuple[tuple[str, str], ...]
    """Their roles and their texts, such as ("eos", "<|eot_id|>")."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model comes from, in its authors' words. Plain text, cleaned; empty if not said."""

    licence: str
    licence_link: str
    author: str
    organisation: str
    address: str
    """Of its page."""
    base: str
    """The model that it was made from."""
    description: str
    languages: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lora:
    """What a LoRA adapter changes."""

    rank: int
    """The largest, where it differs from tensor to tensor."""
    alpha: float
    tensors: int
    """How many of the model's tensors it changes."""
    base: str
    """The model it was made for; empty if it doesn't say. The architecture has to be the same."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file says about itself, and what is wrong with it."""

    path: Path
    kind: Kind
    name: str
    architecture: str
    size: int
    """Bytes of all its parts that are there."""
    parts: int
    missing: tuple[int, ...]
    """Numbers of the parts that are not there."""
    is_cut: bool
    """Whether a file ends before its last tensor does."""
    trouble: str
    """A sentence on why it cannot be used as it is, and what to do; empty if it can."""
    tensors: int
    parameters: int
    source: Source
    tokenizer: Tokenizer | None
    template: ChatTemplate | None
    model: Model | None
    """None if the file holds something else."""
    shape: Shape | None
    """None if the file holds something else, or parts are missing."""
    lora: Lora | None


def read_inspection(path: Path) -> Inspection:
    """Look into the file, and the other parts of its model.

    Meant for a process of its own: see models.inspect. Raises Missing, Refused, Damaged or
    Unsupported.
    """
    parts = find_parts(path)
    with opened(path) as reader:
        header = reader.header()
        others = [read_header(other) for other in parts.others]
        return _inspection(path, parts, [header, *others], reader)


def _inspection(path: Path, parts: Parts, headers: list[Header], reader: Reader) -> Inspection:
    values = headers[0].values
    tensors = [tensor for header in headers for tensor in header.tensors]
    kind = _kind(values, tensors, parts)
    _check_order(parts, headers)
    text = _Texts(values, reader)
    architecture = text.get("general.architecture")
    is_model = kind is Kind.MODEL
    is_cut = any(header.is_cut for header in headers)
    not_usable = "" if kind is Kind.ADAPTER else why_no_model(values, len(tensors), parts)
    with translated():
        size = sum(file.stat().st_size for file in (path, *parts.others))
        model = model_in(path, parts, values) if is_model else None
    return Inspection(
        path=path,
        kind=kind,
        name=model.name if model else text.get("general.name") or line(parts.stem),
        architecture=architecture,
        size=size,
        parts=parts.count,
        missing=parts.missing,
        is_cut=is_cut,
        trouble=not_usable or parts.trouble or (CUT if is_cut else ""),
        tensors=len(tensors),
        parameters=sum(tensor.numbers for tensor in tensors),
        source=_source(text),
        tokenizer=_tokenizer(values, reader, text),
        template=_template(values, reader),
        model=model,
        shape=shape_of(values, tensors, reader) if is_model and not parts.missing else None,
        lora=_lora(values, tensors, text) if kind is Kind.ADAPTER else None,
    )


class _Texts:
    """The texts among the values, cleaned so that they cannot disturb what shows them."""

    def __init__(self, values: dict[str, Value], reader: Reader) -> None:
        self._values = values
        self._reader = reader

    def get(self, *keys: str, longest: int = 200) -> str:
        """That of the first of the keys that has one; empty if none has."""
        read = (self._reader.text(self._values.get(key), _LONGEST_TEXT) for key in keys)
        return next((text for raw in read if (text := line(raw, longest))), "")

    def list(self, key: str) -> tuple[str, ...]:
        items = self._reader.texts(self._values.get(key), range(_MOST_ITEMS))
        return tuple(text for raw in items.values() if (text := line(raw)))


def _kind(values: dict[str, Value], tensors: list[Tensor], parts: Parts) -> Kind:
    for key in ("general.type", "general.architecture"):
        match values.get(key):
            case "adapter":
                return Kind.ADAPTER
            case "mmproj" | "clip":
                return Kind.PROJECTOR
            case "imatrix":
                return Kind.IMPORTANCE
    return Kind.MODEL if tensors or parts.missing else Kind.VOCABULARY


def _check_order(parts: Parts, headers: list[Header]) -> None:
    """Raise Damaged if the names of the files tell other parts than the files themselves."""
    claimed = headers[0].values.get("split.count", 1)
    if parts.count == 1 and claimed != 1 and claimed != 0:
        raise Damaged(
            "This is one of several parts of a model, but not called like one. "
            "Give the parts the names they came with."
        )
    there = [number for number in range(1, parts.count + 1) if number not in parts.missing]
    for number, header in zip(there, headers, strict=True):
        if parts.count > 1 and header.values.get("split.no", number - 1) != number - 1:
            raise Damaged(
                f"Part {number} of this model is another part by what is in it. "
                "Give the parts the names they came with, or fetch them again."
            )


def _source(text: _Texts) -> Source:
    return Source(
        licence=text.get("general.license.name", "general.license"),
        licence_link=text.get("general.license.link"),
        author=text.get("general.author"),
        organisation=text.get("general.organization"),
        address=text.get(
            "general.repo_url",
            "general.url",
            "general.source.repo_url",
            "general.source.url",
            "general.source.huggingface.repository",
        ),
        base=text.get("general.base_model.0.name", "general.base_model.0.repo_url"),
        description=text.get("general.description", longest=_LONGEST_TEXT),
        languages=text.list("general.languages"),
        tags=text.list("general.tags"),
    )


def _tokenizer(values: dict[str, Value], reader: Reader, text: _Texts) -> Tokenizer | None:
    kind = text.get("tokenizer.ggml.model")
    tokens = values.get("tokenizer.ggml.tokens")
    if not kind:
        return None
    numbers = {
        key.removeprefix("tokenizer.ggml.").removesuffix("_token_id"): value
        for key, value in values.items()
        if key.startswith("tokenizer.ggml.") and key.endswith("_token_id") and type(value) is int
    }
    texts = reader.texts(tokens, numbers.values())
    special = {role: line(texts[number]) for role, number in numbers.items() if number in texts}
    vocabulary = tokens.length if isinstance(tokens, Place) else 0
    return Tokenizer(_TOKENIZERS.get(kind, kind), vocabulary, tuple(special.items()))


def _template(values: dict[str, Value], reader: Reader) -> ChatTemplate | None:
    value = values.get("tokenizer.chat_template")
    text = reader.text(value, LONGEST_TEMPLATE)
    length = value.length if isinstance(value, Place) else len(text)
    return read_template(text, length) if text else None


def _lora(values: dict[str, Value], tensors: list[Tensor], text: _Texts) -> Lora:
    ups = [tensor for tensor in tensors if tensor.name.endswith(".lora_b")]
    alpha = values.get("adapter.lora.alpha")
    if not ups or values.get("adapter.type") != "lora" or not isinstance(alpha, float):
        raise Unsupported("This adapter is of a kind that Sottovoce cannot use. Choose another.")
    if not math.isfinite(alpha) or 2 * len(ups) != len(tensors):
        raise damaged()
    rank = max(tensor.dimensions[0] for tensor in ups)
    return Lora(rank, alpha, len(ups), text.get("general.base_model.0.name"))
