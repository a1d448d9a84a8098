"""What this machine has to compute with, found out in milliseconds and without heavy libraries."""

import sys
from pathlib import Path

import psutil

from sottovoce.domain.hardware import Machine
from sottovoce.system import memory
from sottovoce.system.graphics import gpus, metal
from sottovoce.system.processor import processor, sysctl


def machine(proc: Path = Path("/proc"), sysfs: Path = Path("/sys")) -> Machine:
    """What this machine has, as far as it can be told; the rest is left out. Never raises.

    Whether llama.cpp can use the GPUs that are there is for the engine to say. `proc` and `sysfs`
    are where the kernel of Linux keeps its files.
    """
    found = processor(proc, sysfs)
    total, available = _memory(proc, sysfs)
    apple = tuple(metal(sysctl(), available)) if sys.platform == "darwin" else ()
    return Machine(
        processor=found.name,
        instruction_sets=found.instruction_sets,
        cores=found.cores,
        memory=total,
        available=available,
        gpus=(*apple, *gpus(sysfs)),
    )


def _memory(proc: Path, sysfs: Path) -> tuple[int, int]:
    """Bytes that programs can have at all, and now."""
    if not sys.platform.startswith("linux"):
        here = psutil.virtual_memory()
        return here.total, here.available
    told = _meminfo(proc / "meminfo")
    membership, groups = proc / "self/cgroup", sysfs / "fs/cgroup"
    return (
        min([told.get("MemTotal", 0), *memory.group_limits(membership, groups)]),
        min([told.get("MemAvailable", 0), *memory.group_room(membership, groups)]),
    )


def _meminfo(file: Path) -> dict[str, int]:
    """Bytes by the names that the kernel of Linux gives them."""
    try:
        lines = file.read_text("ascii", "replace").splitlines()
    except OSError:
        return {}
    pairs = (line.replace(":", " ").split() for line in lines)
    return {words[0]: int(words[1]) << 10 for words in pairs if words[1:2] and words[1].isdecimal()}
