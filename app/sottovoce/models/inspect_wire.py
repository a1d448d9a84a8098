"""What is said between the program and the process that looks into a file for it."""

import os
from pathlib import Path
from typing import TypeAlias

import msgspec

from sottovoce.models.inspection import Inspection
from sottovoce.system.child import Failed, Locked, Message

TOO_MUCH = "To look into this file takes more time or memory than any model should. Choose another."


class Examine(Message, frozen=True):
    """The only order: look into this file."""

    path: bytes
    """As the file system has it; it may be no valid text."""


class Examined(Message, frozen=True):
    """What it found."""

    inspection: bytes
    """As packed() wrote it."""


News: TypeAlias = Locked | Examined | Failed


def packed(inspection: Inspection) -> bytes:
    """An inspection, for a message."""
    return msgspec.msgpack.encode(inspection, enc_hook=os.fsencode)


def unpacked(data: bytes) -> Inspection:
    """The inspection that packed() wrote. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(data, type=Inspection, dec_hook=_path)


def _path(kind: type, data: bytes) -> Path:
    return Path(os.fsdecode(data))
