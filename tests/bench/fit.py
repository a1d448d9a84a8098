"""What is foretold of memory and speed, against what is measured."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from bench.figure import Figure
from engine.asking import ask, load, model_at, user
from sottovoce.domain.footprint import KvType, Layout, scratch_bytes, window_bytes
from sottovoce.domain.model import LoadOptions, Model, Sampling
from sottovoce.domain.plan import plan
from sottovoce.domain.speed import Rates
from sottovoce.domain.stop import Stop
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.fit import Estimate, generation_speed, prompt_speed
from sottovoce.models.gguf import read_shape
from sottovoce.models.shelf import starter
from sottovoce.system.hardware import machine
from sottovoce.system.memory import resident
from tiny_llama import tiny_llama

CONTEXTS = (512, 1024, 2048, 3072, 4096)
WORD = " lamp"
"""One token in both vocabularies."""
READ, WRITTEN = 1000, 64
"""Tokens of a prompt and a reply whose speed is measured."""
ROUNDS = 3
"""How often. The fastest counts, as it does where the machine is measured."""


def figures() -> Iterator[Figure]:
    """How far what is foretold lies from what is measured, at the worst."""
    small = starter()
    assert small is not None
    models = {"starter": small, "tiny model": model_at(tiny_llama(head_size=32))}
    with closing(ProcessEngine()) as engine:
        for name, model in models.items():
            yield _buffers(name, model)
            yield _residence(name, model, engine)
        rates = _measured(engine)
        for name, model in models.items():
            generation, prompt = _speeds(name, model, engine, rates)
            yield generation
            if model is small:  # What the tiny one reads costs nothing but the way there.
                yield prompt


def _buffers(name: str, model: Model) -> Figure:
    """Windows against what llama.cpp says it would allocate for them."""
    script = Path(__file__).parents[1] / "domain" / "llama_figures.py"
    asked = [sys.executable, "-P", str(script), str(model.path), *map(str, CONTEXTS)]
    shape = read_shape(model.path)
    errors = []
    for said in json.loads(subprocess.run(asked, check=True, capture_output=True).stdout):
        kv_type, flash = KvType(said["kv_type"]), said["flash_attention"]
        layout = Layout((), said["context"], kv_type, flash, said["batch"])
        exact = (said["kv"] + said["compute"] + said["output"]) * (1 << 20)
        takes = window_bytes(shape, layout).total - scratch_bytes(shape, layout)
        errors.append(
            (
                abs(takes - exact) / (exact + shape.weights),
                f"{said['context']} {kv_type}: {takes / 1e6:.1f} for {exact / 1e6:.1f} MB",
            )
        )
    return _worst(f"memory in llama.cpp's buffers, {name}", errors, bar=0.1)


def _residence(name: str, model: Model, engine: ProcessEngine) -> Figure:
    """Whole models at work against the resident memory of the engine's process."""
    shape = read_shape(model.path)
    errors = []
    for kv_type in (KvType.F16, KvType.Q8_0):
        for context in CONTEXTS:
            options = LoadOptions(context=context, kv_type=kv_type)
            load(engine, model, options)
            assert engine.loaded is not None
            _fill(engine, context)
            (child,) = psutil.Process().children()
            held = resident(child.pid)
            need = plan(shape, machine(), options).need.total
            errors.append(
                (
                    abs(need - held) / held,
                    f"{context} {engine.loaded.kv_type}: {need / 1e6:.0f} for {held / 1e6:.0f} MB",
                )
            )
            engine.unload()
    return _worst(f"resident memory of the engine, {name}", errors, bar=0.1)


def _fill(engine: ProcessEngine, context: int) -> None:
    """Read a prompt that leaves little room in the window: only what was used is resident."""
    ask(engine, user(WORD * (context - 100)), sampling=Sampling(temperature=0, max_tokens=4))


def _measured(engine: ProcessEngine) -> Rates:
    *_, rates = engine.measure(Stop())
    assert isinstance(rates, Rates)
    return rates


def _speeds(name: str, model: Model, engine: ProcessEngine, rates: Rates) -> tuple[Figure, Figure]:
    """Writing and reading, at their fastest."""
    shape, options = read_shape(model.path), LoadOptions(context=2048)
    load(engine, model, options)
    wrote, read = 0.0, 0.0
    for number in range(ROUNDS):
        prompt = f"{number}{WORD * READ}"  # Its beginning differs, so that all is read anew.
        sampling = Sampling(seed=1, max_tokens=WRITTEN)
        timings = ask(engine, user(prompt), sampling=sampling).finished.timings
        wrote, read = max(wrote, timings.speed), max(read, timings.prompt_speed)
    engine.unload()
    here = machine()
    planned = plan(shape, here, options)
    writes = generation_speed(shape, here, planned, rates, READ + WRITTEN // 2)
    reads = prompt_speed(shape, here, planned, rates, READ)
    return (
        _speed(f"generation speed, {name}", wrote, writes, bar=0.25),
        _speed(f"prompt speed, {name}", read, reads, bar=0.5),
    )


def _speed(name: str, measured: float, foretold: Estimate | None, bar: float) -> Figure:
    assert foretold is not None
    error = abs(foretold.likely - measured) / measured
    note = f"foretold {foretold.likely:,.0f} ({foretold.low:,.0f} to {foretold.high:,.0f}), "
    return Figure(f"{name}: off by", error, "ratio", bar, note=f"{note}measured {measured:,.0f}/s")


def _worst(name: str, errors: list[tuple[float, str]], bar: float) -> Figure:
    error, note = max(errors)
    return Figure(f"{name}: off by", error, "ratio", bar, note=note)
