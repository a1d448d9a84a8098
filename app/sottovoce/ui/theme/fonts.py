"""The typefaces everything on screen is set in: Inter for words, JetBrains Mono for code."""

from PySide6.QtGui import QFont, QFontDatabase

from sottovoce.system.paths import resource


def load_fonts() -> None:
    """Make the bundled typefaces known to Qt. Call once, after the application object is made.

    The system lends its own for scripts they lack, such as Hindi, Thai, Arabic and Chinese.
    """
    for file in sorted(resource("fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))


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
