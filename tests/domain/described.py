"""Models and machines as others have them, described for tests."""

import json
from pathlib import Path

from sottovoce.domain.footprint import Shape
from sottovoce.domain.hardware import Gpu, GpuKind, Machine

GIB = 1 << 30

FIGURES = json.loads(Path(__file__).with_name("llama_figures.json").read_text(encoding="utf-8"))
"""What llama.cpp said; llama_figures.py tells how it was asked."""


def llama_31(size: str, quantisation: str) -> Shape:
    """Llama 3.1 with 8B, 70B or 405B parameters, as llama.cpp would quantise it."""
    its = FIGURES[size]["dimensions"]
    bytes_of = FIGURES[size]["quantisations"][quantisation]
    return Shape(
        architecture="llama",
        trained=its["trained"],
        layers=its["layers"],
        embedding=its["embedding"],
        heads=its["heads"],
        kv_heads=its["kv_heads"],
        key_length=its["head_size"],
        value_length=its["head_size"],
        feed_forward=its["feed_forward"],
        vocabulary=its["vocabulary"],
        weights=bytes_of["weights"],
        input_weights=bytes_of["input"],
        output_weights=bytes_of["output"],
        types=tuple(bytes_of["types"].items()),
    )


def computer(memory: float, available: float, *gpus: Gpu, cores: int = 8) -> Machine:
    """A machine with so many GiB, some of them free."""
    return Machine("Processor", (), cores, int(memory * GIB), int(available * GIB), gpus)


def card(name: str, memory: float, free: float) -> Gpu:
    """A GPU with so many GiB of its own."""
    return Gpu(name, GpuKind.CUDA, int(memory * GIB), int(free * GIB))


def apple(lent: float, free: float) -> Gpu:
    """A GPU that may use so many GiB of the machine's memory."""
    return Gpu("Apple M", GpuKind.METAL, int(lent * GIB), int(free * GIB), shares_memory=True)


MACHINES = {
    "8 GB laptop": computer(8, 5.2, cores=4),
    "16 GB laptop": computer(16, 12),
    "16 GB + 6 GB GPU": computer(16, 12, card("RTX 3060 Laptop", 6, 5.6)),
    "32 GB + 8 GB GPU": computer(32, 27, card("RTX 4060", 8, 7.4)),
    "32 GB + 12 GB GPU": computer(32, 27, card("RTX 3060", 12, 11.3)),
    "64 GB + 24 GB GPU": computer(64, 58, card("RTX 4090", 24, 23.1)),
    "Apple M 16 GB": computer(16, 11, apple(10.6, 10.6)),
    "Apple M 64 GB": computer(64, 54, apple(48, 48), cores=12),
    "128 GB + 2 × 24 GB GPU": computer(
        128, 120, card("RTX 3090", 24, 23.5), card("RTX 3090", 24, 23.1), cores=16
    ),
    "8 × H100 80 GB": computer(1024, 1000, *[card("H100", 80, 79) for _ in range(8)], cores=96),
}
"""What is free on them is what is usual while a browser and a mail program run."""
