"""What is said between the program and the processes that read documents for it.

Where processes can fork, one is told what to read, and is handed over the end of a pipe for each
document: the fork that reads it tells into that, and no other ever does. Another process is told
what stands in small plain texts, one after the other.
"""

import sys
from typing import TypeAlias

from sottovoce.domain.document import Page
from sottovoce.library.formats.news import About, Partly
from sottovoce.system.child import Failed, Locked, Message

TOO_MUCH = "To read this takes more time or memory than it should. Split it, or save it anew."


FORKS = sys.platform != "win32"
"""Whether a process that reads can be the fork of one that has all at hand."""


class Read(Message, frozen=True):
    """Read this file."""

    path: bytes
    """As the file system has it; it may be no valid text."""
    seconds: int
    """Of processor time that it may take."""
    page_seconds: float
    """Of processor time, from one news to the next."""
    scan_seconds: float
    """The same, where pages may be scanned."""


class ReadTexts(Message, frozen=True):
    """Read the plain texts that follow, and never anything else."""

    seconds: int
    """Of processor time that it may take for all of them."""


class Text(Message, frozen=True):
    """What stands in a file, which seems to be a plain text."""

    name: bytes
    """Of the file, as the file system has it."""
    data: bytes
    seconds: float
    """Of processor time that it may take."""


Order: TypeAlias = Read | ReadTexts | Text


class Begun(Message, frozen=True):
    """What it is that is being read. Comes first."""

    about: About


class Turned(Message, frozen=True):
    """A page was read."""

    page: Page


class Skipped(Message, frozen=True):
    """Something could not be read."""

    partly: Partly


class Ended(Message, frozen=True):
    """Everything was read."""


class Over(Message, frozen=True):
    """The fork that read the last document has ended. Only the process that forks says so."""

    exit_code: int
    """As subprocess tells it."""


Told: TypeAlias = Locked | Begun | Turned | Skipped | Ended | Failed | Over
