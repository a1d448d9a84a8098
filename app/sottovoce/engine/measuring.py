"""How fast this machine computes, measured with llama.cpp itself in a few seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from statistics import median

from sottovoce.domain.footprint import KvType, Layout
from sottovoce.domain.model import Sampling
from sottovoce.domain.problems import Cancelled, NoRoom
from sottovoce.domain.speed import DeviceRates, Measuring, Rates
from sottovoce.engine import backends, ggml, llama
from sottovoce.engine.backends import Device
from sottovoce.engine.matrices import TYPES, Bench

NEEDED = 300_000_000
"""Bytes of memory."""
GPU_SECONDS = 20
"""After which no further type of weights is tried on a GPU: some drivers prepare each for long."""
WORDS = 128_256
"""The vocabulary of Llama 3: drawing from fewer is cheaper in proportion."""
WIDTH = 32
"""Of models so narrow that their weights cost nothing."""
FEW_LAYERS, MANY_LAYERS = 4, 20
TOKENS = 60
"""How often each is repeated."""
SMALL = Layout(split=(), context=256, kv_type=KvType.F16, flash_attention=False, batch=32)
TOO_LITTLE = "Too little memory is free to measure this computer. Close other programs."


def measure(threads: int, available: int, flag: llama.Flag) -> Iterator[Measuring | Rates]:
    """How far it is, and after each device all that was measured so far, the processor first.

    A GPU that fails is left out. Raises Cancelled once the flag is set, and NoRoom.
    """
    if available < NEEDED:
        raise NoRoom(TOO_LITTLE)
    processors = [device for device in backends.devices() if device.is_processor]
    devices = [*processors, *backends.gpu_devices()]
    rates, spreads = list[DeviceRates](), list[float]()
    seconds_per_candidate = _seconds_per_candidate(threads, flag)
    for number, device in enumerate(devices):
        try:
            with closing(Bench(device, threads, flag)) as bench:
                for news in _device_rates(device, bench, threads, flag):
                    if isinstance(news, Measuring):
                        yield Measuring((number + news.fraction) / len(devices))
                    else:
                        rates.append(news)
            spreads += bench.spreads
        except (MemoryError, llama.LoadFailed) as error:
            if device.is_processor:
                raise NoRoom(TOO_LITTLE) from error
        yield Rates(
            build=backends.build(),
            threads=threads,
            devices=tuple(rates),
            seconds_per_candidate=seconds_per_candidate,
            spread=median(spreads),
        )


def _device_rates(
    device: Device, bench: Bench, threads: int, flag: llama.Flag
) -> Iterator[Measuring | DeviceRates]:
    begun = time.monotonic()
    few, many = (
        _seconds_per_token(layers, device, threads, flag) for layers in (FEW_LAYERS, MANY_LAYERS)
    )
    layer = max(many - few, 0) / (MANY_LAYERS - FEW_LAYERS)
    looks = bench.attention()
    if device.is_gpu:
        bench.suit_gpu()
    types = []
    for number, name in enumerate(TYPES):
        yield Measuring(number / len(TYPES))
        if device.is_gpu and time.monotonic() - begun > GPU_SECONDS:
            break
        if rate := bench.rate(name):
            types.append(rate)
    if types:
        yield DeviceRates(
            device=backends.name(device) if device.is_gpu else backends.processor(),
            types=tuple(types),
            looks_per_second=looks,
            seconds_per_layer=layer,
            seconds_per_token=max(few - FEW_LAYERS * layer, 0),
        )


def _seconds_per_token(layers: int, device: Device, threads: int, flag: llama.Flag) -> float:
    """Of a model that has so many layers and next to nothing in them."""
    with (
        _small_model(layers, words=256, device=device) as model,
        closing(llama.Window(model, SMALL, threads=threads, flag=flag)) as window,
    ):

        def step(token: int) -> None:
            window.add(token)
            window.wait()

        return _best(step, flag)


def _seconds_per_candidate(threads: int, flag: llama.Flag) -> float:
    """What drawing by the usual rules costs for each word of a large vocabulary."""
    with (
        _small_model(1, WORDS) as model,
        closing(llama.Window(model, SMALL, threads=threads, flag=flag)) as window,
        closing(llama.Sampler(model, Sampling(), ())) as sampler,
    ):
        return _best(lambda _: window.draw(sampler), flag, before=window.add) / WORDS


def _best(
    step: Callable[[int], object],
    flag: llama.Flag,
    before: Callable[[int], object] = lambda _: None,
) -> float:
    """The fewest seconds that a step takes after what goes before each."""
    times = []
    for token in range(TOKENS):
        before(token)
        begun = time.perf_counter()
        step(token)
        times.append(time.perf_counter() - begun)
        if flag.is_set:
            raise Cancelled
    return min(times)


@contextmanager
def _small_model(layers: int, words: int, device: Device | None = None) -> Iterator[llama.Model]:
    """A model like Llama in everything but size. Its weights are of no meaning."""
    c = ggml.functions()
    header = c.gguf_init_empty()
    c.gguf_set_val_str(header, b"general.architecture", b"llama")
    c.gguf_set_val_str(header, b"tokenizer.ggml.model", b"none")
    c.gguf_set_val_f32(header, b"llama.attention.layer_norm_rms_epsilon", 1e-5)
    for key, number in (
        ("attention.head_count", 1),
        ("block_count", layers),
        ("context_length", SMALL.context),
        ("embedding_length", WIDTH),
        ("feed_forward_length", WIDTH),
        ("rope.dimension_count", WIDTH),
        ("vocab_size", words),
    ):
        c.gguf_set_val_u32(header, f"llama.{key}".encode(), number)
    gpus = [device.handle] if device is not None and device.is_gpu else []
    try:
        with closing(llama.make_model(header, lambda tensor, _: ggml.fill(tensor), gpus)) as model:
            yield model
    finally:
        c.gguf_free(header)
