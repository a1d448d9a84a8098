"""Line icons in any colour, sharp on any screen."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from sottovoce.system.paths import resource


def icon_pixmap(name: str, colour: str, pixels: int, ratio: float) -> QPixmap:
    """The icon `pixels` wide and high for a screen with this many device pixels to a pixel.

    `name` is the file's in resources/icons, `colour` is #rrggbb.
    """
    key = f"icon/{name}/{colour}/{pixels}/{ratio}"
    kept = QPixmap()
    if QPixmapCache.find(key, kept):
        return kept

    side = round(pixels * ratio)
    drawn = QPixmap(side, side)
    drawn.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, drawn)
    return drawn


def icon(name: str, colour: str, pixels: int = 18) -> QIcon:
    """The icon for buttons and menus that show it `pixels` wide."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    made = QIcon()
    for each in {1.0, ratio}:
        made.addPixmap(icon_pixmap(name, colour, pixels, each))
    return made


def application_icon() -> QIcon:
    """The icon of Sottovoce itself, for its windows and wherever the system lists them."""
    made = QIcon()
    # Drawn here: what Qt would draw vector files with by itself need not come along.
    renderer = QSvgRenderer(str(resource("sottovoce.svg")))
    for side in (16, 24, 32, 48, 64, 128, 256):
        drawn = QPixmap(side, side)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
        made.addPixmap(drawn)
    return made


@cache
def _drawing(name: str) -> str:
    return (resource("icons") / f"{name}.svg").read_text(encoding="utf-8")
