"""Makes every form of the application's icon from its one drawing, `resources/sottovoce.svg`.

    forms.py FOLDER

Written into FOLDER, which is made: `sottovoce-16.png` to `sottovoce-512.png` for Linux,
`sottovoce.ico` for Windows, `sottovoce.bmp` for its installer, and `sottovoce.icns` for macOS. The
same bytes come out for the same release of Qt and Pillow.
"""

import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

DRAWING = Path(__file__).parents[2] / "resources" / "sottovoce.svg"
LINUX_SIDES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
WINDOWS_SIDES = (16, 20, 24, 32, 40, 48, 64, 256)
"""Small icons at 100, 125, 150 and 200 %, large ones at the same, and the largest of Explorer."""
BANNER = (328, 628)
"""Twice what the installer asks for: it is shrunk where nothing on the screen is enlarged."""
BANNER_COLOUR = "#f6f6f7"
"""That of the window's sidebar."""
MAC_SIDES = (16, 32, 64, 128, 256, 512, 1024)
MAC_MARGIN = 100 / 1024
"""Left free on each side, as the grid of Apple's icons has it: the Dock scales nothing."""


def main(arguments: list[str]) -> int:
    """Write all forms into the folder that the argument names, and return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(str(__doc__))
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for side in LINUX_SIDES:
        drawn(side).save(folder / f"sottovoce-{side}.png")
    write_ico(folder / "sottovoce.ico")
    write_banner(folder / "sottovoce.bmp")
    write_icns(folder / "sottovoce.icns")
    return 0


def drawn(side: int, margin: float = 0.0) -> Image.Image:
    """Return the icon, `side` pixels wide and high, with that part of it left free on each side."""
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    free = side * margin
    painter = QPainter(image)
    renderer = QSvgRenderer(str(DRAWING))
    renderer.render(painter, QRectF(free, free, side - 2 * free, side - 2 * free))
    painter.end()
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)  # It owns the bytes it shows.
    return Image.frombytes("RGBA", (side, side), bytes(plain.constBits()))


def write_ico(path: Path) -> None:
    """Write the icon of Windows: each size drawn anew, none shrunk from a larger one."""
    *small, largest = [drawn(side) for side in WINDOWS_SIDES]
    largest.save(
        path, format="ICO", append_images=small, sizes=[(side, side) for side in WINDOWS_SIDES]
    )


def write_banner(path: Path) -> None:
    """Write the picture at the side of the installer."""
    width, height = BANNER
    picture, icon = Image.new("RGB", BANNER, BANNER_COLOUR), drawn(width // 2)
    picture.paste(icon, ((width - icon.width) // 2, (height - icon.height) // 3), icon)
    picture.save(path)


def write_icns(path: Path) -> None:
    """Write the icon of macOS, with its margin."""
    *small, largest = [drawn(side, MAC_MARGIN) for side in MAC_SIDES]
    largest.save(path, format="ICNS", append_images=small)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
