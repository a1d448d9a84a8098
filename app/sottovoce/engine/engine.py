"""What an engine can be asked, whoever answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sottovoce.domain.conversation import Turn
from sottovoce.domain.footprint import KvType
from sottovoce.domain.hardware import Gpu
from sottovoce.domain.model import Adapter, LoadOptions, Model, Sampling
from sottovoce.domain.reply import Finished, Loading, Piece, Reading
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.domain.stop import Stop
from sottovoce.system.sandbox import Confinement


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory."""

    path: Path
    name: str
    context: int
    """Size of the context window in tokens, as it is now. It grows when a prompt needs more."""
    context_limit: int
    """How far the context window may grow, by the model's training and this machine's memory."""
    gpu_layers: int
    """Of the model's layers and one more, which scores the vocabulary."""
    threads: int
    memory: int
    """Bytes: weights, KV cache, compute buffers, and the engine's process itself."""
    backend: str
    """What computes, such as "CPU (AVX2)" or the name of the GPU."""
    seconds: float
    """How long loading took."""
    kv_type: KvType = KvType.F16
    flash_attention: bool = False
    batch: int = 0
    """Tokens read at once."""
    note: str = ""
    """A sentence about what had to be made smaller so that it fits; empty if nothing had to."""
    confinement: Confinement | None = None
    """What the system keeps the engine's process from; None if it has no process."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What llama.cpp computes with."""

    build: str
    """Its version and the back ends it was built with."""
    processor: str
    """Such as "CPU (AVX2)"."""
    gpus: tuple[Gpu, ...]
    packs: int = 0
    """How many libraries of packs were loaded."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question with all that goes before it."""

    turns: tuple[Turn, ...]
    """Oldest first. If the last is the assistant's, the reply goes on where that text ends."""
    sampling: Sampling = field(default_factory=Sampling)


class Engine(Protocol):
    """A model that answers. One caller at a time: others wait their turn."""

    @property
    def loaded(self) -> Loaded | None:
        """The model in memory; None before the first load, after unload and after a crash."""

    def load(
        self, model: Model, options: LoadOptions, stop: Stop, adapters: Sequence[Adapter] = ()
    ) -> Iterator[Loading]:
        """Put `model` in memory in place of the one before, if it is not there with these options.

        `adapters` are those that it may be told to answer with: it can open no other. Raises
        Cancelled when stopped, and Missing, Damaged, Unsupported, Refused, NoRoom or Interrupted.
        """

    def count(self, texts: Sequence[str], stop: Stop) -> list[int]:
        """Tokens in each text, by the loaded model's tokenizer, without any frame around them.

        Raises Interrupted if the engine died.
        """

    def reply(self, prompt: Prompt, stop: Stop) -> Iterator[Reading | Piece | Finished]:
        """Read the prompt and write the reply. Being stopped is an end like others: Finish.STOPPED.

        Raises NoRoom if the prompt does not fit the context window, Unsupported if the model's
        template cannot express it, and Interrupted if the engine died: what was written until then
        has been yielded, and the next load starts a fresh engine.
        """

    def adapt(self, adapters: Sequence[Adapter], stop: Stop) -> None:
        """Have the loaded model answer with these LoRA adapters from now on, and with no others.

        They were named when it was loaded.
        Adapters that were used before are switched and rescaled at once. What the KV cache holds is
        read anew where they changed. Raises Missing, Damaged, Unsupported or Interrupted; then the
        adapters are as before, unless the engine died.
        """

    def devices(self, stop: Stop) -> Devices:
        """What the build of llama.cpp that is here can compute with. Raises Interrupted."""

    def measure(self, stop: Stop) -> Iterator[Measuring | Rates]:
        """Measure how fast this machine computes: a few seconds, for each device. Ends with Rates.

        The model in memory is unloaded first. Raises Cancelled, NoRoom or Interrupted.
        """

    def unload(self) -> None:
        """Give the memory back."""

    def close(self) -> None:
        """End the engine; nothing may be asked afterwards."""
