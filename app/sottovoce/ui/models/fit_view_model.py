"""How the model that is looked at would fit this machine, with a window of a chosen size."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.footprint import KvType, Shape, cache_bytes
from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import Plan
from sottovoce.domain.settings import OwnLoad
from sottovoce.models.fit import Fit, fit
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.settings.view_model import SettingsViewModel

_SMALLEST = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """What a model would take of one memory of the machine. All in bytes."""

    name: str
    free: int
    weights: int
    cache: int
    """The KV cache."""
    rest: int
    """Compute buffers, and in the machine's memory the engine's process itself."""

    @property
    def needed(self) -> int:
        return self.weights + self.cache + self.rest


class FitViewModel(QObject):
    """One model, and what a person tries out with it. Nothing is kept before they say so."""

    changed = Signal()

    def __init__(self, machine: MachineViewModel, settings: SettingsViewModel) -> None:
        super().__init__()
        self._machine = machine
        self._settings = settings
        self._path: Path | None = None
        self._shape: Shape | None = None
        self._context: int | None = None
        self._kv_type: KvType | None = None
        self._shown_own: OwnLoad | None = None
        """How the model was loaded when its trials began."""
        self._fit: Fit | None = None
        machine.changed.connect(self._work_out)
        settings.changed.connect(self._note_settings)

    @property
    def fit(self) -> Fit | None:
        """None while model or machine are not known."""
        return self._fit

    @property
    def context(self) -> int | None:
        """The window that is tried out, in tokens; None leaves it to the plan."""
        return self._context

    @property
    def kv_type(self) -> KvType | None:
        return self._kv_type

    @property
    def keeps_kv_type(self) -> bool:
        """Whether the model can have the KV type that is wished for, here or in the settings."""
        wished = self._wishes().kv_type if self._path else None
        return self._fit is None or wished in {None, self._fit.plan.layout.kv_type}

    @property
    def contexts(self) -> tuple[int, ...]:
        """The windows that are offered: powers of two and what lies between, up to the training."""
        trained = self._shape.trained if self._shape else 0
        sizes, size = [], _SMALLEST
        while size < trained:
            sizes += [size, size * 3 // 2]
            size *= 2
        return (*(each for each in sizes if each < trained), trained) if trained else ()

    @property
    def memories(self) -> tuple[Memory, ...]:
        """What would lie where: the machine's memory first, then that of each GPU."""
        if self._fit is None or self._shape is None or self._machine.machine is None:
            return ()
        return _memories(self._shape, self._machine.machine, self._fit.plan)

    @property
    def is_kept(self) -> bool:
        """Whether what is tried out is how the model is loaded anyway."""
        return self._own() == self._kept()

    @property
    def has_own(self) -> bool:
        """Whether this model is loaded in a way of its own."""
        return self._kept() != self._own_of(None, None)

    def show(self, path: Path | None, shape: Shape | None) -> None:
        """Work it out for this model; for none where there is no shape."""
        if (path, shape) == (self._path, self._shape):
            return
        self._path, self._shape = path, shape
        self._show_kept()
        self._machine.refresh()

    def try_context(self, context: int | None) -> None:
        if context != self._context:
            self._context = context
            self._work_out()

    def try_kv_type(self, kv_type: KvType | None) -> None:
        if kv_type != self._kv_type:
            self._kv_type = kv_type
            self._work_out()

    def keep(self) -> None:
        """Load this model like that from now on."""
        self._settings.change(self._settings.settings.with_own_load(self._own()))

    def reset(self) -> None:
        """Load this model as all are loaded."""
        self._settings.change(self._settings.settings.with_own_load(self._own_of(None, None)))

    def _own(self) -> OwnLoad:
        return self._own_of(self._context, self._kv_type)

    def _own_of(self, context: int | None, kv_type: KvType | None) -> OwnLoad:
        return OwnLoad(str(self._path), context, kv_type)

    def _kept(self) -> OwnLoad:
        own = self._settings.settings.own_loads
        kept = (each for each in own if each.model == str(self._path))
        return next(kept, self._own_of(None, None))

    def _note_settings(self) -> None:
        if self._kept() == self._shown_own:
            self._work_out()  # What is being tried out stays.
        else:
            self._show_kept()

    def _show_kept(self) -> None:
        kept = self._shown_own = self._kept()
        self._context, self._kv_type = kept.context, kept.kv_type
        self._work_out()

    def _work_out(self) -> None:
        machine, shape = self._machine.machine, self._shape
        self._fit = None
        if machine is not None and shape is not None:
            self._fit = fit(shape, machine, self._machine.rates, self._wishes())
        self.changed.emit()

    def _wishes(self) -> LoadOptions:
        assert self._path is not None, "There is a shape."
        settings = self._settings.settings.with_own_load(self._own())
        return settings.load_of(self._path)


def _memories(shape: Shape, machine: Machine, plan: Plan) -> tuple[Memory, ...]:
    need, cache = plan.need, cache_bytes(shape, plan.layout)
    on_machine = Memory(
        "Memory",
        machine.available,
        need.weights.machine,
        cache.machine,
        need.window.machine - cache.machine + need.process,
    )
    on_gpus = []
    for gpu, weights, window, kept in zip(
        machine.gpus, need.weights.gpus, need.window.gpus, cache.gpus, strict=True
    ):
        on_gpu = Memory(gpu.name, gpu.free, weights, kept, window - kept)
        if gpu.shares_memory:
            on_machine = Memory(
                on_machine.name,
                on_machine.free,
                on_machine.weights + on_gpu.weights,
                on_machine.cache + on_gpu.cache,
                on_machine.rest + on_gpu.rest,
            )
        else:
            on_gpus.append(on_gpu)
    return (on_machine, *on_gpus)
