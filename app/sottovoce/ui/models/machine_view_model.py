"""What this machine computes with, and how fast, as far as it was measured."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.hardware import Machine
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.plan import plan
from sottovoce.domain.problems import Problem
from sottovoce.domain.speed import Measuring, Rates
from sottovoce.domain.stop import Stop
from sottovoce.engine.engine import Engine, Loaded
from sottovoce.models.gguf import read_shape
from sottovoce.models.speed import read_rates, write_rates
from sottovoce.system.hardware import machine
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class MachineViewModel(QObject):
    """The machine as models see it: only with the GPUs that this build of llama.cpp can use."""

    changed = Signal()
    """The machine, its free memory, or its rates are known anew."""
    measuring_changed = Signal()
    failed = Signal(object)
    """A Trouble with measuring."""

    def __init__(
        self,
        engine: Engine,
        tasks: Tasks,
        speed_file: Path,
        look: Callable[[], Machine] = machine,
    ) -> None:
        super().__init__()
        self._engine = engine
        self._tasks = tasks
        self._file = speed_file
        self._look = look
        self._machine: Machine | None = None
        self._rates: Rates | None = None
        self._looks = 0
        self._fraction = 0.0
        self._measuring: Stop | None = None

    @property
    def machine(self) -> Machine | None:
        """None until it was looked at."""
        return self._machine

    @property
    def rates(self) -> Rates | None:
        """None until it was measured."""
        return self._rates

    @property
    def is_measuring(self) -> bool:
        return self._measuring is not None

    @property
    def fraction(self) -> float:
        """How much of the measuring is done, from 0 to 1."""
        return self._fraction

    def refresh(self) -> None:
        """Look again, at free memory above all."""
        self._looks += 1
        number = self._looks

        def work(stop: Stop) -> Iterator[tuple[Machine, Rates | None]]:
            found, rates, known = self._look(), read_rates(self._file), self._machine
            if not found.gpus:
                yield _without(self._engine.loaded, found), rates
            # llama.cpp may see more than we do; but where it saw no GPU, it will see none later.
            if found.gpus or known is None or known.gpus:
                found = replace(found, gpus=self._engine.devices(stop).gpus)
                yield _without(self._engine.loaded, found), rates

        def take(found: tuple[Machine, Rates | None]) -> None:
            if number == self._looks and found != (self._machine, self._rates):
                self._machine, self._rates = found
                self.changed.emit()

        self._tasks.start(work, news=take)

    def measure(self) -> None:
        """Find out how fast this machine computes. The model in memory is unloaded for it."""
        if self._measuring is not None:
            return

        def work(stop: Stop) -> Iterator[float]:
            for news in self._engine.measure(stop):
                match news:
                    case Measuring(fraction):
                        yield fraction
                    case Rates():
                        write_rates(self._file, news)

        self._fraction = 0.0
        self._measuring = self._tasks.start(
            work, news=self._advance, failed=self._fail, ended=self._end
        )
        self.measuring_changed.emit()

    def stop_measuring(self) -> None:
        if self._measuring is not None:
            self._measuring.set()

    def _advance(self, fraction: float) -> None:
        self._fraction = fraction
        self.measuring_changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)

    def _end(self) -> None:
        self._measuring = None
        self.measuring_changed.emit()
        self.refresh()


def _without(loaded: Loaded | None, machine: Machine) -> Machine:
    """The machine once the model in memory has given way, as it does before the next is loaded."""
    if loaded is None:
        return machine
    try:
        shape = read_shape(loaded.path)
    except Problem:
        return machine
    as_loaded = LoadOptions(
        context=loaded.context,
        gpu_layers=loaded.gpu_layers,
        kv_type=loaded.kv_type,
        flash_attention=loaded.flash_attention,
        batch=loaded.batch or None,
    )
    need = plan(shape, machine, as_loaded).need
    # Weights in the machine's memory are pages of a file, which count as available already.
    available = min(machine.memory, machine.available + need.window.machine)
    gpus = tuple(
        replace(gpu, free=min(gpu.total, gpu.free + taken))
        for gpu, taken in zip(machine.gpus, need.gpus, strict=True)
    )
    return replace(machine, available=available, gpus=gpus)
