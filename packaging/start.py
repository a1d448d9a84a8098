"""Where the frozen program begins: its window, and what is without one."""

import os
import sys

from sottovoce.__main__ import main

# PyInstaller lets both find their libraries by this. Programs of the system, such as the browser
# that a link opens in, have libraries of their own.
for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
    if os.environ.pop(name, None) and (before := os.environ.pop(f"{name}_ORIG", None)):
        os.environ[name] = before
# Else a program that is begun anew takes itself for one that has them already, and does not look.
os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"

sys.exit(main())
