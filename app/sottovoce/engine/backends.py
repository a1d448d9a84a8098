"""What llama.cpp computes with: its back ends and the devices they find on this machine."""

import ctypes
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.hardware import Gpu, GpuKind, Library, Machine
from sottovoce.engine import ggml, llama

CPU, GPU, SHARING_GPU = 0, 1, 2
"""Device types in ggml-backend.h. The last is a GPU that has the machine's memory for its own."""
KINDS = {"CUDA": GpuKind.CUDA, "MTL": GpuKind.METAL, "Vulkan": GpuKind.VULKAN}
"""By the names that back ends give themselves."""
_FILES = {"CUDA": "ggml-cuda", "MTL": "ggml-metal", "Vulkan": "ggml-vulkan"}
"""Their libraries, where they are not built into one."""
_FOLDERS = (llama.FOLDER.parent / "bin", llama.FOLDER / "lib")
_OPEN = Path("/proc/self/fd")
"""Where Linux names open files: what was read is what is loaded, whatever was renamed since."""
_BACK_END = re.compile(r"(lib)?ggml-")
"""What the libraries are called that llama.cpp loads by itself."""
INSTRUCTION_SETS = ("AMX_INT8", "AVX512", "AVX2", "AVX", "SVE", "DOTPROD", "NEON", "SSE3")
"""As llama.cpp names them, the best first."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Device:
    """Something that computes."""

    handle: int
    registry: int
    """The back end that drives it."""
    type: int
    back_end: str
    """The name of that."""

    @property
    def is_processor(self) -> bool:
        return self.type == CPU

    @property
    def is_gpu(self) -> bool:
        return self.type in {GPU, SHARING_GPU}


def load(libraries: Sequence[Library] = ()) -> int:
    """Let llama.cpp choose what fits this processor and its GPUs, unless all is built into one.

    `libraries` of packs are loaded besides, in their order, as far as each is what it was when it
    was signed. Returns how many were.
    """
    for folder in _FOLDERS:
        if any(folder.glob("*ggml-cpu-*")):
            ggml.functions().ggml_backend_load_all_from_path(bytes(folder))
    loaded = sum(map(_load_library, libraries))
    llama.begin()
    return loaded


def _load_library(library: Library) -> bool:
    """Whether it was loaded: it is as it was signed, and finds on this computer what it needs."""
    name = library.path.name
    if any((folder / name).exists() for folder in _FOLDERS):
        log.warning("A library of a pack has the name of one of Sottovoce's own.")
        return False
    try:
        # Windows lets nobody replace it while it is open; Linux loads what is open, and that stays
        # so: the loader takes two libraries of one name for the same.
        with library.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != library.sha256:
                log.warning("A library of a pack was changed, and is not loaded.")
                return False
            path = _OPEN / f"{os.dup(file.fileno())}" if _OPEN.is_dir() else library.path
            if _BACK_END.match(name):
                return bool(ggml.functions().ggml_backend_load(bytes(path)))
            # What back ends need is found by its name, once it is there.
            ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
    except OSError:
        log.warning("A library of a pack cannot be loaded here.")
        return False
    return True


def build() -> str:
    """The version of llama.cpp and its back ends, such as "llama.cpp 0.5.0 (CPU, CUDA)".

    Those that are there and cannot be loaded, because their driver is missing, count, too.
    """
    c = ggml.functions()
    registries = (c.ggml_backend_reg_get(index) for index in range(c.ggml_backend_reg_count()))
    names = {c.ggml_backend_reg_name(registry).decode() for registry in registries}
    files = [file.name for folder in _FOLDERS for file in folder.glob("*ggml-*")]
    names |= {name for name, part in _FILES.items() if any(part in file for file in files)}
    shown = sorted(KINDS[name].value if name in KINDS else name for name in names)
    return f"llama.cpp {llama.version()} ({', '.join(shown)})"


def processor() -> str:
    """What computes when no GPU does, such as "CPU (AVX2)"."""
    features = set(re.findall(r"(\w+) = 1", llama.system_info()))
    best = next((name for name in INSTRUCTION_SETS if name in features), "")
    return f"CPU ({best})" if best else "CPU"


def gpus() -> list[Gpu]:
    """The GPUs that models are put on here, with the memory that is free now."""
    return [gpu(device) for device in gpu_devices()]


def gpu_devices() -> list[Device]:
    """The same as devices: of one back end, because two would show the same card twice.

    GPUs that live on the machine's memory are used where there are no others.
    """
    found = [device for kind in (GPU, SHARING_GPU) for device in devices() if device.type == kind]
    return [
        device
        for device in found
        if (device.type, device.back_end) == (found[0].type, found[0].back_end)
    ]


def gpu(device: Device) -> Gpu:
    """What there is to know of a GPU, with the memory that is free now."""
    c = ggml.functions()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    c.ggml_backend_dev_memory(device.handle, ctypes.byref(free), ctypes.byref(total))
    # AMD's and other makers' own interfaces divide work as CUDA does.
    kind = KINDS.get(device.back_end, GpuKind.CUDA)
    return Gpu(
        name=name(device),
        kind=kind,
        total=total.value,
        free=free.value,
        shares_memory=device.type == SHARING_GPU or kind is GpuKind.METAL,
    )


def machine(available: int) -> Machine:
    """What a model can be laid out on, if `available` bytes of the machine's memory are free."""
    return Machine(
        processor=processor(),
        instruction_sets=(),
        cores=1,  # How many threads compute is decided by who asks.
        memory=available,
        available=available,
        gpus=tuple(gpus()),
    )


def name(device: Device) -> str:
    """What its maker calls it."""
    text: bytes = ggml.functions().ggml_backend_dev_description(device.handle)
    return text.decode("utf-8", "replace").strip()


def devices() -> Iterator[Device]:
    """All that back ends found, processors too."""
    c = ggml.functions()
    for index in range(c.ggml_backend_dev_count()):
        handle = c.ggml_backend_dev_get(index)
        registry = c.ggml_backend_dev_backend_reg(handle)
        name = c.ggml_backend_reg_name(registry).decode()
        yield Device(handle, registry, c.ggml_backend_dev_type(handle), name)
