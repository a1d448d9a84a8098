"""The graphics processors that could compute, found without loading what computes with them."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sottovoce.domain.hardware import Gpu, GpuKind
from sottovoce.system.processor import Sysctl, native, text

_NVML = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
_AMD = "0x1002"
_TOO_SMALL = 2 << 30
"""Bytes. A GPU with less memory of its own lives on the machine's, and is no faster for it."""


def gpus(sysfs: Path = Path("/sys"), nvml: str = _NVML) -> tuple[Gpu, ...]:
    """What this machine has, apart from Apple's: those of NVIDIA by their driver, then AMD's."""
    return (*nvidia(nvml), *amd(sysfs))


class _Memory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


def nvidia(library: str) -> Iterator[Gpu]:
    """What the driver's own library tells: nothing where there is no driver."""
    try:
        nvml = ctypes.CDLL(library)
        if nvml.nvmlInit_v2():
            return
    except (OSError, AttributeError):
        return
    try:
        count = ctypes.c_uint()
        nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
        for index in range(count.value):
            device, memory = ctypes.c_void_p(), _Memory()
            name = ctypes.create_string_buffer(96)
            if (
                nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device))
                or nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory))
                or nvml.nvmlDeviceGetName(device, name, ctypes.c_uint(len(name)))
            ):
                continue
            yield Gpu(text(name.value), GpuKind.CUDA, memory.total, memory.free)
    except AttributeError:
        return
    finally:
        nvml.nvmlShutdown()


def amd(sysfs: Path) -> Iterator[Gpu]:
    """What the kernel of Linux tells of cards by AMD that have memory of their own."""
    for card in sorted((sysfs / "class/drm").glob("card?*/device")):
        with suppress(OSError, ValueError):
            if (card / "vendor").read_text("ascii").strip() != _AMD:
                continue
            total = int((card / "mem_info_vram_total").read_text("ascii"))
            used = int((card / "mem_info_vram_used").read_text("ascii"))
            if total >= _TOO_SMALL:
                yield Gpu(_product(card), GpuKind.VULKAN, total, max(total - used, 0))


def metal(tell: Sysctl, available: int) -> Iterator[Gpu]:
    """The GPU of a Mac with Apple silicon, where a new process may take `available` bytes.

    macOS lends it three quarters of the memory, and two thirds where that is 36 GB or less, unless
    somebody set another limit. Source: recommendedMaxWorkingSetSize as Metal reports it.
    """
    if not native(tell("hw.optional.arm64")):
        return
    memory = native(tell("hw.memsize"))
    lent = memory * 2 // 3 if memory <= 36 << 30 else memory * 3 // 4
    total = native(tell("iogpu.wired_limit_mb")) << 20 or lent
    name = text(tell("machdep.cpu.brand_string"))
    yield Gpu(name, GpuKind.METAL, total, min(total, available), shares_memory=True)


def _product(card: Path) -> str:
    """Only some cards know their name."""
    with suppress(OSError):
        if name := (card / "product_name").read_text("utf-8", "replace").strip():
            return name
    return "AMD GPU"
