"""Light or dark: what the system wishes and what the user chose."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from sottovoce.domain.settings import Scheme
from sottovoce.ui.theme.palette import palette
from sottovoce.ui.theme.style import style
from sottovoce.ui.theme.tokens import DARK, LIGHT, Tokens


class Look(QObject):
    """The look of the whole application. It applies itself and says when it changed."""

    changed = Signal()

    def __init__(self, application: QApplication, scheme: Scheme) -> None:
        super().__init__()
        self._application = application
        self._scheme = scheme
        self._tokens = self._wanted()
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self._apply()

    @property
    def tokens(self) -> Tokens:
        return self._tokens

    @property
    def scheme(self) -> Scheme:
        """What the user chose."""
        return self._scheme

    def choose(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._follow()

    def _wanted(self) -> Tokens:
        if self._scheme is not Scheme.SYSTEM:
            return DARK if self._scheme is Scheme.DARK else LIGHT
        # Plain X11 says Unknown: light is what its other programs are.
        is_dark = self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return DARK if is_dark else LIGHT

    def _follow(self) -> None:
        wanted = self._wanted()
        if wanted is self._tokens:
            return
        self._tokens = wanted
        self._apply()
        self.changed.emit()

    def _apply(self) -> None:
        self._application.setPalette(palette(self._tokens))
        self._application.setStyleSheet(style(self._tokens))
