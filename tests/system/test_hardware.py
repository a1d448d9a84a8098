import ctypes.util
import shutil
import struct
import subprocess
import sys
import timeit
from pathlib import Path

import psutil
import pytest

from sottovoce.domain.hardware import Gpu, GpuKind
from sottovoce.system.graphics import amd, gpus, metal, nvidia
from sottovoce.system.hardware import machine
from sottovoce.system.processor import fast_cores, on_linux, on_macos

GIB = 1 << 30


class Described:
    """The files by which a kernel of Linux describes a machine."""

    def __init__(self, root: Path) -> None:
        self.proc, self.sysfs = root / "proc", root / "sys"

    def say(self, path: str, text: str) -> None:
        file = self.proc.parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")

    def cpu(self, number: int, siblings: str, capacity: int | None = None) -> None:
        folder = f"sys/devices/system/cpu/cpu{number}"
        self.say(f"{folder}/topology/core_cpus_list", siblings)
        if capacity is not None:
            self.say(f"{folder}/cpu_capacity", str(capacity))

    @property
    def cores(self) -> int:
        return on_linux(self.proc, self.sysfs).cores


@pytest.fixture
def described(tmp_path: Path) -> Described:
    return Described(tmp_path)


@pytest.fixture
def laptop(described: Described) -> Described:
    """Six cores of an Intel Core i5-1235U: two fast ones with two threads each, and eight slow."""
    described.say(
        "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: 12th Gen Intel(R) Core(TM) i5-1235U\n"
        "flags\t\t: fpu pni fma avx f16c avx2 avx_vnni\n\nprocessor\t: 1\nmodel name\t: another",
    )
    described.say("proc/meminfo", "MemTotal:  16000000 kB\nMemAvailable:   9000000 kB")
    described.say("proc/self/status", "Name:\tcat\nCpus_allowed_list:\t0-11")
    described.say("sys/devices/system/cpu/online", "0-11")
    for number, siblings in enumerate(["0-1", "0-1", "2-3", "2-3", *map(str, range(4, 12))]):
        described.cpu(number, siblings)
    described.say("sys/devices/cpu_core/cpus", "0-3")
    described.say("sys/devices/cpu_atom/cpus", "4-11")
    return described


def test_the_machine_at_hand_is_told_quickly() -> None:
    # The best of some: another program may have had the processor in the others.
    assert min(timeit.repeat(machine, number=1, repeat=5)) < 0.5
    here = machine()
    assert here.processor
    assert 1 <= here.cores <= (psutil.cpu_count() or 1)
    assert 0 < here.available <= here.memory <= psutil.virtual_memory().total


def test_no_heavy_library_is_loaded_to_look_at_the_machine() -> None:
    code = (
        "import sys; from sottovoce.system.hardware import machine; machine();"
        "print(*{'numpy', 'llama_cpp', 'PySide6', 'msgspec'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""


def test_a_laptop_is_told_by_its_files(laptop: Described) -> None:
    told = machine(laptop.proc, laptop.sysfs)
    assert told.processor == "12th Gen Intel(R) Core(TM) i5-1235U"
    assert told.instruction_sets == ("AVX_VNNI", "AVX2", "FMA", "F16C", "AVX", "SSE3")
    assert (told.memory, told.available) == (16_384_000_000, 9_216_000_000)


def test_only_fast_cores_count_and_their_threads_do_not(laptop: Described) -> None:
    assert laptop.cores == 2


def test_where_only_slow_cores_are_allowed_they_count(laptop: Described) -> None:
    laptop.say("proc/self/status", "Cpus_allowed_list:\t4-6")
    assert laptop.cores == 3


def test_cores_that_this_process_may_not_use_do_not_count(laptop: Described) -> None:
    laptop.say("proc/self/status", "Cpus_allowed_list:\t0,1")
    assert laptop.cores == 1


def test_cores_that_are_switched_off_do_not_count(laptop: Described) -> None:
    laptop.say("sys/devices/system/cpu/online", "0-1")
    assert laptop.cores == 1


def test_a_container_counts_the_time_it_is_granted(laptop: Described) -> None:
    laptop.say("proc/self/cgroup", "0::/box")
    laptop.say("sys/fs/cgroup/cpu.max", "max 100000")
    laptop.say("sys/fs/cgroup/box/cpu.max", "120000 100000")
    assert laptop.cores == 1


def test_the_first_version_of_control_groups_grants_time_too(laptop: Described) -> None:
    laptop.say("proc/self/cgroup", "7:cpu:/box\n0::/")
    laptop.say("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "100000")
    laptop.say("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000")
    assert laptop.cores == 1
    laptop.say("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1")
    assert laptop.cores == 2


def test_a_container_has_the_memory_it_is_allowed(laptop: Described) -> None:
    laptop.say("proc/self/cgroup", "0::/box")
    laptop.say("sys/fs/cgroup/box/memory.max", str(4 * GIB))
    laptop.say("sys/fs/cgroup/box/memory.current", str(GIB))
    laptop.say("sys/fs/cgroup/box/memory.stat", "anon 1\ninactive_file 7")
    told = machine(laptop.proc, laptop.sysfs)
    assert (told.memory, told.available) == (4 * GIB, 3 * GIB + 7)


def test_a_board_with_arm_cores_of_two_kinds_counts_the_strong_ones(described: Described) -> None:
    described.say(
        "proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nModel\t: Rock 5"
    )
    described.say("proc/self/status", "Cpus_allowed_list:\t0-7")
    for number in range(8):
        described.cpu(number, str(number), capacity=1024 if number >= 4 else 414)
    told = on_linux(described.proc, described.sysfs)
    assert told.name == "Rock 5"
    assert told.instruction_sets == ("MATMUL_INT8", "DOTPROD", "NEON")
    assert told.cores == 4


def test_arm_cores_that_differ_little_all_count(described: Described) -> None:
    described.say("proc/self/status", "Cpus_allowed_list:\t0-3")
    for number in range(4):
        described.cpu(number, str(number), capacity=1024 if number else 860)
    assert described.cores == 4


def test_a_machine_that_tells_nothing_still_has_a_core(described: Described) -> None:
    told = machine(described.proc, described.sysfs)
    assert told.cores == 1
    assert told.instruction_sets == ()
    assert told.gpus == gpus(described.sysfs)


def test_files_that_tell_nonsense_are_survived(laptop: Described) -> None:
    for path in ("proc/cpuinfo", "proc/meminfo", "proc/self/status", "proc/self/cgroup"):
        laptop.say(path, "\0x: y: z 9-\n1::\n:::\nMemTotal: much kB\nno colon\xff")
    laptop.say("sys/devices/system/cpu/online", "a-b,,7-")
    laptop.say("sys/class/drm/card0/device/vendor", "what")
    assert machine(laptop.proc, laptop.sysfs).cores == 1


def record(kind: int, mask: int, group: int = 0, size: int = 48) -> bytes:
    """A core as GetLogicalProcessorInformationEx describes it."""
    head = struct.pack("<II BB 20x H QH", 0, size, 1, kind, 1, mask, group)
    return head.ljust(size, b"\0")


def test_windows_counts_its_fast_cores() -> None:
    mixed = record(1, 0b11) + record(1, 0b1100) + record(0, 0b10000) + record(0, 0b100000)
    assert fast_cores(mixed, allowed=0b111111) == 2
    assert fast_cores(mixed, allowed=0b110000) == 2
    assert fast_cores(mixed, allowed=0b000001) == 1


def test_cores_beyond_the_first_64_of_windows_count() -> None:
    assert fast_cores(record(0, 0b1) + record(0, 0b1, group=1), allowed=0b1) == 2


def test_records_of_windows_that_make_no_sense_are_one_core() -> None:
    assert fast_cores(b"", allowed=1) == 1
    assert fast_cores(record(0, 0b1, size=48)[:8] + bytes(40), allowed=1) == 1


def mac(**said: int | str) -> "dict[str, bytes]":
    names = {name.replace("__", "."): value for name, value in said.items()}
    return {
        name: value.encode() + b"\0" if isinstance(value, str) else value.to_bytes(8, sys.byteorder)
        for name, value in names.items()
    }


M2 = mac(
    machdep__cpu__brand_string="Apple M2 Pro",
    hw__perflevel0__physicalcpu=8,
    hw__physicalcpu=12,
    hw__memsize=32 * GIB,
    hw__optional__arm64=1,
    hw__optional__arm__FEAT_DotProd=1,
)


def test_a_mac_counts_its_fast_cores() -> None:
    told = on_macos(lambda name: M2.get(name, b""))
    assert (told.name, told.cores) == ("Apple M2 Pro", 8)
    assert told.instruction_sets == ("DOTPROD", "NEON")


def test_a_mac_lends_a_part_of_its_memory_to_its_gpu() -> None:
    (gpu,) = metal(lambda name: M2.get(name, b""), available=20 * GIB)
    assert gpu == Gpu(
        "Apple M2 Pro", GpuKind.METAL, 32 * GIB * 2 // 3, 20 * GIB, shares_memory=True
    )


def test_a_mac_lends_what_its_owner_allowed() -> None:
    allowed = {**M2, "iogpu.wired_limit_mb": (28 << 10).to_bytes(4, sys.byteorder)}
    (gpu,) = metal(lambda name: allowed.get(name, b""), available=30 * GIB)
    assert gpu.total == gpu.free == 28 * GIB


def test_a_mac_with_an_intel_processor_has_no_gpu_for_us() -> None:
    intel = mac(machdep__cpu__brand_string="Intel(R) Core(TM) i7", hw__memsize=16 * GIB)
    assert list(metal(lambda name: intel.get(name, b""), available=GIB)) == []


def test_without_the_driver_of_nvidia_there_is_no_gpu(tmp_path: Path) -> None:
    assert list(nvidia(str(tmp_path / "libnvidia-ml.so.1"))) == []


def test_a_library_that_is_not_the_drivers_is_no_gpu() -> None:
    assert list(nvidia(ctypes.util.find_library("m") or "libm.so.6")) == []


DRIVER = """
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory;
int nvmlInit_v2(void) { return %(init)d; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 3; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    *device = (void *)(size_t)(index + 1);
    return index == 1;  /* The second has fallen off the bus. */
}
int nvmlDeviceGetMemoryInfo(void *device, memory *found) {
    found->total = 24ULL << 30;
    found->free = (20ULL + (size_t)device) << 30;
    return 0;
}
int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    strncpy(name, "NVIDIA GeForce RTX 3090", length);
    return 0;
}
"""


def driver(folder: Path, init: int) -> str:
    """A library that answers as NVIDIA's does."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here to make a driver with")
    source, library = folder / "nvml.c", folder / "libnvml.so"
    source.write_text(DRIVER % {"init": init}, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)


def test_the_driver_of_nvidia_tells_its_gpus(tmp_path: Path) -> None:
    assert list(nvidia(driver(tmp_path, init=0))) == [
        Gpu("NVIDIA GeForce RTX 3090", GpuKind.CUDA, 24 * GIB, 21 * GIB),
        Gpu("NVIDIA GeForce RTX 3090", GpuKind.CUDA, 24 * GIB, 23 * GIB),
    ]


def test_a_driver_that_does_not_start_tells_no_gpu(tmp_path: Path) -> None:
    assert list(nvidia(driver(tmp_path, init=9))) == []


def test_linux_tells_a_card_by_amd(described: Described) -> None:
    card = "sys/class/drm/card1/device"
    described.say(f"{card}/vendor", "0x1002")
    described.say(f"{card}/mem_info_vram_total", str(16 * GIB))
    described.say(f"{card}/mem_info_vram_used", str(GIB))
    described.say("sys/class/drm/card0/device/vendor", "0x8086")
    assert list(amd(described.sysfs)) == [Gpu("AMD GPU", GpuKind.VULKAN, 16 * GIB, 15 * GIB)]


def test_a_gpu_inside_the_processor_is_no_help(described: Described) -> None:
    card = "sys/class/drm/card0/device"
    described.say(f"{card}/vendor", "0x1002")
    described.say(f"{card}/mem_info_vram_total", str(GIB // 2))
    described.say(f"{card}/mem_info_vram_used", "0")
    assert list(amd(described.sysfs)) == []
