"""Putting a model in memory, or finding out why it cannot be."""

import os
from collections.abc import Callable
from pathlib import Path

from sottovoce.domain.problems import Cancelled, Damaged, NoRoom, Problem, Unsupported
from sottovoce.engine import backends, context, llama, wire
from sottovoce.engine.prompt import PromptWriter
from sottovoce.engine.session import Hardware, Session

TELL_EVERY = 0.01
"""The part of the way after which progress is told again."""
NOT_KNOWN = ("unknown model architecture", "unknown pre-tokenizer", "unknown tokenizer")
NO_MEMORY = ("failed to allocate", "unable to allocate", "out of memory")
"""How llama.cpp words it."""


def load(
    question: wire.Load, *, flag: llama.Flag, said: llama.Log, loading: Callable[[float], None]
) -> tuple[Session, wire.Loaded]:
    """The model at work, and what there is to know about it.

    Raises Cancelled once the flag is set, and Damaged, Unsupported or NoRoom.
    """
    gpus = backends.gpus() if question.gpu_layers != 0 else []
    hardware = Hardware(
        threads=question.threads,
        on_gpu=bool(gpus),
        split_by_hand=question.gpu_layers is not None,
        flag=flag,
    )
    available = hardware.free(question.available)
    size = Path(os.fsdecode(question.path)).stat().st_size
    if size > available:
        raise _no_room(size, available)
    model = _model(question, hardware, said, loading)
    if not model.writes:
        raise Unsupported("This model does not write text. Choose a chat model.")
    shape = model.shape()
    start, limit = _window_sizes(shape, question.context, available)
    try:
        window = hardware.window(model, start)
    except MemoryError as error:
        raise _no_room(shape.weights + context.window_bytes(shape, start), available) from error
    session = Session(
        model, shape, window, limit, hardware=hardware, prompts=PromptWriter(model.vocabulary())
    )
    layers = shape.layers if question.gpu_layers is None else question.gpu_layers
    return session, wire.Loaded(
        context=window.size,
        context_limit=limit,
        gpu_layers=min(layers, shape.layers) if gpus else 0,
        threads=question.threads,
        memory=session.memory,
        backend=gpus[0].name if gpus else backends.processor(),
    )


def _model(
    question: wire.Load, hardware: Hardware, said: llama.Log, loading: Callable[[float], None]
) -> llama.Model:
    told = 0.0

    def progress(fraction: float) -> bool:
        nonlocal told
        if fraction - told >= TELL_EVERY:
            told = fraction
            loading(fraction)
        return not hardware.flag.is_set

    all_layers = -1
    layers = all_layers if question.gpu_layers is None else question.gpu_layers
    try:
        model = llama.Model(
            question.path,
            repack=question.repack,
            gpu_layers=layers if hardware.on_gpu else 0,
            progress=progress,
        )
    except llama.LoadFailed as error:
        if hardware.flag.is_set:
            raise Cancelled from error
        raise _why(" ".join(said.troubles)) from error
    if hardware.flag.is_set:
        raise Cancelled
    return model


def _why(troubles: str) -> Problem:
    """The Problem behind what llama.cpp said when it could not load a model."""
    if any(words in troubles for words in NOT_KNOWN):
        return Unsupported("Sottovoce does not know this kind of model yet. Choose another.")
    if any(words in troubles for words in NO_MEMORY):
        return NoRoom(
            "Memory is too small for this model. Close other programs or choose a smaller one."
        )
    return Damaged("The model file is damaged. Download it again or choose another.")


def _window_sizes(shape: context.Shape, wanted: int | None, available: int) -> tuple[int, int]:
    """The window to start with, and how far it may grow. Raises NoRoom."""
    if wanted is None:
        limit = context.limit(shape, available)
        if not limit:
            raise _no_room(shape.weights + context.least_room(shape), available)
        return min(context.START, limit), limit
    size = context.fixed(shape, wanted)
    need = shape.weights + context.window_bytes(shape, size)
    if need > available:
        raise _no_room(need, available)
    return size, size


def _no_room(need: int, available: int) -> NoRoom:
    return NoRoom(
        f"This model needs {need / 1e9:.1f} GB of memory and {available / 1e9:.1f} GB are free."
        " Close other programs or choose a smaller model."
    )
