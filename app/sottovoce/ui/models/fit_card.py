"""How the model fits this machine: a verdict, its memory, its speed, and what can be tried out."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.text import size_in_words, two_digits
from sottovoce.models.fit import Estimate, Fit, Verdict
from sottovoce.ui.models.fit_view_model import FitViewModel, Memory
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.memory_bar import MemoryBar, Swatch
from sottovoce.ui.settings.fields import KV_TYPES
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import button, card, label, set_kind

_PAGE_TOKENS = 650
"""Of a printed page of English."""
_READING_SPEED = 6
"""Tokens a person reads in a second."""
_KV_LETTERS = 10
_KINDS = {
    Verdict.WELL: "good",
    Verdict.FITS: "good",
    Verdict.SLOWLY: "warning",
    Verdict.TIGHTLY: "warning",
    Verdict.NOT: "danger",
}
_KV_NAMES = {kv_type: name.partition(":")[0] for name, kv_type in KV_TYPES}


class FitCard(QFrame):
    """Moves at once with what is tried out."""

    def __init__(self, fit: FitViewModel, machine: MachineViewModel, look: Look) -> None:
        super().__init__()
        self._fit = fit
        self._machine = machine
        self._look = look
        self.verdict = label("", wraps=True)
        self._bars = QVBoxLayout()
        self._bars.setSpacing(10)
        self._memories: list[_MemoryRow] = []
        self._speed = label("", "muted", wraps=True)
        self._build_trials()
        self._build_measuring()
        self._lay_out()
        fit.changed.connect(self._show)
        machine.changed.connect(self._show)
        machine.measuring_changed.connect(self._show_measuring)
        self._show()
        self._show_measuring()

    @property
    def memories(self) -> tuple[Memory, ...]:
        """What the bars show."""
        return self._fit.memories

    @property
    def speed(self) -> str:
        """What is said of it."""
        return self._speed.text()

    def _build_trials(self) -> None:
        fit = self._fit
        self.context = QSlider(Qt.Orientation.Horizontal)
        self.context.setAccessibleName("Context window")
        self.context.setToolTip("How many tokens of a chat the model can see.")
        self.context.setPageStep(2)
        self.context.valueChanged.connect(self._try_context)
        self._context_says = label("", "muted", wraps=True)
        self.kv_type = Choice(self._look, "KV cache")
        self.kv_type.setToolTip(
            "How precisely the model remembers the chat while it answers. "
            "Smaller types let longer chats fit."
        )
        self.kv_type.setSizeAdjustPolicy(
            Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kv_type.setMinimumContentsLength(_KV_LETTERS)
        self.kv_type.setMaximumWidth(240)
        self.kv_type.addItems(list(_KV_NAMES.values()))
        self.kv_type.currentIndexChanged.connect(
            lambda index: fit.try_kv_type(list(_KV_NAMES)[index])
        )
        self.refusal = label(
            "This model’s KV cache cannot be made smaller: it stays at 16 bits.",
            "caution",
            wraps=True,
        )
        self.keep = button("Keep for this model", fit.keep)
        self.keep.setToolTip("Load this model like that from now on")
        self.reset = button("Back to automatic", self._fit.reset, "quiet")
        self.reset.setToolTip("Load this model as the settings say")

    def _build_measuring(self) -> None:
        machine = self._machine
        self.measure = button("Measure this computer", machine.measure)
        self.measure.setToolTip("The model in memory is unloaded for it.")
        self.measuring = QProgressBar()
        self.measuring.setRange(0, 100)
        self.measuring.setTextVisible(False)
        self.measuring.setMinimumWidth(60)
        self.measuring.setAccessibleName("Measuring this computer")
        self._stop = button("Stop", machine.stop_measuring, "quiet")

    def _lay_out(self) -> None:
        frame, column = card("On this computer")
        column.addWidget(self.verdict)
        column.addLayout(self._bars)
        legend = Flow(spacing=14)
        for part, name in enumerate(("Weights", "KV cache", "Compute buffers")):
            legend.addWidget(_legend(part, name, self._look))
        column.addLayout(legend)
        cache = QHBoxLayout()
        cache.setSpacing(14)
        cache.addWidget(label("KV cache"))
        cache.addWidget(self.kv_type, 1)
        column.addSpacing(4)
        column.addWidget(label("Context window"))
        column.addWidget(self.context)
        column.addWidget(self._context_says)
        column.addSpacing(4)
        column.addLayout(cache)
        column.addWidget(self.refusal)
        kept = Flow(spacing=8)
        kept.addWidget(self.keep)
        kept.addWidget(self.reset)
        column.addLayout(kept)
        column.addSpacing(4)
        column.addWidget(self._speed)
        measuring = QHBoxLayout()
        measuring.setSpacing(10)
        measuring.addWidget(self.measure)
        measuring.addWidget(self.measuring, 1)
        measuring.addWidget(self._stop)
        measuring.addStretch()
        column.addLayout(measuring)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def _show(self) -> None:
        fit = self._fit.fit
        self.setVisible(fit is not None)
        if fit is None:
            return
        self.verdict.setText(fit.says)
        set_kind(self.verdict, "kind", _KINDS[fit.verdict])
        self._show_memories(self._fit.memories)
        self._show_trials(fit)
        self._speed.setText(speed_in_words(fit))
        is_measured = self._machine.rates is not None
        self.measure.setText("Measure again" if is_measured else "Measure this computer")
        set_kind(self.measure, "kind", "quiet" if is_measured else "")

    def _show_memories(self, memories: Sequence[Memory]) -> None:
        while len(self._memories) > len(memories):
            gone = self._memories.pop()
            gone.hide()
            gone.deleteLater()
        for row, memory in zip(self._memories, memories, strict=False):
            row.show_memory(memory)
        for memory in memories[len(self._memories) :]:
            row = _MemoryRow(memory, self._look)
            self._memories.append(row)
            self._bars.addWidget(row)

    def _show_trials(self, fit: Fit) -> None:
        contexts, context = self._fit.contexts, self._fit.context
        # The lowest place of the slider leaves the size to the plan.
        place = 0 if context is None else _nearest(contexts, context) + 1
        with QSignalBlocker(self.context):
            self.context.setRange(0, len(contexts))
            self.context.setValue(place)
        layout, limit = fit.plan.layout, fit.plan.context_limit
        if context is not None:
            says = f"{layout.context:,} tokens"
        elif limit > layout.context:
            says = f"Automatic: {layout.context:,} tokens, growing up to {limit:,}"
        else:
            says = f"Automatic: {layout.context:,} tokens"
        self._context_says.setText(says)
        self.context.setAccessibleDescription(says)
        with QSignalBlocker(self.kv_type):
            self.kv_type.setCurrentIndex(list(_KV_NAMES).index(self._fit.kv_type))
            self.kv_type.setItemText(0, f"Automatic ({_KV_NAMES[layout.kv_type]})")
        self.refusal.setVisible(not self._fit.keeps_kv_type)
        self.keep.setVisible(not self._fit.is_kept)
        self.reset.setVisible(self._fit.has_own)

    def _try_context(self, place: int) -> None:
        self._fit.try_context(self._fit.contexts[place - 1] if place else None)

    def _show_measuring(self) -> None:
        is_measuring = self._machine.is_measuring
        self.measure.setVisible(not is_measuring)
        self.measuring.setVisible(is_measuring)
        self.measuring.setValue(round(100 * self._machine.fraction))
        self._stop.setVisible(is_measuring)


class _MemoryRow(QWidget):
    """The name of a memory, how much is needed and free, and the bar."""

    def __init__(self, memory: Memory, look: Look) -> None:
        super().__init__()
        self._name = label(memory.name)
        self._says = label("", "muted")
        self._bar = MemoryBar(memory, look)
        words = QHBoxLayout()
        words.addWidget(self._name, 1)
        words.addWidget(self._says)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(words)
        column.addWidget(self._bar)
        self.show_memory(memory)

    def show_memory(self, memory: Memory) -> None:
        self._name.setText(memory.name)
        self._says.setText(f"{size_in_words(memory.needed)} of {size_in_words(memory.free)} free")
        self._bar.show_memory(memory)


def _legend(part: int, name: str, look: Look) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(Swatch(part, look), 0, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(label(name, "muted"))
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def _nearest(contexts: Sequence[int], context: int) -> int:
    return min(range(len(contexts)), key=lambda place: abs(contexts[place] - context))


def speed_in_words(fit: Fit) -> str:
    """How fast it writes and reads, as far as that can be foretold."""
    if fit.verdict is Verdict.NOT:
        return ""
    if fit.generation is None:
        return "Measuring takes a few seconds, and foretells how fast models are here."
    writes = f"Writes about {_figure(fit.generation)}, {_compared(fit.generation.likely)}."
    if fit.prompt is None:
        return writes
    seconds = _PAGE_TOKENS / fit.prompt.likely
    page = "less than a second" if seconds < 1 else f"about {_duration(seconds)}"
    return f"{writes}\nReads about {_figure(fit.prompt)}: a page takes {page}."


def _figure(speed: Estimate) -> str:
    low, likely, high = map(two_digits, (speed.low, speed.likely, speed.high))
    return f"{likely} tokens a second ({low} to {high})"


def _compared(speed: float) -> str:
    if speed >= 2 * _READING_SPEED:
        return "much faster than people read"
    if speed >= _READING_SPEED:
        return "as fast as people read"
    return "slower than people read" if speed >= 1 else "which takes a lot of patience"


def _duration(seconds: float) -> str:
    if seconds < 100:
        whole = round(seconds)
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{round(seconds / 60)} minutes"
