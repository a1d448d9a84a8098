"""What a machine has to compute with."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class GpuKind(StrEnum):
    """Which interface a GPU is driven through."""

    CUDA = "CUDA"
    METAL = "Metal"
    VULKAN = "Vulkan"


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor that can compute."""

    name: str
    kind: GpuKind
    total: int
    """Bytes of memory."""
    free: int
    """Bytes that a new process may take."""
    shares_memory: bool = False
    """Whether its memory is the machine's own, as on Apple silicon."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What models run on."""

    processor: str
    instruction_sets: tuple[str, ...]
    """Those that llama.cpp makes use of, such as AVX2, the best first."""
    cores: int
    """Physical cores that this process may use and that are worth using."""
    memory: int
    """Bytes that programs can have at all, by the hardware or by a limit set on this process."""
    available: int
    """Bytes a new process may take now."""
    gpus: tuple[Gpu, ...] = ()


LLAMA_CPP = "0.3.36"
"""The version of llama-cpp-python, and so the build of llama.cpp, that packs are made for."""


@dataclass(frozen=True, slots=True)
class Library:
    """One that llama.cpp computes with, from a pack."""

    path: Path
    sha256: str
    """As it was signed."""
