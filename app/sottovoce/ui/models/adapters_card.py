"""The LoRA adapters of a model: a switch and a strength for each."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from sottovoce.domain.text import size_in_words
from sottovoce.models.adapters import AdapterItem
from sottovoce.ui.models.adapters_view_model import AdaptersViewModel
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.parts import button, card, icon_button, label

_STEPS = 20
"""Of the slider, to a scale of 1."""


class AdaptersCard(QFrame):
    """Lists those that fit, and offers to add one."""

    import_asked = Signal()

    def __init__(self, adapters: AdaptersViewModel, look: Look) -> None:
        super().__init__()
        self._adapters = adapters
        self._look = look
        self._rows: list[AdapterRow] = []
        frame, column = card("Adapters")
        self._says = label("", "muted", wraps=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(10)
        self.add = button("Add an adapter…", self.import_asked.emit)
        self.add.setToolTip("A GGUF file with a LoRA adapter that was made for this model")
        column.addWidget(self._says)
        column.addLayout(self._list)
        column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        adapters.changed.connect(self._show)
        self._show()

    @property
    def rows(self) -> tuple["AdapterRow", ...]:
        return tuple(self._rows)

    def _show(self) -> None:
        items = self._adapters.items
        if [row.adapter for row in self._rows] != list(items):
            for gone in self._rows:
                gone.hide()
                gone.deleteLater()
            self._rows = [AdapterRow(item, self._adapters, self._look) for item in items]
            for row in self._rows:
                self._list.addWidget(row)
        for row in self._rows:
            row.show_state()
        says = "A LoRA adapter changes how a model answers without changing its file."
        if self._adapters.others:
            says += f" Not listed: {self._adapters.others} for other kinds of models."
        if items:
            says += " What is switched on holds from the next reply on."
        self._says.setText(says)


class AdapterRow(QWidget):
    """One adapter."""

    def __init__(self, adapter: AdapterItem, adapters: AdaptersViewModel, look: Look) -> None:
        super().__init__()
        self.adapter = adapter
        self._adapters = adapters
        self.switch = Check(adapter.name.replace("&", "&&"), look)
        self.switch.setToolTip(tip(adapter.trouble or str(adapter.path)))
        self.switch.setEnabled(not adapter.trouble)
        self.switch.toggled.connect(lambda is_on: adapters.attach(adapter, is_on=is_on))
        self.scale = QSlider(Qt.Orientation.Horizontal)
        self.scale.setRange(0, 2 * _STEPS)
        self.scale.setPageStep(_STEPS // 4)
        self.scale.setMinimumWidth(90)
        self.scale.setMaximumWidth(200)
        self.scale.setAccessibleName(f"Strength of {adapter.name}")
        self.scale.setToolTip("How strongly it changes the model: 1 is as it was trained")
        self.scale.valueChanged.connect(lambda step: adapters.set_scale(adapter, step / _STEPS))
        self._figure = label("", "muted")
        self._figure.setFixedWidth(32)
        remove = icon_button(
            look, "trash-2", f"Remove {adapter.name}", lambda: adapters.remove(adapter)
        )
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addWidget(self.switch, 1)
        first.addWidget(self.scale, 1)
        first.addWidget(self._figure)
        first.addWidget(remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(first)
        column.addWidget(
            label(_about(adapter), "danger" if adapter.trouble else "muted", wraps=True)
        )

    def show_state(self) -> None:
        """Show what is attached now."""
        is_on, scale = self._adapters.is_attached(self.adapter), self._adapters.scale(self.adapter)
        with QSignalBlocker(self.switch), QSignalBlocker(self.scale):
            self.switch.setChecked(is_on)
            self.scale.setValue(round(scale * _STEPS))
        self.scale.setEnabled(is_on)
        self._figure.setText(f"{scale:.2f}")
        self.scale.setAccessibleDescription(self._figure.text())


def _about(adapter: AdapterItem) -> str:
    if adapter.trouble or adapter.lora is None:
        return adapter.trouble
    said = [size_in_words(adapter.size), f"rank {adapter.lora.rank}"]
    said += [f"made for {adapter.lora.base}"] if adapter.lora.base else []
    said += ["linked"] if adapter.is_linked else []
    return " · ".join(said)
