"""Looks into a GGUF file. Meant for the process that models.inspect starts and locks in."""

import math
from pathlib import Path

from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.models.gguf import (
    CUT,
    ModelFiles,
    find_files,
    line,
    model_in,
    name_of,
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
)
from sottovoce.models.inspection import ChatTemplate, Inspection, Kind, Lora, Source, Tokenizer
from sottovoce.models.template import LONGEST_TEMPLATE, examine_template

_LONGEST_TEXT = 2_000
"""Of what authors write about their model."""
_MOST_ITEMS = 32
"""Of lists like that of the languages."""
_TOKENIZERS = {"gpt2": "BPE", "llama": "SPM", "bert": "WPM", "t5": "UGM", "no_vocab": "none"}
"""What llama.cpp calls the kinds that files name after the first models to have them."""


def examine(path: Path) -> Inspection:
    """What the file, with the other parts of its model, says about itself.

    Raises Missing, Refused, Damaged or Unsupported.
    """
    files = find_files(path)
    with opened(path) as reader:
        header = reader.header()
        others = [read_header(other) for other in files.there[1:]]
        return _inspection(files, [header, *others], reader)


def _inspection(files: ModelFiles, headers: list[Header], reader: Reader) -> Inspection:
    values = headers[0].values
    tensors = [tensor for header in headers for tensor in header.tensors]
    kind = _kind(values, tensors, files)
    _check_order(files, headers)
    text = _Texts(values, reader)
    is_model = kind is Kind.MODEL
    is_cut = any(header.is_cut for header in headers)
    no_use = "" if kind is Kind.ADAPTER else why_no_model(values, len(tensors), files)
    model = model_in(files, values) if is_model else None
    first = files.there[0]
    return Inspection(
        path=first,
        kind=kind,
        name=model.name if model else text.get("general.name") or name_of(first),
        architecture=text.get("general.architecture"),
        size=sum(file.stat().st_size for file in files.there),
        parts=files.count,
        missing=files.missing,
        is_cut=is_cut,
        trouble=no_use or files.trouble or (CUT if is_cut else ""),
        tensors=len(tensors),
        parameters=sum(tensor.numbers for tensor in tensors),
        source=_source(text),
        tokenizer=_tokenizer(values, reader, text),
        template=_template(values, reader),
        model=model,
        shape=shape_of(values, tensors, reader) if is_model and not files.missing else None,
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


def _kind(values: dict[str, Value], tensors: list[Tensor], files: ModelFiles) -> Kind:
    for key in ("general.type", "general.architecture"):
        match values.get(key):
            case "adapter":
                return Kind.ADAPTER
            case "mmproj" | "clip":
                return Kind.PROJECTOR
            case "imatrix":
                return Kind.IMPORTANCE
    return Kind.MODEL if tensors or files.missing else Kind.VOCABULARY


def _check_order(files: ModelFiles, headers: list[Header]) -> None:
    """Raise Damaged if the names of the files tell other parts than the files themselves."""
    claimed = headers[0].values.get("split.count", 1)
    if files.count == 1 and claimed != 1 and claimed != 0:
        raise Damaged(
            "This is one of several parts of a model, but not called like one. "
            "Give the parts the names they came with."
        )
    there = [number for number in range(1, files.count + 1) if number not in files.missing]
    for number, header in zip(there, headers, strict=True):
        if files.count > 1 and header.values.get("split.no", number - 1) != number - 1:
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
    return examine_template(text, length) if text else None


def _lora(values: dict[str, Value], tensors: list[Tensor], text: _Texts) -> Lora:
    ups = [tensor for tensor in tensors if tensor.name.endswith(".lora_b")]
    alpha = values.get("adapter.lora.alpha")
    if not ups or values.get("adapter.type") != "lora" or not isinstance(alpha, float):
        raise Unsupported("This adapter is of a kind that Sottovoce cannot use. Choose another.")
    if not math.isfinite(alpha) or 2 * len(ups) != len(tensors):
        raise damaged()
    rank = max(tensor.dimensions[0] for tensor in ups)
    return Lora(rank, alpha, len(ups), text.get("general.base_model.0.name"))
