"""Sees whether the window would open on this computer, and opens none."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtWidgets import QApplication

# Nothing of it is used: that it is there, with all that it imports, is the question.
from sottovoce.ui import shell  # noqa: F401
from sottovoce.ui.theme.fonts import fonts_listed_in, load_fonts


def try_out() -> None:
    """Return if Qt finds its parts and a display to draw on; else it ends the process.

    Where there is no display, only commands are used, and a display in memory serves as well.
    """
    if sys.platform == "linux" and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with TemporaryDirectory() as folder, fonts_listed_in(Path(folder)):
        application = QApplication(["sottovoce"])
        load_fonts()
    application.quit()
