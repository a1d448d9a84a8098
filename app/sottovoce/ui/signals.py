"""Ending when a terminal or the system asks for it."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication


@contextmanager
def closed_by_signals(application: QApplication) -> Iterator[None]:
    """Inside, SIGINT and SIGTERM close all windows, as a person would."""
    with ExitStack() as undoing:
        if os.name == "posix":  # Qt watches no pipes elsewhere, and nobody sends signals there.
            undoing.enter_context(_woken_by_signals())
        for number in (signal.SIGINT, signal.SIGTERM):
            # By a timer: a window closed before Qt's loop has begun would not end it.
            before = signal.signal(
                number, lambda *_: QTimer.singleShot(0, application.closeAllWindows)
            )
            undoing.callback(signal.signal, number, before)
        yield


@contextmanager
def _woken_by_signals() -> Iterator[None]:
    """Python hears a signal at its own next step, and while Qt waits it takes none: wake it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    notifier = QSocketNotifier(reading, QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: os.read(reading, 512))
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
