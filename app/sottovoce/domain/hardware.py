"""What a machine has to compute with."""

from dataclasses import dataclass
from enum import StrEnum


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
