"""What a machine can do with a model: whether it runs, on what, and how fast."""

from dataclasses import dataclass
from enum import StrEnum

from sottovoce.domain.footprint import Shape
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import GPU_RESERVE, STEP, Plan, plan
from sottovoce.domain.speed import DeviceRates, Rates, TypeRate
from sottovoce.models.gguf_file import FORMATS

DEPTH = 1024
"""Tokens in the window for which speeds are told: a question and half of its answer."""
SLOW = 3.0
"""Tokens per second below which a reply is waited for rather than read."""
TIGHT = 2048
"""A window smaller than this, in tokens, barely holds a question and its answer."""
DOUBT = 0.15
"""How far a prediction may be off where the measurements are exact, as a part of it."""

LOOP = 1.5e-5
"""Seconds that the engine itself spends on each token it writes, beside llama.cpp: measured."""

_NUMBERS_PER_BYTE = {kind.name: kind.block / kind.size for kind in FORMATS.values()}


class Verdict(StrEnum):
    """How a model does on a machine."""

    WELL = "well"
    FITS = "fits"
    """There is room for it; how fast it is on this machine was not measured."""
    SLOWLY = "slowly"
    TIGHTLY = "tightly"
    """Only with a very small context window."""
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens per second."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Fit:
    """What there is to know of a model before it is loaded, or even fetched."""

    verdict: Verdict
    plan: Plan
    """How it would be loaded."""
    generation: Estimate | None
    """How fast it writes; None where it does not fit, or the machine was not measured."""
    prompt: Estimate | None
    """How fast it reads."""
    says: str
    """The verdict in a sentence."""


def fit(shape: Shape, machine: Machine, rates: Rates | None, wishes: LoadOptions) -> Fit:
    """What `machine` can do with a model. Its GPUs are to be those that llama.cpp can use."""
    planned = plan(shape, machine, wishes)
    generation = prompt = None
    if planned.fits and rates is not None:
        generation = generation_speed(shape, machine, planned, rates)
        prompt = prompt_speed(shape, machine, planned, rates)
    if not planned.fits:
        verdict, says = Verdict.NOT, _too_large(machine, planned)
    elif planned.context_limit < min(TIGHT, shape.trained):
        verdict, says = Verdict.TIGHTLY, _tight(planned)
    elif generation is None:
        place = _place(shape, planned)
        verdict, says = Verdict.FITS, f"Runs {place}; its speed is not measured yet."
    elif generation.likely < SLOW:
        verdict, says = Verdict.SLOWLY, f"Runs, slowly, {_place(shape, planned)}."
    else:
        verdict, says = Verdict.WELL, f"Runs well {_place(shape, planned)}."
    return Fit(verdict, planned, generation, prompt, says)


def generation_speed(
    shape: Shape, machine: Machine, plan: Plan, rates: Rates, depth: int = DEPTH
) -> Estimate | None:
    """How fast a reply is written with `depth` tokens before it; None if a device is not measured.

    To write a token, each device reads all its weights, and looks back on all tokens before.
    """
    works = _works(shape, machine, plan, rates)
    if works is None:
        return None
    steps = -(-depth // STEP) * STEP
    seconds = LOOP + shape.vocabulary * rates.seconds_per_candidate
    for work in works:
        device = work.device
        seconds += device.seconds_per_token + work.layers * device.seconds_per_layer
        for name, share in _mix(shape):
            rate = _rate(device, name)
            seconds += share * work.weights / rate.bytes_per_second
            seconds += share * work.rows * rate.seconds_per_row
        seconds += work.layers * _looks(shape) * steps / device.looks_per_second
    return _estimate(1 / seconds, rates)


def prompt_speed(
    shape: Shape, machine: Machine, plan: Plan, rates: Rates, depth: int = DEPTH
) -> Estimate | None:
    """How fast a prompt of `depth` tokens is read; None if a device is not measured.

    Each number in the weights is multiplied and added once for each token. Layers that a GPU does
    not hold are counted at the processor's speed, though a GPU may help out with them.
    """
    works = _works(shape, machine, plan, rates)
    if works is None:
        return None
    batch = min(plan.layout.batch, depth)
    seconds = 0.0
    for work in works:
        device = work.device
        seconds += (device.seconds_per_token + work.layers * device.seconds_per_layer) / batch
        for name, share in _mix(shape):
            # The vocabulary is scored for the last token alone.
            numbers = share * work.inside * _NUMBERS_PER_BYTE.get(name, 1)
            seconds += 2 * numbers / _rate(device, name).operations_per_second
        attention = _rate(device, plan.layout.kv_type.upper())
        seen = 2 * work.layers * _looks(shape) * depth / 2  # On the average, half of the prompt.
        seconds += seen / attention.operations_per_second
    return _estimate(1 / seconds, rates)


def _looks(shape: Shape) -> int:
    """Numbers in keys and values that one layer looks back on, for each token in the window."""
    return shape.heads * (shape.key_length + shape.value_length)


@dataclass(frozen=True, slots=True)
class _Work:
    """What one device does for each token."""

    device: DeviceRates
    layers: int
    """Of the model's own."""
    inside: float
    """Bytes of weights in its layers that a token passes through."""
    weights: float
    """The same, with what scores the vocabulary."""
    rows: int
    """Rows of these weights."""


def _works(shape: Shape, machine: Machine, plan: Plan, rates: Rates) -> list[_Work] | None:
    """Who does what; None if one of them was not measured."""
    measured = {device.device: device for device in rates.devices[1:]}
    split = plan.layout.split
    devices = [rates.devices[0], *(measured.get(gpu.name) for gpu in machine.gpus)]
    last = max((index for index, layers in enumerate(split) if layers), default=-1)
    on_gpus = [layers - (index == last) for index, layers in enumerate(split)]
    works = []
    for index, layers in enumerate([shape.layers - sum(on_gpus), *on_gpus], -1):
        device = devices[index + 1]
        scores = index == last
        if not layers and not scores:
            continue
        if device is None:
            return None
        inside = layers * shape.layer_weights * _active(shape)
        weights = inside + scores * (shape.output_weights or shape.input_weights)
        rows = layers * _layer_rows(shape) + scores * shape.vocabulary
        works.append(_Work(device, layers, inside, weights, rows))
    return works


def _active(shape: Shape) -> float:
    """The part of a layer's weights that one token passes through: not all experts are asked."""
    if not shape.experts:
        return 1
    attention = shape.embedding * (
        2 * shape.heads * shape.key_length
        + shape.kv_heads * (shape.key_length + shape.value_length)
    )
    numbers = sum(share * _NUMBERS_PER_BYTE.get(name, 1) for name, share in _mix(shape))
    attending = min(attention / max(shape.layer_weights * numbers, 1), 1)
    return attending + (1 - attending) * shape.experts_used / shape.experts


def _layer_rows(shape: Shape) -> int:
    """Rows of the matrices that a token passes through in one layer."""
    forward = 2 * shape.feed_forward + shape.embedding
    return (
        shape.heads * shape.key_length
        + shape.kv_heads * (shape.key_length + shape.value_length)
        + shape.embedding
        + forward * max(shape.experts_used, 1)
    )


def _mix(shape: Shape) -> tuple[tuple[str, float], ...]:
    """The types of the weights, and their shares of the bytes."""
    return tuple((name, size / shape.weights) for name, size in shape.types)


def _rate(device: DeviceRates, name: str) -> TypeRate:
    """What was measured for a type; for one that was not, the slowest."""
    return next(
        (rate for rate in device.types if rate.type == name),
        min(device.types, key=lambda rate: rate.bytes_per_second),
    )


def _estimate(likely: float, rates: Rates) -> Estimate:
    doubt = 1 + DOUBT + rates.spread
    return Estimate(likely / doubt, likely, likely * doubt)


def _place(shape: Shape, plan: Plan) -> str:
    used = sum(map(bool, plan.layout.split))
    if not used:
        return "on your processor"
    where = "on your GPU" if used == 1 else f"on {used} GPUs"
    return where if plan.layout.gpu_layers > shape.layers else f"partly {where}"


def _tight(plan: Plan) -> str:
    return f"Just fits: it can take in no more than {plan.context_limit:,} tokens here."


def _too_large(machine: Machine, plan: Plan) -> str:
    room = machine.available + sum(
        max(gpu.free - GPU_RESERVE, 0) for gpu in machine.gpus if not gpu.shares_memory
    )
    need = plan.need.total + plan.need.window.total  # The window takes but half of what is left.
    if need <= room:
        return "Too large: there is no way to divide it between GPU and memory."
    return f"Too large: needs {_size(need)}, {_size(room)} are there."


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count < 9.95e9 else f"{count / 1e9:.0f} GB"
