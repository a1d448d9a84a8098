"""What Ctrl+C and a polite kill mean while an answer is written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sottovoce.domain.stop import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A Stop that these signals set. A second signal ends the process at once.

    Outside of it, Ctrl+C is a KeyboardInterrupt: there is nothing to bring to an end.
    """
    stop = Stop()

    def on_signal(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
