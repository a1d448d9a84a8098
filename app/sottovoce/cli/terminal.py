"""Writing for people and for programs."""

import errno
import io
import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self, TextIO

import msgspec

from sottovoce.cli.layout import cut
from sottovoce.domain.hidden import spelled_out
from sottovoce.domain.problems import Cancelled, NoRoom

_ENDLESS = 1_000_000


def open_streams() -> None:
    """Make the standard streams fit for any text, and put something in the place of a closed one.

    The next file that is opened would take that place, and be written in. Other programs are read
    and written in UTF-8, wherever they run; a screen in its own encoding.
    """
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere("w")
    sys.stderr = sys.stderr or _nowhere("w")
    for stream, errors in ((sys.stdin, "strict"), (sys.stdout, "replace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors=errors)


def tell(sentence: str) -> None:
    """Write one line for the person, apart from the output that programs read."""
    with suppress(OSError):  # There is no other place to complain in.
        sys.stderr.write(visible(sentence) + "\n")
        sys.stderr.flush()


def confirm(question: str) -> None:
    """Return if the person at the terminal says yes; raise Cancelled otherwise."""
    sys.stderr.write(f"{in_line(question)} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        raise Cancelled


class Progress:
    """A line that says how far something is, if a person is looking. It goes when this is left."""

    def __init__(self) -> None:
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, sentence: str) -> None:
        """Show `sentence` in the place of the one before."""
        if sys.stderr.isatty():
            self._is_shown = True
            # A line that is too long would go on in the next one, and stay there.
            _tell_line(cut(in_line(sentence), shutil.get_terminal_size().columns - 1))

    def clear(self) -> None:
        """Leave an empty line; a line that is not ours, such as a reply's, is left as it is."""
        if self._is_shown:
            self._is_shown = False
            _tell_line("")


def write(text: str) -> None:
    """Write a reply or a message. On a screen, control characters become visible.

    Raises NoRoom, and BrokenPipeError if whoever read the output has seen enough.
    """
    _write(visible(text) if sys.stdout.isatty() else text)


def write_json(value: object, *, indent: int | None = None) -> None:
    """Write one JSON document and end the line. Raises as `write` does."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    # JSON itself allows some control characters, which must not reach a screen; and paths may hold
    # what is no text, which other programs get back only if it is spelled out.
    if sys.stdout.isatty() or not _is_text(text):
        text = json.dumps(value, indent=indent)
    _write(text + "\n")


def plain(value: object) -> dict[str, Any]:
    """A dataclass, and the ones in it, as `write_json` takes them."""
    values: dict[str, Any] = msgspec.to_builtins(value, enc_hook=os.fspath)
    return values


def visible(text: str) -> str:
    """The text with control characters spelled out, so that no reply can move the cursor."""
    return spelled_out(text)


def in_line(text: str) -> str:
    """The same for a name, which must not begin a new line either."""
    return visible(text).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def columns() -> int:
    """How wide the screen is; without end where there is none: programs want facts in one line."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _ENDLESS


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tell_line(sentence: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"\r\x1b[K{sentence}")
        sys.stderr.flush()


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    return Path(os.devnull).open(mode, encoding="utf-8")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is still buffered: Python would fail again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno in {errno.EPIPE, errno.EINVAL}:  # The second is what Windows says.
            raise BrokenPipeError from error
        raise NoRoom("The output cannot be written. Free space or choose another place.") from error
