"""What the window's process and the engine's process say to each other."""

from typing import TypeAlias

from sottovoce.domain.conversation import Turn
from sottovoce.domain.footprint import KvType
from sottovoce.domain.hardware import Gpu
from sottovoce.domain.model import LoadOptions, Sampling
from sottovoce.domain.reply import Finish, Timings, Usage
from sottovoce.domain.speed import Rates
from sottovoce.system.child import Failed, Locked, Message

# What the engine is told.


class LockIn(Message, frozen=True):
    """The first that it is told: to keep to these files, before it does anything else."""

    files: tuple[bytes, ...]
    """As the file system has them; they may be no valid text."""
    libraries: tuple[tuple[bytes, str], ...] = ()
    """Of packs, with their SHA-256: what llama.cpp computes with besides its own."""


class Begin(Message, frozen=True):
    """A question follows. Its number tells late beats and stops of an earlier one apart."""

    number: int


class Stop(Message, frozen=True):
    """Give up the question of this number, if it is still being answered."""

    number: int


class Load(Message, frozen=True):
    """Put a model in memory: the first question to every engine process, asked once."""

    path: bytes
    """As the file system has it; it may be no valid text."""
    repack: bool
    """Whether weights are rearranged for the processor while loading."""
    wishes: LoadOptions
    """With a number of threads."""
    available: int
    """Bytes of memory free for use on this machine."""


class LoadEncoder(Message, frozen=True):
    """Put a model in memory that turns texts into vectors, or ranks them; instead of Load."""

    path: bytes
    repack: bool
    ranks: bool
    threads: int
    """Of a processor: so many passages are embedded at once, one by each; a ranking has them all,
    and a query one."""
    available: int


class Embed(Message, frozen=True):
    """Turn texts into vectors."""

    texts: tuple[str, ...]
    is_query: bool
    """Whether somebody waits for it; if not, it is done in the background."""


class Rank(Message, frozen=True):
    """Score how well passages answer a question."""

    question: str
    passages: tuple[str, ...]


class Count(Message, frozen=True):
    """Asks how many tokens each text has."""

    texts: tuple[str, ...]


class Reply(Message, frozen=True):
    """Read the turns and write what comes next."""

    turns: tuple[Turn, ...]
    sampling: Sampling
    available: int


class Adapt(Message, frozen=True):
    """Use these LoRA adapters and no others: their paths and scales."""

    adapters: tuple[tuple[bytes, float], ...]


class ListDevices(Message, frozen=True):
    """Asks what llama.cpp can compute with."""


class Measure(Message, frozen=True):
    """Measure how fast this machine computes."""

    threads: int
    available: int


Question: TypeAlias = (
    Load | LoadEncoder | Count | Reply | Embed | Rank | Adapt | ListDevices | Measure
)
Order: TypeAlias = LockIn | Begin | Stop | Question


# What the engine tells. The last news about a question is an Answer.


class Beat(Message, frozen=True):
    """The engine is alive, and at work on the question of this number."""

    number: int


class Loading(Message, frozen=True):
    """How much of the model is in memory, from 0 to 1."""

    fraction: float


class Reading(Message, frozen=True):
    """How many tokens of the prompt are in the KV cache."""

    done: int
    total: int


class Resized(Message, frozen=True):
    """The context window has grown."""

    context: int
    memory: int


class Piece(Message, frozen=True):
    """The next words of the reply, and how many tokens they took."""

    text: str
    tokens: int


class Loaded(Message, frozen=True):
    """The model is in memory."""

    context: int
    context_limit: int
    gpu_layers: int
    threads: int
    memory: int
    backend: str
    kv_type: KvType
    flash_attention: bool
    batch: int
    note: str


class LoadedEncoder(Message, frozen=True):
    """The model is in memory."""

    dimensions: int
    longest: int
    together: int
    """Tokens that are best asked for at once, unless one text has more."""


class Vectors(Message, frozen=True):
    """One for each text: float32, little-endian, of length 1."""

    vectors: tuple[bytes, ...]


class Scores(Message, frozen=True):
    """From 0 to 1 for each passage."""

    scores: tuple[float, ...]


class Counts(Message, frozen=True):
    """Tokens of each text."""

    tokens: tuple[int, ...]


class Finished(Message, frozen=True):
    """The reply is over."""

    finish: Finish
    usage: Usage
    timings: Timings


class Adapted(Message, frozen=True):
    """The adapters are in use."""


class Devices(Message, frozen=True):
    """What llama.cpp can compute with."""

    build: str
    processor: str
    gpus: tuple[Gpu, ...]
    packs: int
    """How many libraries of packs were loaded."""


class Measuring(Message, frozen=True):
    """How much of the measuring is done, from 0 to 1."""

    fraction: float


class Measured(Message, frozen=True):
    """What was measured so far. It comes after each device, and then with more."""

    rates: Rates


class MeasuredAll(Message, frozen=True):
    """The measuring is done."""


class Cancelled(Message, frozen=True):
    """The question was given up because of a Stop."""


Answer: TypeAlias = (
    Loaded
    | LoadedEncoder
    | Vectors
    | Scores
    | Counts
    | Finished
    | Adapted
    | Devices
    | MeasuredAll
    | Failed
    | Cancelled
)
News: TypeAlias = (
    Locked | Beat | Loading | Reading | Resized | Piece | Measuring | Measured | Answer
)
