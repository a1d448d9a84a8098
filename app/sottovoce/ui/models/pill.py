"""The model at the top of the window: its name, its state, and the menu to change it."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QToolButton

from sottovoce.domain.model import Model
from sottovoce.domain.text import size_in_words
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.models.view_model import ModelState, ModelViewModel
from sottovoce.ui.theme.icons import icon, icon_pixmap
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.parts import rounded, shortened, tint

_DOT = 7
_DOT_FROM_RIGHT = 38
_MOST = 12
"""Models in the menu; the page of models has all."""
_LONGEST = 40
"""Letters of a name."""
_STARTER = (
    "SmolLM2 135M is a small starter model that comes with Sottovoce. It answers at once,\n"
    "but it knows little and is often wrong. It is not Llama 3.1: choose a larger model file for "
    "that."
)


class ModelPill(QToolButton):
    """A button that opens the models' menu."""

    file_asked = Signal()
    models_asked = Signal()

    def __init__(
        self,
        model: ModelViewModel,
        shelf: ShelfViewModel,
        look: Look,
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.setObjectName("model")
        self._model = model
        self._shelf = shelf
        self._look = look
        self._is_busy = is_busy
        self._menu = rounded(QMenu(self))
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        tint(self, look, "cpu", "accent")
        model.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        model = self._model.model
        name = model.name if model else "Choose a model"
        state = {
            ModelState.NONE: "",
            ModelState.RESTING: "not loaded yet; the first question loads it",
            ModelState.LOADING: f"loading, {self._model.fraction:.0%}",
            ModelState.LOADED: "loaded",
        }[self._model.state]
        # The spaces leave room for what paintEvent draws.
        self.setText(f" {shortened(name, _LONGEST).replace('&', '&&')}          ")
        self.setAccessibleName(f"Model: {name}{', ' if state else ''}{state}")
        says = f"{name}: {state}" if state else "Choose the model that answers."
        self.setToolTip(tip(f"{says}\n\n{_STARTER}" if model and model.is_starter else says))
        self.update()

    def _fill(self) -> None:
        """Say how things stand, then what can be done."""
        menu, model, colour = self._menu, self._model, self._look.tokens.muted
        menu.clear()
        for line in self._facts():
            menu.addAction(line).setEnabled(False)
        menu.addSeparator()
        if model.state is ModelState.RESTING:
            menu.addAction(icon("play", colour), "Load now", model.load)
        if model.state is ModelState.LOADING:
            menu.addAction(icon("square", colour), "Stop loading", model.stop_loading)
        if model.loaded:
            unload = menu.addAction(icon("x", colour), "Unload", model.unload)
            unload.setEnabled(not self._is_busy())
        menu.addSeparator()
        models = self._shelf.chat_models
        for each in self._few_of(models):
            self._add_choice(each)
        menu.addSeparator()
        menu.addAction(icon("folder-open", colour), "Choose a model file…", self.file_asked.emit)
        menu.addAction(
            icon("boxes", colour),
            f"All {len(models)} models…" if len(models) > _MOST else "All models…",
            self.models_asked.emit,
        )

    def _few_of(self, models: Sequence[Model]) -> Sequence[Model]:
        """As many as a menu can hold, the one that answers among them."""
        answers = [each for each in models[_MOST:] if each == self._model.model]
        return [*models[: _MOST - len(answers)], *answers]

    def _add_choice(self, model: Model) -> None:
        """A model of the list, ticked if it is the one that answers."""
        quantisation = f"  {model.quantisation}" if model.quantisation else ""
        name = shortened(model.name, _LONGEST).replace("&", "&&")
        text = name if model.is_starter else f"{name}{quantisation}"
        action = self._menu.addAction(text, partial(self._model.choose, model.path))
        action.setCheckable(True)
        action.setChecked(self._model.model is not None and self._model.model.path == model.path)
        action.setToolTip(tip(_STARTER if model.is_starter else str(model.path)))

    def _facts(self) -> list[str]:
        model, loaded = self._model.model, self._model.loaded
        if model is None:
            return ["No model is chosen"]
        facts = [shortened(model.name, _LONGEST).replace("&", "&&")]
        if self._model.state is ModelState.LOADED and loaded is not None:
            layers = f", {loaded.gpu_layers} layers on the GPU" if loaded.gpu_layers else ""
            attention = "on" if loaded.flash_attention else "off"
            facts += [
                f"Context window: {loaded.context:,} of up to {loaded.context_limit:,} tokens",
                f"Memory: {size_in_words(loaded.memory)}",
                f"Computed by {loaded.backend}{layers}",
                f"KV cache in {loaded.kv_type.upper()}, flash attention {attention}",
            ]
        else:
            quantisation = f", {model.quantisation}" if model.quantisation else ""
            facts.append(f"{size_in_words(model.size)}{quantisation}, {model.architecture}")
        return facts

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the state beside the name: a dot, or how far the load is."""
        super().paintEvent(event)
        tokens, state = self._look.tokens, self._model.state
        colour = {
            ModelState.NONE: tokens.warning,
            ModelState.RESTING: tokens.muted,
            ModelState.LOADING: tokens.accent,
            ModelState.LOADED: tokens.good,
        }[state]
        side = 12 if state is ModelState.LOADING else _DOT
        middle = self.width() - _DOT_FROM_RIGHT
        place = QRectF(middle - side / 2, (self.height() - side) / 2, side, side)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state is ModelState.LOADING:
            painter.setPen(QPen(QColor(tokens.line), 2))
            painter.drawEllipse(place)
            painter.setPen(QPen(QColor(colour), 2))
            # Qt counts sixteenths of a degree, and goes round against the clock.
            painter.drawArc(place, 90 * 16, -round(self._model.fraction * 360 * 16))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawEllipse(place)
        chevron = icon_pixmap("chevron-down", tokens.muted, 14, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - 26, (self.height() - 14) // 2, chevron)
        painter.end()
