"""What llama.cpp computes with: its back ends and the devices they find on this machine."""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sottovoce.domain.hardware import Gpu, GpuKind
from sottovoce.engine import llama

CPU, GPU, SHARING_GPU = 0, 1, 2
"""Device types in ggml-backend.h. The last is a GPU that has the machine's memory for its own."""
KINDS = {"CUDA": GpuKind.CUDA, "MTL": GpuKind.METAL, "Vulkan": GpuKind.VULKAN}
"""By the names that back ends give themselves."""
INSTRUCTION_SETS = ("AMX_INT8", "AVX512", "AVX2", "AVX", "SVE", "DOTPROD", "NEON", "SSE3")
"""As llama.cpp names them, the best first."""


@dataclass(frozen=True, slots=True)
class Device:
    """Something that computes."""

    handle: ctypes.c_void_p
    type: int
    back_end: str


def build() -> str:
    """The version of llama.cpp and its back ends, such as "llama.cpp 0.5.0 (CPU, CUDA)"."""
    back_ends = sorted({device.back_end for device in devices()})
    return f"llama.cpp {llama.version()} ({', '.join(back_ends)})"


def processor() -> str:
    """What computes when no GPU does, such as "CPU (AVX2)"."""
    features = set(re.findall(r"(\w+) = 1", llama.system_info()))
    best = next((name for name in INSTRUCTION_SETS if name in features), "")
    return f"CPU ({best})" if best else "CPU"


def gpus() -> list[Gpu]:
    """The GPUs that llama.cpp can use here, with the memory that is free now."""
    return [_gpu(device) for device in devices() if device.type in {GPU, SHARING_GPU}]


def devices() -> Iterator[Device]:
    """All that back ends found, processors too."""
    ggml = llama.ggml()
    for index in range(ggml.ggml_backend_dev_count()):
        handle = ctypes.c_void_p(ggml.ggml_backend_dev_get(index))
        registry = ctypes.c_void_p(ggml.ggml_backend_dev_backend_reg(handle))
        name = ggml.ggml_backend_reg_name(registry).decode()
        yield Device(handle, ggml.ggml_backend_dev_type(handle), name)


def _gpu(device: Device) -> Gpu:
    ggml = llama.ggml()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    ggml.ggml_backend_dev_memory(device.handle, ctypes.byref(free), ctypes.byref(total))
    # AMD's and other interfaces are told from CUDA nowhere: they divide work as CUDA does.
    kind = KINDS.get(device.back_end, GpuKind.CUDA)
    return Gpu(
        name=ggml.ggml_backend_dev_description(device.handle).decode("utf-8", "replace"),
        kind=kind,
        total=total.value,
        free=free.value,
        shares_memory=device.type == SHARING_GPU or kind is GpuKind.METAL,
    )
