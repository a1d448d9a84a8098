"""The numbers and choices a person can set, each with its bounds and what it means."""

from dataclasses import dataclass, replace

from sottovoce.domain.footprint import KvType
from sottovoce.domain.settings import Settings


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the sampling or load settings."""

    group: str
    """The field of Settings it belongs to."""
    name: str
    """The field of Sampling or LoadOptions."""
    text: str
    says: str
    lowest: float
    highest: float
    step: float
    decimals: int = 0
    none: str = ""
    """What stands for None, if None is allowed; it is shown below the lowest value."""

    def read(self, settings: Settings) -> float | None:
        """What it is in `settings`."""
        value: float | None = getattr(getattr(settings, self.group), self.name)
        return value

    def change(self, settings: Settings, value: float | None) -> Settings:
        """Settings in which it is `value`."""
        return _changed(settings, self.group, self.name, value)


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the sampling or load settings that takes one of a few values."""

    group: str
    """The field of Settings it belongs to."""
    name: str
    """The field of Sampling or LoadOptions."""
    text: str
    says: str
    options: tuple[tuple[str, object], ...]
    """What is shown, and what it stands for; the default first."""

    def read(self, settings: Settings) -> int:
        """Which of the options it is in `settings`."""
        value = getattr(getattr(settings, self.group), self.name)
        return [option for _, option in self.options].index(value)

    def change(self, settings: Settings, index: int) -> Settings:
        """Settings in which it is the option at `index`."""
        return _changed(settings, self.group, self.name, self.options[index][1])


def _changed(settings: Settings, group: str, name: str, value: object) -> Settings:
    inner = replace(getattr(settings, group), **{name: value})
    return replace(settings, **{group: inner})


SAMPLING = (
    Number(
        "sampling",
        "temperature",
        "Temperature",
        "How freely words are chosen: 0 always takes the likeliest, 0.7 suits a chat, "
        "above 1 grows strange.",
        *(0, 2, 0.05, 2),
    ),
    Number(
        "sampling",
        "top_p",
        "Top-p",
        "Chooses among the likeliest tokens that together have this probability. "
        "1 switches it off.",
        *(0.05, 1, 0.05, 2),
    ),
    Number(
        "sampling",
        "top_k",
        "Top-k",
        "Chooses among this many of the likeliest tokens. 0 switches it off.",
        *(0, 1000, 1),
    ),
    Number(
        "sampling",
        "min_p",
        "Min-p",
        "Leaves out tokens less likely than this share of the likeliest one. 0 switches it off.",
        *(0, 1, 0.01, 2),
    ),
    Number(
        "sampling",
        "repeat_penalty",
        "Repeat penalty",
        "Makes words that were just used less likely. 1 switches it off.",
        *(0.5, 2, 0.05, 2),
    ),
    Number(
        "sampling",
        "seed",
        "Seed",
        "The same seed gives the same answer to the same question. "
        "Random draws a new one each time.",
        *(0, 2**32 - 2, 1),
        none="Random",
    ),
    Number(
        "sampling",
        "max_tokens",
        "Longest reply",
        "In tokens; a token is about three quarters of an English word.",
        *(1, 1_000_000, 64),
        none="No limit",
    ),
)
LOAD = (
    Number(
        "load",
        "context",
        "Context window",
        "How many tokens of a chat the model can see. More takes more memory.",
        *(256, 1_048_576, 1024),
        none="Automatic",
    ),
    Number(
        "load",
        "gpu_layers",
        "Layers on the GPU",
        "How much of the model a graphics card computes. Without one it makes no difference.",
        *(0, 999, 1),
        none="Automatic",
    ),
    Number(
        "load",
        "threads",
        "Threads",
        "Processor threads that compute. More than the processor has cores is slower.",
        *(1, 512, 1),
        none="Automatic",
    ),
    Number(
        "load",
        "batch",
        "Batch",
        "How many tokens of a question are read at once. "
        "More can be faster on a graphics card, and takes more memory.",
        *(32, 4096, 32),
        none="Automatic",
    ),
)
KV_TYPES: tuple[tuple[str, KvType | None], ...] = (
    ("Automatic", None),
    ("16 bits", KvType.F16),
    ("8 bits: half the memory", KvType.Q8_0),
    ("4 bits: a quarter", KvType.Q4_0),
)
ACCELERATION = (
    Pick(
        "load",
        "kv_type",
        "KV cache",
        "How precisely the model remembers the chat while it answers. "
        "Smaller types let longer chats fit; the smallest can cost some quality.",
        KV_TYPES,
    ),
    Pick(
        "load",
        "flash_attention",
        "Flash attention",
        "Another way to compute the same. It saves time and memory on most graphics cards, "
        "and is often slower without one.",
        (("Automatic", None), ("On", True), ("Off", False)),
    ),
)
