"""How a model is best put on a machine: what lies where, and how large its window may be."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from sottovoce.domain.footprint import KvType, Layout, Parts, Shape, weight_bytes, window_bytes
from sottovoce.domain.hardware import Gpu, Machine
from sottovoce.domain.model import LoadOptions

STEP = 256
"""The window grows in steps of this many tokens: llama.cpp rounds to them."""
START = 4096
"""The first window, unless the model or the memory allows less."""
COMFORTABLE = 8192
"""The window for which layers that fit a GPU are rather left to the processor, in tokens."""
ROOMY = 32_768
"""The window that one GPU must hold beside a model, or else a second one is used, in tokens."""
BATCH = 128
"""Tokens read at once. More is no faster on a CPU, takes more memory and tells less progress."""
GPU_BATCH = 512
"""Tokens a GPU may read at once: more is faster, though nothing can stop it in between."""
SHARE = 0.5
"""How much of the memory left by the weights the window may grow to take.

Other programs want to live; and while it grows, the old window is there beside the new one.
"""
GPU_RESERVE = 1 << 30
"""Bytes of each GPU left to driver, libraries and screen, as llama.cpp's own fitting leaves."""
PROCESS = 29_000_000
"""Bytes of the engine's process before it holds a model."""
WORD = 610
"""Bytes that the tokenizer takes for each word of the vocabulary. Both were measured."""


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes a model takes, and where."""

    weights: Parts
    window: Parts
    """KV cache and compute buffers."""
    process: int
    """The engine's process itself, with its tokenizer: in the machine's memory."""

    @property
    def machine(self) -> int:
        """Bytes of the machine's memory, without what a GPU shares of it."""
        return self.process + self.weights.machine + self.window.machine

    @property
    def gpus(self) -> tuple[int, ...]:
        """Bytes of each GPU."""
        pairs = zip(self.weights.gpus, self.window.gpus, strict=True)
        return tuple(weights + window for weights, window in pairs)

    @property
    def total(self) -> int:
        return self.machine + sum(self.gpus)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is to be loaded."""

    layout: Layout
    """Its context is the window to begin with."""
    context_limit: int
    """How far the window may grow, in tokens. One whose size was wished for stays as it is."""
    threads: int
    need: Need
    """With the window to begin with."""
    fits: bool
    """False where memory is too small even for this: then it is the least way to load the model."""


def plan(shape: Shape, machine: Machine, wishes: LoadOptions) -> Plan:
    """The fastest way to load a model with room for a useful window, heeding the wishes.

    That is as many layers on the GPUs as leave room for a comfortable window; or for any window,
    where there is room for no comfortable one; or the wished number of layers. They go to as few
    GPUs as will do: each more costs time and memory.
    """
    machine = _with_fewest_gpus(shape, machine, wishes)
    if wishes.gpu_layers is not None:
        return _planned(shape, machine, wishes, wishes.gpu_layers)
    for context in (COMFORTABLE, STEP):
        layers = _most_layers(shape, machine, wishes, context)
        if layers is not None:
            return _planned(shape, machine, wishes, layers)
    return _planned(shape, machine, wishes, 0)


def smaller(shape: Shape, machine: Machine, plan: Plan) -> Plan | None:
    """What to try next when there was no memory for a plan after all; None if nothing is left.

    Fewer layers on the GPUs, then a smaller window, then the processor alone.
    """
    layout, on_gpus = plan.layout, plan.layout.gpu_layers
    fewer = on_gpus - _worthwhile(shape)
    if fewer >= _worthwhile(shape):
        split = _split(_only(machine.gpus, layout.split), fewer)
        return _plan(shape, machine, replace(layout, split=split), plan.context_limit, plan.threads)
    if layout.context > (START if on_gpus else STEP):
        half = _in_steps(shape, layout.context // 2)
        return _plan(shape, machine, replace(layout, context=half), half, plan.threads)
    if on_gpus:
        return _planned(shape, machine, LoadOptions(threads=plan.threads), 0)
    return None


def widest(shape: Shape, machine: Machine, layout: Layout) -> int:
    """The largest window there is room for now beside a loaded model, in tokens; 0 if for none."""

    def holds(context: int) -> bool:
        window = window_bytes(shape, replace(layout, context=context))
        return _is_room(machine, window)

    return _largest(shape, holds)


def grown(current: int, need: int, limit: int) -> int:
    """The window for `need` tokens: doubled until it holds them, or the limit is reached."""
    size = current
    while size < need and size < limit:
        size *= 2
    return max(current, min(size, limit))


def usual_threads(cores: int) -> int:
    """All cores but one, which is left to the window and the rest of the machine.

    The threads wait for each other by spinning. Measured on two cores: two threads write 1.2 times
    as fast as one while nothing else runs, and 30 times slower while something does.
    """
    return max(cores - 1, 1)


def _with_fewest_gpus(shape: Shape, machine: Machine, wishes: LoadOptions) -> Machine:
    """The machine with only so many GPUs free that they hold the model; else with all of them."""
    layers = shape.layers + 1 if wishes.gpu_layers is None else wishes.gpu_layers
    count = len(machine.gpus)
    largest_first = sorted(range(count), key=lambda index: -machine.gpus[index].free)
    for number in range(1, count):
        used = [index in largest_first[:number] for index in range(count)]
        fewer = replace(machine, gpus=_only(machine.gpus, used))
        if _holds(shape, fewer, wishes, layers, ROOMY):
            return fewer
    return machine


def _only(gpus: Sequence[Gpu], used: Sequence[int]) -> tuple[Gpu, ...]:
    """The GPUs, with no memory free on those that are not used: so they are dealt no layers."""
    return tuple(gpu if use else replace(gpu, free=0) for gpu, use in zip(gpus, used, strict=True))


def _most_layers(shape: Shape, machine: Machine, wishes: LoadOptions, context: int) -> int | None:
    """How many layers the GPUs best take beside such a window; None if the model does not fit."""
    tried: Sequence[int] = (0,)
    if machine.gpus:
        # A few layers on a GPU save no time: they are for a model that fits in no other way.
        few = _worthwhile(shape)
        tried = (*range(shape.layers + 1, few - 1, -1), 0, *range(few - 1, 0, -1))
    for layers in tried:
        if _holds(shape, machine, wishes, layers, context):
            return layers
    return None


def _holds(shape: Shape, machine: Machine, wishes: LoadOptions, layers: int, context: int) -> bool:
    """Whether there is room with so many layers on the GPUs, for the window wished for or this."""
    layout = _layout(shape, machine, wishes, layers)
    if wishes.context is not None:
        return _is_room(machine, _room_needed(shape, layout, share=1))
    layout = replace(layout, context=_in_steps(shape, context))
    return _is_room(machine, _room_needed(shape, layout, SHARE))


def _worthwhile(shape: Shape) -> int:
    """Layers: an eighth of the model."""
    return max(shape.layers // 8, 1)


def _planned(shape: Shape, machine: Machine, wishes: LoadOptions, layers: int) -> Plan:
    """The plan with so many layers on the GPUs."""
    layout = _layout(shape, machine, wishes, layers)
    threads = wishes.threads or usual_threads(machine.cores)
    if wishes.context is not None:
        return _plan(shape, machine, layout, layout.context, threads)

    def holds(context: int) -> bool:
        return _is_room(machine, _room_needed(shape, replace(layout, context=context), SHARE))

    limit = _largest(shape, holds)
    begin = replace(layout, context=min(START, limit) or STEP)
    return _plan(shape, machine, begin, limit, threads)


def _plan(shape: Shape, machine: Machine, layout: Layout, limit: int, threads: int) -> Plan:
    need = Need(
        weights=weight_bytes(shape, layout.split),
        window=window_bytes(shape, layout),
        process=_process_bytes(shape),
    )
    fits = limit > 0 and _is_room(machine, _room_needed(shape, layout, share=1))
    return Plan(layout, limit, threads, need, fits)


def _layout(shape: Shape, machine: Machine, wishes: LoadOptions, layers: int) -> Layout:
    """How so many layers on the GPUs are best computed with, in the window wished for."""
    split = _split(machine.gpus, min(layers, shape.layers + 1))
    on_gpu = any(split)
    # Measured: a processor reads prompts at half the speed with a smaller type.
    kv_type = wishes.kv_type or (KvType.Q8_0 if sum(split) > shape.layers else KvType.F16)
    if not _has_blocks(shape):
        kv_type = KvType.F16
    flash_attention = on_gpu if wishes.flash_attention is None else wishes.flash_attention
    return Layout(
        split=split,
        context=_in_steps(shape, wishes.context or START),
        kv_type=kv_type,
        # llama.cpp has no other attention for a smaller type.
        flash_attention=flash_attention or kv_type is not KvType.F16,
        batch=wishes.batch or (GPU_BATCH if on_gpu else BATCH),
    )


def _split(gpus: Sequence[Gpu], layers: int) -> tuple[int, ...]:
    """How llama.cpp deals layers to the GPUs: by their free memory."""
    ends = list(accumulate(gpu.free for gpu in gpus))
    if not ends or not ends[-1]:
        return (0,) * len(gpus)
    places = [bisect_right(ends, ends[-1] * layer / layers) for layer in range(layers)]
    return tuple(places.count(index) for index in range(len(gpus)))


def _room_needed(shape: Shape, layout: Layout, share: float) -> Parts:
    """The free memory without which weights and window are not loaded.

    The window may take only a share of what the weights leave.
    """
    weights, window = weight_bytes(shape, layout.split), window_bytes(shape, layout)
    return Parts(
        _process_bytes(shape) + weights.machine + int(window.machine / share),
        tuple(
            weight + int(part / share)
            for weight, part in zip(weights.gpus, window.gpus, strict=True)
        ),
    )


def _is_room(machine: Machine, need: Parts) -> bool:
    on_machine = need.machine
    for gpu, part in zip(machine.gpus, need.gpus, strict=True):
        if part and part > gpu.free - (0 if gpu.shares_memory else GPU_RESERVE):
            return False
        on_machine += part if gpu.shares_memory else 0
    return on_machine <= machine.available


def _largest(shape: Shape, holds: Callable[[int], bool]) -> int:
    """The largest window that holds, in whole steps up to what the model was trained for."""
    windows = range(STEP, max(shape.trained, STEP) + 1, STEP)
    return bisect_left(windows, True, key=lambda context: not holds(context)) * STEP


def _in_steps(shape: Shape, wanted: int) -> int:
    """The window closest to a wish: in whole steps, and no more than the model was trained for."""
    steps = -(-wanted // STEP)
    return max(min(steps, shape.trained // STEP), 1) * STEP


def _has_blocks(shape: Shape) -> bool:
    """Whether the rows of the KV cache can be divided into the blocks that smaller types have."""
    return shape.key_length % 32 == 0 and shape.value_length % 32 == 0


def _process_bytes(shape: Shape) -> int:
    return PROCESS + shape.vocabulary * WORD
