"""The typefaces everything on screen is set in: Inter for words, JetBrains Mono for code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

from sottovoce.system.paths import resource


def load_fonts() -> None:
    """Make the bundled typefaces known to Qt. Call once, after the application object is made.

    The system lends its own for scripts they lack, such as Hindi, Thai, Arabic and Chinese.
    """
    for file in sorted(resource("fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))


@contextmanager
def fonts_listed_in(folder: Path) -> Iterator[None]:
    """Keep in this folder the list of the system's fonts that is made by whoever loads some here.

    Else fontconfig writes it into the user's cache, where the system has none for all users.
    """
    if sys.platform != "linux":
        yield
        return
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    try:
        yield
    finally:  # Programs that are started later have a cache of their own.
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before


def body_font(pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Type for words."""
    font = QFont(["Inter", "sans-serif"])
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return font


def code_font(pixels: int) -> QFont:
    """Type for code: every character as written, without ligatures that make one sign of `!=`."""
    font = QFont(["JetBrains Mono", "monospace"])
    font.setPixelSize(pixels)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFeature(QFont.Tag("calt"), 0)
    return font
