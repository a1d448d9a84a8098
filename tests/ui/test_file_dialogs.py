"""Which folders somebody opened is for nobody to read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_CHOOSES = """
import sys
from pathlib import Path
from unittest.mock import patch

import shiboken6
from PySide6.QtWidgets import QApplication, QFileDialog
from sottovoce.engine.process import ProcessEngine
from sottovoce.models.remote import Remote
from sottovoce.system.paths import profile
from sottovoce.ui import application

def choose(_):
    dialog = QFileDialog(None, "Choose", sys.argv[1])
    dialog.show()
    dialog.reject()
    shiboken6.delete(dialog)

folder = profile(Path(sys.argv[2]))
parts = application.WindowParts(folder, ProcessEngine(), lambda: None, Remote(folder))
with patch.object(application.Session, "start", choose), patch.object(QApplication, "exec", int):
    application.run(parts)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's own dialogs are used")
def test_a_file_dialog_writes_nowhere_which_folder_was_opened(tmp_path: Path) -> None:
    home, opened = tmp_path / "home", tmp_path / "porphyry"
    home.mkdir()
    opened.mkdir()
    subprocess.run(
        [sys.executable, "-c", _CHOOSES, str(opened), str(tmp_path / "profile")],
        env=os.environ
        | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "QT_QPA_PLATFORM": "offscreen",
        },
        check=True,
        timeout=60,
    )
    written = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert not any(b"porphyry" in each.read_bytes() for each in written)
