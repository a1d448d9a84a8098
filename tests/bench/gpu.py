"""What a GPU holds, and how fast it is through the engine, against llama.cpp's own figures.

A device in software, such as Mesa's lavapipe, is measured like any other, and named.
"""

import ctypes
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from operator import truediv
from typing import Any

from bench.figure import Figure
from engine.asking import ask, load, user
from sottovoce.domain.footprint import KvType, Layout, weight_bytes, window_bytes
from sottovoce.domain.hardware import Gpu
from sottovoce.domain.model import LoadOptions, Model, Sampling
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.gguf import read_shape
from sottovoce.models.shelf import starter

WINDOWS = (("f16", 2048, 64), ("f16", 4096, 512), ("q8_0", 4096, 512), ("f16", 16_384, 512))
"""KV type, tokens, and tokens read at once."""
CONTEXT = 1024
WORD, WRITTEN, ROUNDS = " lamp", 16, 3
FEW, MANY, QUICK = 48, 900, 100
"""Tokens of a prompt for a GPU that reads fewer than so many in a second, and for others."""
MIB = 1 << 20


def figures() -> Iterator[Figure]:
    """Memory and speeds for the starter model on the first GPU, in full and in part."""
    model = starter()
    assert model is not None
    with closing(ProcessEngine()) as engine:
        gpus = engine.devices(Stop()).gpus
        if not gpus:
            sys.stdout.write("  llama.cpp finds no GPU here: nothing was measured.\n")
            return
        layers = read_shape(model.path).layers + 1
        for count in (layers, layers // 2, layers // 8):
            yield _memory(model, count, gpus[0])
        for count in (layers, layers // 2):
            yield from _speeds(engine, model, count, gpus[0])


def _memory(model: Model, layers: int, gpu: Gpu) -> Figure:
    """The plan against what llama.cpp says it allocates on the GPU: weights, cache, buffers."""
    shape = read_shape(model.path)
    errors = []
    for (kv, context, batch), said in zip(WINDOWS, _child("memory", model, layers), strict=True):
        layout = Layout((layers,), context, KvType(kv), flash_attention=True, batch=batch)
        parts = weight_bytes(shape, layout.split), window_bytes(shape, layout)
        planned = sum(part.gpus[0] for part in parts)
        error = abs(planned - said) / said
        errors.append((error, f"{context} {kv}: {planned / 1e6:.1f} for {said / 1e6:.1f} MB"))
    error, note = max(errors)
    name = f"memory of the GPU, {layers} layers: off by"
    return Figure(name, error, "ratio", 0.05, note=f"{note}, {gpu.name}")


def _speeds(engine: ProcessEngine, model: Model, layers: int, gpu: Gpu) -> Iterator[Figure]:
    """Round by round in turn: whatever else the machine does slows both of a pair."""
    load(engine, model, LoadOptions(context=CONTEXT, gpu_layers=layers, kv_type=KvType.F16))
    assert engine.loaded is not None
    sampling = Sampling(temperature=0, max_tokens=WRITTEN)
    first = ask(engine, user(WORD * FEW), sampling=sampling).finished
    count = MANY if first.timings.prompt_speed > QUICK else FEW
    ours, bare = [], []
    framed = first.usage.prompt + count - FEW
    for number, theirs in enumerate(_child("speed", model, layers, engine.loaded.threads, framed)):
        prompt = user(f"{number}{WORD * count}")  # Its beginning differs: all is read anew.
        timings = ask(engine, prompt, sampling=sampling).finished.timings
        if number:  # In the first round, the driver prepares its programs.
            ours.append((timings.prompt_speed, timings.speed))
            bare.append(theirs)
    for what, our_speeds, bare_speeds in zip(
        ("prompt", "decode"), zip(*ours, strict=True), zip(*bare, strict=True), strict=True
    ):
        yield Figure(
            f"{what} speed on the GPU, {layers} layers, to bare llama.cpp",
            statistics.median(map(truediv, our_speeds, bare_speeds)),
            "ratio",
            0.95,
            less_is_better=False,
            note=f"{statistics.median(our_speeds):.1f} to {statistics.median(bare_speeds):.1f}"
            f" tokens/s, {gpu.name}",
        )


def _child(what: str, model: Model, *numbers: int) -> Iterator[Any]:
    """What llama.cpp alone says in a process of its own: a line for each line it is given."""
    asked = [sys.executable, __file__, what, str(model.path), *map(str, numbers)]
    rounds = len(WINDOWS) if what == "memory" else ROUNDS + 1
    with subprocess.Popen(
        asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(rounds):
            process.stdin.write("again\n")
            process.stdin.flush()
            yield json.loads(process.stdout.readline())
        process.stdin.close()


class _Bare:
    """llama.cpp on the first GPU, without the engine."""

    def __init__(self, path: str, layers: int) -> None:
        # Late: the process that measures from outside must not hold llama.cpp.
        from llama_cpp import llama_cpp as c

        from sottovoce.engine import backends

        self._c = c
        backends.load()
        self._said = ""
        self._listener = c.llama_log_callback(self._hear)
        c.llama_log_set(self._listener, None)
        parameters = c.llama_model_default_params()
        devices = (ctypes.c_void_p * 2)(backends.gpu_devices()[0].handle)
        parameters.devices = ctypes.cast(devices, ctypes.c_void_p)
        parameters.n_gpu_layers = layers
        parameters.use_extra_bufts = False
        self._model = c.llama_model_load_from_file(os.fsencode(path), parameters)
        assert self._model, self._said
        self._weights = self._allocated()

    def _hear(self, _: int, text: bytes, __: object) -> None:
        self._said += text.decode("utf-8", "replace")

    def _allocated(self) -> float:
        """Bytes on the GPU, as it said since it was last asked."""
        said, self._said = self._said, ""
        lines = re.findall(r"(?:CUDA|Vulkan|MTL)\d* +\w+ buffer size = +([\d.]+) MiB", said)
        return sum(map(float, lines)) * MIB

    def window(self, kv: str, context: int, batch: int, threads: int = 1) -> int:
        """A context as the plan would have it."""
        from sottovoce.engine.llama import KV_TYPES

        c = self._c
        settings = c.llama_context_default_params()
        settings.n_ctx, settings.n_ubatch, settings.n_outputs_max = context, batch, 1
        settings.type_k = settings.type_v = KV_TYPES[KvType(kv)]
        settings.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_ENABLED
        settings.n_threads = settings.n_threads_batch = threads
        return int(c.llama_init_from_model(self._model, settings))

    def memory(self, kv: str, context: int, batch: int) -> float:
        """Bytes of weights and such a window on the GPU."""
        self._c.llama_free(self.window(kv, context, batch))
        return self._weights + self._allocated()

    def speeds(self, window: int, count: int) -> tuple[float, float]:
        """Tokens per second, reading so many and writing some after them."""
        c = self._c
        c.llama_memory_clear(c.llama_get_memory(window), True)
        tokens = (c.llama_token * count)(*range(1000, 1000 + count))
        begun = time.perf_counter()
        c.llama_decode(window, c.llama_batch_get_one(tokens, count))
        c.llama_synchronize(window)
        read = time.perf_counter()
        sampler = c.llama_sampler_init_greedy()
        one = (c.llama_token * 1)(c.llama_sampler_sample(sampler, window, -1))
        batch_of_one = c.llama_batch_get_one(one, 1)
        first = time.perf_counter()
        for _ in range(WRITTEN - 1):
            c.llama_decode(window, batch_of_one)
            one[0] = c.llama_sampler_sample(sampler, window, -1)
        last = time.perf_counter()
        c.llama_sampler_free(sampler)
        return count / (read - begun), (WRITTEN - 1) / (last - first)


def _answer_lines(what: str, path: str, layers: int, threads: int = 1, count: int = 0) -> None:
    """Measure once for each line on stdin."""
    bare = _Bare(path, layers)
    if what == "memory":
        for (kv, context, batch), _ in zip(WINDOWS, sys.stdin, strict=False):
            sys.stdout.write(f"{bare.memory(kv, context, batch)}\n")
            sys.stdout.flush()
        return
    window = bare.window("f16", CONTEXT, 512, threads)
    for _ in sys.stdin:
        sys.stdout.write(f"{json.dumps(bare.speeds(window, count))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _answer_lines(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
