"""Putting a model in memory, or finding out why it cannot be."""

from collections.abc import Callable, Iterator
from itertools import compress

from sottovoce.domain.footprint import Shape
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import Need, Plan, plan, smaller
from sottovoce.domain.problems import Cancelled, Damaged, NoRoom, Problem, Unsupported
from sottovoce.engine import backends, header, llama, wire
from sottovoce.engine.limits import check_memory
from sottovoce.engine.prompt import PromptWriter
from sottovoce.engine.session import Session

TELL_EVERY = 0.01
"""The part of the way after which progress is told again."""
MEMORY_TOO_SMALL = (
    "Memory is too small for this model. Close other programs or choose a smaller one."
)
NOT_KNOWN = ("unknown model architecture", "unknown pre-tokenizer", "unknown tokenizer")
NO_MEMORY = ("failed to allocate", "unable to allocate", "out of memory", "Cannot allocate memory")
"""How llama.cpp words it."""


def load(
    question: wire.Load, *, flag: llama.Flag, said: llama.Log, loading: Callable[[float], None]
) -> tuple[Session, wire.Loaded]:
    """The model at work, and what there is to know about it.

    Where memory turns out too small for the plan, a smaller one is tried, and the note says so.
    Raises Cancelled once the flag is set, and Damaged, Unsupported or NoRoom.
    """
    file = header.read(question.path)
    machine = backends.machine(question.available)
    chosen: Plan | None = plan(file.shape, machine, question.wishes)
    assert chosen is not None
    if not chosen.fits:
        raise no_room(chosen.need, machine)
    first = chosen
    loader = _Loader(Weights(question, flag, said, loading), flag)
    while chosen is not None:
        try:
            session = loader.session(file, chosen)
        except MemoryError:
            chosen = smaller(file.shape, machine, chosen)
            continue
        return session, _loaded(question, file.shape, machine, first, chosen, session)
    raise NoRoom(MEMORY_TOO_SMALL)


class Weights:
    """Reads the weights of one file, onto one device or another."""

    def __init__(
        self,
        question: wire.Load | wire.LoadEncoder,
        flag: llama.Flag,
        said: llama.Log,
        loading: Callable[[float], None],
    ) -> None:
        """`loading` is told fractions. `flag` gives up reading."""
        self._question = question
        self._flag = flag
        self._said = said
        self._loading = loading
        self._told = 0.0

    def read(self, split: tuple[int, ...]) -> llama.Model:
        """The model with so many layers on each GPU.

        Raises Cancelled, Damaged, Unsupported, or MemoryError.
        """
        self._said.troubles.clear()
        # GPUs that llama.cpp is told of and that get no layers would still help to read prompts.
        used = compress(backends.gpu_devices(), split)
        try:
            model = llama.read_model(
                self._question.path,
                repack=self._question.repack,
                gpus=[device.handle for device in used],
                split=[layers for layers in split if layers],
                progress=self._progress,
            )
        except llama.LoadFailed as error:
            if self._flag.is_set:
                raise Cancelled from error
            raise _why(" ".join(self._said.troubles)) from error
        if self._flag.is_set:
            raise Cancelled
        return model

    def _progress(self, fraction: float) -> bool:
        if fraction - self._told >= TELL_EVERY:
            self._told = fraction
            self._loading(fraction)
        return not self._flag.is_set


class _Loader:
    """Puts one model to work, as often as it takes."""

    def __init__(self, weights: Weights, flag: llama.Flag) -> None:
        self._weights = weights
        self._flag = flag
        self._model: llama.Model | None = None
        self._split: tuple[int, ...] = ()

    def session(self, file: header.ModelHeader, plan: Plan) -> Session:
        """Raises Cancelled, Damaged, Unsupported, or MemoryError if the plan was too bold."""
        model = self._model_split(plan.layout.split)
        check_memory(plan.need.window.machine)
        window = llama.Window(model, plan.layout, threads=plan.threads, flag=self._flag)
        prompts = PromptWriter(model.vocabulary())
        return Session(model, file, window, plan, flag=self._flag, prompts=prompts)

    def _model_split(self, split: tuple[int, ...]) -> llama.Model:
        """The model with so many layers on each GPU: the one that is there, if it is so already."""
        if self._model is not None and self._split != split:
            self._model.close()
            self._model = None
        if self._model is None:
            self._model, self._split = self._weights.read(split), split
        if self._flag.is_set:
            raise Cancelled
        if not self._model.writes:
            raise Unsupported("This model does not write text. Choose a chat model.")
        return self._model


def _why(troubles: str) -> Problem | MemoryError:
    """What is behind the words of llama.cpp when it could not load a model."""
    if any(words in troubles for words in NOT_KNOWN):
        return Unsupported("Sottovoce does not know this kind of model yet. Choose another.")
    if any(words in troubles for words in NO_MEMORY):
        return MemoryError()
    return Damaged("The model file is damaged. Download it again or choose another.")


def _loaded(
    question: wire.Load, shape: Shape, machine: Machine, first: Plan, plan: Plan, session: Session
) -> wire.Loaded:
    layout = plan.layout
    return wire.Loaded(
        context=session.context,
        context_limit=plan.context_limit,
        gpu_layers=layout.gpu_layers,
        threads=plan.threads,
        memory=session.memory,
        backend=_backend(machine, plan),
        kv_type=layout.kv_type,
        flash_attention=layout.flash_attention,
        batch=layout.batch,
        note=" ".join(_notes(question.wishes, shape, machine, first, plan)),
    )


def _backend(machine: Machine, plan: Plan) -> str:
    used = [gpu.name for gpu, layers in zip(machine.gpus, plan.layout.split, strict=True) if layers]
    return " + ".join(dict.fromkeys(used)) or backends.processor()


def _notes(
    wishes: LoadOptions, shape: Shape, machine: Machine, first: Plan, plan: Plan
) -> Iterator[str]:
    """Sentences about what had to be made smaller, or other than it was wished for."""
    layers, all_layers = plan.layout.gpu_layers, shape.layers + 1
    wished = first.layout.gpu_layers if wishes.gpu_layers is not None else all_layers
    if machine.gpus and layers < wished:
        yield (
            f"{layers} of {all_layers} layers are on the GPU, because its memory was too small for"
            " more."
            if layers
            else "The processor computes alone, because the memory of the GPU was too small."
        )
    if plan.layout.context < first.layout.context:
        yield (
            f"The context window holds {plan.layout.context:,} tokens, because memory was too small"
            " for more."
        )
    if wishes.kv_type not in {None, plan.layout.kv_type}:
        yield (
            f"The KV cache is kept as {plan.layout.kv_type}, because this model's cannot be kept as"
            f" {wishes.kv_type}."
        )
    if wishes.flash_attention is False and plan.layout.flash_attention:
        yield (
            "Flash attention is on, because a KV cache of type"
            f" {plan.layout.kv_type} cannot be read without it."
        )


def no_room(need: Need, machine: Machine) -> NoRoom:
    """What to say where a plan does not fit."""
    free = machine.available + sum(gpu.free for gpu in machine.gpus if not gpu.shares_memory)
    return NoRoom(
        f"This model needs {need.total / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free."
        " Close other programs or choose a smaller model."
    )
