"""What a GGUF file says about itself, all of it, and what is wrong with it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sottovoce.domain.footprint import Shape
from sottovoce.domain.model import Model


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
class Finding:
    """Something that a chat template does beyond formatting."""

    sentence: str
    """What it does, for the user."""
    excerpt: str
    """The place in the template, cleaned and shortened; empty if it is all of it."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a model file wants the turns of a conversation written down."""

    text: str
    """Its beginning, where it is longer than any template has to be."""
    findings: tuple[Finding, ...]
    """What it does beyond formatting; nothing is what it should be."""


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
