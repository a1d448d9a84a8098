"""The log: what happened and where in the code, and not a word of the user's."""

import logging
import os
import sys
import threading
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from sottovoce.system.files import only_for_owner

_PR_SET_DUMPABLE = 4


def start_logging(folder: Path, level: str = "INFO") -> logging.Handler:
    """Write what Sottovoce's own modules log into `folder`; return what must be closed at the end.

    Libraries are not listened to: what they log may hold anything. Where nothing can be written,
    nothing is: who only wants to look needs no log.
    """
    path = folder / "sottovoce.log"
    handler: logging.Handler
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = LogFile(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(Wordless())
    ours = logging.getLogger("sottovoce")
    ours.setLevel(level)
    ours.propagate = False
    ours.addHandler(handler)
    return handler


def print_log() -> None:
    """Print what a log file would hold, and of crashes as much; a child's parent keeps that.

    Python's own words about a crash, and those of some libraries, name files.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(Wordless())
    ours = logging.getLogger("sottovoce")
    ours.setLevel(logging.INFO)
    ours.propagate = False
    ours.addHandler(handler)
    logging.getLogger().addHandler(logging.NullHandler())
    sys.excepthook = lambda kind, error, trace: ours.error(describe(error))
    threading.excepthook = lambda crash: ours.error(describe(crash.exc_value or crash.exc_type()))


def describe(error: BaseException) -> str:
    """Return an error's kind and origin; its message, which may quote the user, is left out."""
    lines = []
    link: BaseException | None = error
    while link is not None:
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}")
        for frame, line in traceback.walk_tb(link.__traceback__):
            file = Path(frame.f_code.co_filename)
            lines.append(f"  {file.parent.name}/{file.name}:{line} {frame.f_code.co_qualname}")
        link = link.__cause__ or link.__context__
    return "\n".join(lines)


def harden() -> None:
    """Keep the memory of this process, with all that was typed, out of core dumps.

    SOTTOVOCE_DEBUGGER in the environment leaves it open, as a debugger needs it.
    """
    if os.name != "posix" or "SOTTOVOCE_DEBUGGER" in os.environ:
        return
    # Imported late: these exist only where they are of use, and only here.
    import ctypes
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class LogFile(RotatingFileHandler):
    """A log file that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, opener=only_for_owner)

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: a log that cannot be written is no reason to print what it may not hold."""

    def close(self) -> None:
        logging.getLogger("sottovoce").removeHandler(self)
        super().close()


class Wordless(logging.Formatter):
    """Writes a message with its numbers; of any other argument, and of errors, only the kind."""

    def format(self, record: logging.LogRecord) -> str:
        template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        arguments = record.args if isinstance(record.args, tuple) else (record.args,)
        harmless = tuple(
            argument if isinstance(argument, int | float) else type(argument).__name__
            for argument in arguments
        )
        message = template % harmless if record.args else template
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {message}"
        error = record.exc_info[1] if record.exc_info else None
        return line if error is None else f"{line}\n{describe(error)}"
