"""Locks the engine's process in with the files of a model, before it reads any byte of them.

What llama.cpp has to read besides is the machine's: nothing of it is anybody's own.
"""

from collections.abc import Sequence
from pathlib import Path

from sottovoce.system.sandbox import Confinement, Limits, confine, gpu_devices, libraries

_LARGEST_LOG = 4_000_000
"""Bytes. Nothing else that is open can be written to."""
_MACHINE = (
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/stat",
    "/proc/self/statm",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
_FOR_GPUS = (
    "/etc/vulkan",
    "/proc/devices",
    "/proc/driver/nvidia",
    "/proc/self/maps",
    "/proc/self/status",
    "/sys/bus/pci",
    "/sys/class/drm",
    "/sys/class/kfd",
    "/sys/dev/char",
    "/sys/devices",
    "/usr/share/vulkan",
)
"""What drivers read, by their documentation; on a GPU none of this was tried."""


def lock_in(files: Sequence[Path]) -> Confinement:
    """Keep this process to these files and, where there is one, to the GPU. Raises OSError.

    How much memory it may take is left to the plan for the model: that is the machine's.
    """
    devices = gpu_devices()
    machine = [*_MACHINE, *(_FOR_GPUS if devices else ())]
    there = [path for path in map(Path, machine) if path.exists()]
    return confine([*files, *libraries(), *there], Limits(file=_LARGEST_LOG), devices=devices)
