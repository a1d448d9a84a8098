"""Language models, and how one is loaded and asked."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sottovoce.domain.footprint import KvType


class Role(StrEnum):
    """What a model is for."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    """Turns text into vectors."""
    RERANKER = "reranker"
    """Scores how well a text answers a question."""
    GUARD = "guard"
    """Judges whether a text is safe."""


@dataclass(frozen=True, slots=True)
class Model:
    """A language-model file, by what its header says."""

    name: str
    path: Path
    size: int
    """Bytes on disk."""
    architecture: str
    quantisation: str
    """The label of its main tensor type, such as Q4_K_M; empty if the file doesn't say."""
    context_length: int
    """Tokens it was trained to see at once."""
    role: Role = Role.CHAT
    is_starter: bool = False
    """Whether it is the small model that comes with Sottovoce."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter, which changes how a model answers without changing its file."""

    path: Path
    scale: float = 1.0
    """How strongly; 0 leaves the model as it is."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is put in memory. None means: chosen from model and machine."""

    context: int | None = None
    """Size of the context window in tokens."""
    gpu_layers: int | None = None
    """Layers kept on the GPU."""
    threads: int | None = None
    kv_type: KvType | None = None
    flash_attention: bool | None = None
    batch: int | None = None
    """Tokens read at once."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn."""

    temperature: float = 0.7
    """0 always takes the likeliest token."""
    top_p: float = 0.95
    top_k: int = 40
    """0 switches it off."""
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    """1 switches it off."""
    seed: int | None = None
    """None draws one at random."""
    stop: tuple[str, ...] = ()
    """The reply ends before the first of these strings."""
    max_tokens: int | None = None
    """None writes until the model ends or the context window is full."""
