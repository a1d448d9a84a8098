"""Labels, buttons and frames in the kinds the style sheet knows."""

import re
from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.hidden import revealed
from sottovoce.ui.theme.icons import icon, icon_pixmap
from sottovoce.ui.theme.scheme import Look

_WIDEST = 900


def label(text: str = "", kind: str = "", *, wraps: bool = False) -> QLabel:
    """Text that is only ever text: Qt would read markup, and open files it names, by itself."""
    made = _Label()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setProperty("kind", kind)
    made.setWordWrap(wraps)
    return made


def breakable(text: str) -> str:
    """`text` for a label that wraps, with places to break inside paths and names of files."""
    return re.sub(r"(?<=[/\\_.-])(?=.)", "\N{ZERO WIDTH SPACE}", text)


def shortened(name: str, most: int) -> str:
    """A long name without its middle: what tells files apart is mostly at their end."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-most // 2 :]}"


def button(text: str, clicked: Callable[[], object], kind: str = "") -> QPushButton:
    """A button with words on it. It takes the focus by Tab, not by a click."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAutoDefault(False)
    made.clicked.connect(lambda: clicked())
    return made


def icon_button(look: Look, name: str, says: str, clicked: Callable[[], object]) -> QToolButton:
    """A button with an icon on it; `says` is its tooltip and what a screen reader reads."""
    made = QToolButton()
    made.setToolTip(says)
    made.setAccessibleName(says.split(" (")[0])
    made.setIconSize(QSize(18, 18))
    made.clicked.connect(lambda: clicked())
    tint(made, look, name)
    return made


def tint(target: QToolButton | QPushButton, look: Look, name: str, colour: str = "muted") -> None:
    """Give a button an icon in one of the look's colours, now and whenever the look changes."""

    def draw() -> None:
        target.setIcon(icon(name, getattr(look.tokens, colour), target.iconSize().width()))

    follow(target, look, draw)


def picture(look: Look, name: str, pixels: int, colour: str = "accent") -> QLabel:
    """An icon that is not to be clicked."""
    made = QLabel()

    def draw() -> None:
        shown = getattr(look.tokens, colour)
        made.setPixmap(icon_pixmap(name, shown, pixels, made.devicePixelRatioF()))

    follow(made, look, draw)
    return made


def card(heading: str = "") -> tuple[QFrame, QVBoxLayout]:
    """A frame around what belongs together, and the column to put it in."""
    made = QFrame()
    made.setObjectName("card")
    column = QVBoxLayout(made)
    column.setContentsMargins(18, 14, 18, 16)
    column.setSpacing(10)
    if heading:
        column.addWidget(label(heading, "heading"))
    return made, column


def scrolled_column() -> tuple[QScrollArea, QVBoxLayout]:
    """A page that scrolls, and the column to fill it with, no wider than is good to read."""
    inner = QWidget()
    inner.setObjectName("scrolled")
    inner.setMaximumWidth(_WIDEST)
    column = QVBoxLayout(inner)
    column.setContentsMargins(18, 16, 18, 16)
    column.setSpacing(10)
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    made.setWidget(inner)
    return made, column


def rounded(menu: QMenu) -> QMenu:
    """The menu, without the corners of a window behind its own round ones."""
    menu.setWindowFlags(menu.windowFlags() | Qt.WindowType.FramelessWindowHint)
    menu.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    return menu


def follow(target: QWidget, look: Look, draw: Callable[[], None]) -> None:
    """Have `target` drawn now, and whenever the look changes while it is there."""
    draw()
    look.changed.connect(_Follower(target, draw).redraw)


def set_kind(target: QWidget, name: str, value: str) -> None:
    """Change a property the style sheet looks at, and have it look again."""
    if target.property(name) == value:
        return
    target.setProperty(name, value)
    target.style().unpolish(target)
    target.style().polish(target)


class _Follower(QObject):
    """Redraws its parent, and is not called any more once that is gone."""

    def __init__(self, parent: QWidget, draw: Callable[[], None]) -> None:
        super().__init__(parent)
        self._draw = draw

    def redraw(self) -> None:
        self._draw()


class _Label(QLabel):
    """Shows signs for what cannot be seen."""

    def setText(self, text: str) -> None:
        super().setText(revealed(text))
