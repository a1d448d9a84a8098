import subprocess
import sys

COPIES_AND_ENDS = """
from PySide6.QtWidgets import QApplication
from sottovoce.ui.chat.transcript.copying import for_clipboard

application = QApplication([])
application.clipboard().setMimeData(for_clipboard("a < b", []))
print(application.clipboard().text(), application.clipboard().mimeData().formats())
"""


def test_what_was_copied_does_not_crash_the_end_of_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COPIES_AND_ENDS], capture_output=True, text=True, check=False
    )

    assert done.stdout == "a < b ['text/plain', 'text/html']\n"
    assert done.returncode == 0
