"""Why a GPU is used, or is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from sottovoce.cli.doctor import Health, acceleration, sandbox
from sottovoce.domain.hardware import Gpu, GpuKind
from sottovoce.engine.engine import Devices, Loaded
from sottovoce.system.sandbox import TO_READ, Confinement

GB = 1_000_000_000
CARD = Gpu("NVIDIA RTX 4070", GpuKind.CUDA, total=12 * GB, free=11 * GB)
WITHOUT = Devices("llama.cpp 0.5.0 (CPU)", "CPU (AVX2)", ())
WITH = Devices("llama.cpp 0.5.0 (CPU, CUDA)", "CPU (AVX2)", (CARD,))
ON_PROCESSOR = Loaded(
    path=Path("model.gguf"),
    name="Model",
    context=4096,
    context_limit=8192,
    gpu_layers=0,
    threads=7,
    memory=GB,
    backend="CPU (AVX2)",
    seconds=1,
)
ON_GPU = replace(ON_PROCESSOR, gpu_layers=31, backend=CARD.name)


def test_what_computes_and_which_build_are_said() -> None:
    finding = acceleration(WITH, (CARD,), ON_GPU)
    assert finding.health is Health.GOOD
    for part in ("NVIDIA RTX 4070", "7 threads", "llama.cpp 0.5.0 (CPU, CUDA)", "31 layers"):
        assert part in finding.says


def test_layers_that_found_no_room_are_noted() -> None:
    note = "12 of 31 layers are on the GPU, because its memory was too small for more."
    finding = acceleration(WITH, (CARD,), replace(ON_GPU, gpu_layers=12, note=note))
    assert finding.health is Health.NOTE
    assert note in finding.says


@pytest.mark.parametrize(
    ("kind", "switch"),
    [
        (GpuKind.CUDA, "-DGGML_CUDA=on"),
        (GpuKind.METAL, "-DGGML_METAL=on"),
        (GpuKind.VULKAN, "-DGGML_VULKAN=on"),
    ],
)
def test_a_gpu_the_build_cannot_use_comes_with_the_way_to_build(kind: GpuKind, switch: str) -> None:
    finding = acceleration(WITHOUT, (replace(CARD, kind=kind),), ON_PROCESSOR)
    assert finding.health is Health.NOTE
    assert CARD.name in finding.says
    assert switch in finding.says


def test_a_full_gpu_is_said_to_be_full() -> None:
    full = replace(WITH, gpus=(replace(CARD, free=GB // 2),))
    finding = acceleration(full, (CARD,), ON_PROCESSOR)
    assert finding.health is Health.NOTE
    assert "0.5 GB" in finding.says


def test_a_build_for_gpus_that_finds_none_asks_for_the_driver() -> None:
    finding = acceleration(replace(WITH, gpus=()), (), ON_PROCESSOR)
    assert finding.health is Health.NOTE
    assert "driver" in finding.says


def test_a_computer_without_a_gpu_is_well() -> None:
    finding = acceleration(WITHOUT, (), ON_PROCESSOR)
    assert finding.health is Health.GOOD
    assert "CPU (AVX2)" in finding.says


def test_what_opens_files_is_kept_from_what_the_system_can() -> None:
    def says(confinement: Confinement) -> tuple[Health, str]:
        finding = sandbox("Sandbox", "The engine", confinement)
        return finding.health, finding.says

    full = Confinement(files=True, changes=True, network=True, programs=True, memory=False)
    assert says(full) == (
        Health.GOOD,
        "The engine is kept by the system from opening other files, changing files, using the"
        " network, starting programs.",
    )
    assert says(replace(full, files=False, network=False)) == (
        Health.NOTE,
        "The engine is kept by the system from changing files, starting programs. The engine is"
        " not kept from opening other files, using the network. Open only what you trust.",
    )
    none = Confinement(files=False, changes=False, network=False, programs=False, memory=True)
    health, sentence = says(none)
    assert health is Health.NOTE
    assert "kept by the system" not in sentence


def test_what_a_process_is_there_for_is_no_weakness() -> None:
    reads = Confinement(files=False, changes=True, network=True, programs=True, memory=False)
    library = sandbox("Library", "What keeps documents", reads, purpose=TO_READ)
    assert library.health is Health.GOOD
    assert "not kept" not in library.says
    connects = replace(reads, network=False)
    library = sandbox("Library", "What keeps documents", connects, purpose=TO_READ)
    assert library.health is Health.NOTE
    assert "is not kept from using the network. Open" in library.says
