"""How fast a machine computes, as it was measured on itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypeRate:
    """How fast one device computes with weights of one type."""

    type: str
    """As ggml names it, such as "Q4_K"."""
    bytes_per_second: float
    """Weights multiplied with one token: what writing a reply is bound by."""
    operations_per_second: float
    """Multiplications and additions with a batch of tokens: what reading a prompt is bound by."""
    seconds_per_row: float
    """What each row of a matrix costs beyond its bytes: narrow models feel it."""


@dataclass(frozen=True, slots=True)
class DeviceRates:
    """How fast one device computes."""

    device: str
    """The name of the GPU, or of the processor."""
    types: tuple[TypeRate, ...]
    looks_per_second: float
    """Numbers in keys and values that attention heads look back on to write a reply.

    Each head of each layer looks at key and value of all tokens in the window, in steps of 256.
    """
    seconds_per_layer: float
    """What each layer costs a token beyond its weights: the many small steps in between."""
    seconds_per_token: float
    """What each token costs beyond layers and vocabulary: being begun and handed over."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What was measured. It holds for one machine, one build of llama.cpp, and these threads."""

    build: str
    threads: int
    devices: tuple[DeviceRates, ...]
    """The processor first."""
    seconds_per_candidate: float
    """What drawing the next token costs for each word of the vocabulary."""
    spread: float
    """How much slower than the best the middle one of repeated measurements was, as a part."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """How much of the measuring is done, from 0 to 1."""

    fraction: float
