"""The processor: its name, what llama.cpp can use of it, and how many cores are worth using."""

import ctypes
import platform
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sottovoce.system import groups

if sys.platform == "win32":
    import winreg

Sysctl = Callable[[str], bytes]
"""Tells what the kernel of macOS keeps under a name; nothing where it keeps nothing."""

# Linux's word for a set of instructions, and llama.cpp's. The best first.
_LINUX = {
    "amx_int8": "AMX_INT8", "avx512_bf16": "AVX512_BF16", "avx512_vnni": "AVX512_VNNI",
    "avx512f": "AVX512", "avx_vnni": "AVX_VNNI", "avx2": "AVX2", "fma": "FMA", "f16c": "F16C",
    "avx": "AVX", "pni": "SSE3", "sme": "SME", "sve": "SVE", "i8mm": "MATMUL_INT8",
    "asimddp": "DOTPROD", "asimd": "NEON",
}  # fmt: skip
_MACOS = {
    "hw.optional.arm.FEAT_SME": "SME", "hw.optional.arm.FEAT_I8MM": "MATMUL_INT8",
    "hw.optional.arm.FEAT_DotProd": "DOTPROD", "hw.optional.arm64": "NEON",
    "hw.optional.avx512f": "AVX512", "hw.optional.avx2_0": "AVX2", "hw.optional.avx1_0": "AVX",
}  # fmt: skip
# Numbers of IsProcessorFeaturePresent, from winnt.h.
_WINDOWS = {41: "AVX512", 40: "AVX2", 39: "AVX", 43: "DOTPROD", 19: "NEON"}


@dataclass(frozen=True, slots=True)
class Processor:
    """What computes where there is no GPU."""

    name: str
    instruction_sets: tuple[str, ...]
    """By llama.cpp's names, the best first."""
    cores: int
    """Physical cores that this process may use, the slow ones of a mixed processor left out."""


def processor(proc: Path = Path("/proc"), sysfs: Path = Path("/sys")) -> Processor:
    """What this machine has. What it does not tell is left empty; there is always one core."""
    if sys.platform == "win32":
        return _on_windows()
    if sys.platform == "darwin":
        return on_macos(sysctl())
    return on_linux(proc, sysfs)


def on_linux(proc: Path, sysfs: Path) -> Processor:
    """What the kernel's files tell."""
    told = _fields(_read(proc / "cpuinfo", most=8192))  # The first core: the others say the same.
    flags = (told.get("flags") or told.get("Features") or "").split()
    return Processor(
        name=told.get("model name") or told.get("Model") or platform.machine(),
        instruction_sets=tuple(name for flag, name in _LINUX.items() if flag in flags),
        cores=_linux_cores(proc, sysfs),
    )


def on_macos(tell: Sysctl) -> Processor:
    """What the kernel tells."""
    fast = native(tell("hw.perflevel0.physicalcpu"))
    return Processor(
        name=text(tell("machdep.cpu.brand_string")) or platform.machine(),
        instruction_sets=tuple(name for key, name in _MACOS.items() if native(tell(key))),
        cores=max(fast or native(tell("hw.physicalcpu")), 1),
    )


def sysctl() -> Sysctl:
    """The way to ask this kernel, if it is that of macOS."""
    try:
        ask = ctypes.CDLL(None).sysctlbyname
    except (OSError, AttributeError):
        return lambda _: b""

    def tell(name: str) -> bytes:
        value = ctypes.create_string_buffer(256)
        size = ctypes.c_size_t(len(value))
        failed = ask(name.encode(), value, ctypes.byref(size), None, ctypes.c_size_t(0))
        return b"" if failed else value.raw[: size.value]

    return tell


def native(value: bytes) -> int:
    """The whole number that the kernel told; 0 if it told none."""
    return int.from_bytes(value, sys.byteorder)


def text(value: bytes) -> str:
    """The words that the kernel told."""
    return value.rstrip(b"\0").decode("utf-8", "replace").strip()


def fast_cores(records: bytes, allowed: int) -> int:
    """How many of Windows' RelationProcessorCore records are of its fastest kind of core.

    `allowed` has a bit for each logical processor of the first group that may be used.
    """
    kinds = []
    at = 0
    while at + 40 <= len(records):
        (size,) = struct.unpack_from("<I", records, at + 4)
        kind = records[at + 9]
        mask, group = struct.unpack_from("<QH", records, at + 32)
        if group != 0 or mask & allowed:
            kinds.append(kind)
        if size < 40:
            break
        at += size
    return kinds.count(max(kinds)) if kinds else 1


def _linux_cores(proc: Path, sysfs: Path) -> int:
    cpus = sysfs / "devices/system/cpu"
    allowed = _numbers(_fields(_read(proc / "self/status")).get("Cpus_allowed_list", ""))
    usable = (_numbers(_read(cpus / "online")) & allowed) or allowed or {0}
    fast = _fast(usable, cpus, sysfs)
    # Threads of one core list the same brothers.
    topology = "topology/core_cpus_list", "topology/thread_siblings_list"
    cores = {
        next((told for file in topology if (told := _read(cpus / f"cpu{cpu}" / file))), str(cpu))
        for cpu in fast
    }
    return max(min([len(cores), *_quotas(proc, sysfs)]), 1)


def _fast(usable: set[int], cpus: Path, sysfs: Path) -> set[int]:
    """Those of a mixed processor that the others would only hold up."""
    if performance := _numbers(_read(sysfs / "devices/cpu_core/cpus")) & usable:  # Intel.
        return performance
    strength = {cpu: _number(_read(cpus / f"cpu{cpu}/cpu_capacity")) for cpu in usable}
    most = max(strength.values())  # Only Arm tells; elsewhere all are 0.
    return {cpu for cpu, told in strength.items() if told * 2 > most or not most}


def _quotas(proc: Path, sysfs: Path) -> Iterable[int]:
    """How many cores' time each control group grants, where it limits it."""
    for folder in groups.folders("cpu", proc / "self/cgroup", sysfs / "fs/cgroup"):
        words = _read(folder / "cpu.max").split()
        if len(words) != 2:
            words = [_read(folder / f"cpu.cfs_{what}_us") for what in ("quota", "period")]
        quota, period = (_number(word) for word in words)
        if quota > 0 and period > 0:
            yield round(quota / period)


def _fields(text: str) -> Mapping[str, str]:
    """Lines such as "model name : …"; of those that come again, the first."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in reversed(list(pairs))}


def _numbers(text: str) -> set[int]:
    """The numbers in a list such as "0-3,8"."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal():
            found |= set(range(int(first), int(last if last.isdecimal() else first) + 1))
    return found


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else 0


def _read(file: Path, most: int = -1) -> str:
    """What a file of the kernel says; nothing if it is not there."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(most).strip()
    except OSError:
        return ""


if sys.platform == "win32":

    def _on_windows() -> Processor:
        kernel = ctypes.windll.kernel32
        key = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                name = str(winreg.QueryValueEx(opened, "ProcessorNameString")[0]).strip()
        except OSError:
            name = platform.processor()
        size = ctypes.c_ulong()
        kernel.GetLogicalProcessorInformationEx(0, None, ctypes.byref(size))
        records = ctypes.create_string_buffer(size.value)
        told = kernel.GetLogicalProcessorInformationEx(0, records, ctypes.byref(size))
        allowed, there = ctypes.c_size_t(), ctypes.c_size_t()
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        itself = ctypes.c_void_p(kernel.GetCurrentProcess())
        kernel.GetProcessAffinityMask(itself, ctypes.byref(allowed), ctypes.byref(there))
        return Processor(
            name=name,
            instruction_sets=tuple(
                name
                for number, name in _WINDOWS.items()
                if kernel.IsProcessorFeaturePresent(number)
            ),
            cores=fast_cores(records.raw if told else b"", allowed.value),
        )
