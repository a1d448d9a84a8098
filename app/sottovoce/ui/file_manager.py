"""The system's file manager, opened where a file lies."""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices

_NAME = "org.freedesktop.FileManager1"


def show_in_folder(path: Path) -> None:
    """Open the folder of `path`, with the file selected where the file manager can do that."""
    match sys.platform:
        case "darwin":
            QProcess.startDetached("open", ["-R", str(path)])
        case "win32":
            QProcess.startDetached("explorer", ["/select,", str(path)])
        case _:
            _ask_file_manager(path)


def _ask_file_manager(path: Path) -> None:
    # Late, for start-up: few ever ask for it.
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        _open_folder(path)
        return
    where = "/" + _NAME.replace(".", "/")
    request = QDBusMessage.createMethodCall(_NAME, where, _NAME, "ShowItems")
    address = QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    request.setArguments([[address], ""])
    answered = QDBusPendingCallWatcher(bus.asyncCall(request))

    def end() -> None:
        if answered.isError():
            _open_folder(path)
        answered.deleteLater()

    answered.finished.connect(end)


def _open_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
