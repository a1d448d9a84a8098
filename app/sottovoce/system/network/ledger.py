"""The ledger: every connection that was made or refused, in a file that anybody can read."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

import msgspec

from sottovoce.domain.problems import NoRoom, Problem, Refused
from sottovoce.system.files import only_for_owner, writing_translated

_LARGEST = 1_000_000
"""Bytes of the file after which a new one begins; the one before is kept, and no other."""
_BEGINNING = b'{"type":'
"""Of every line, and nowhere in one: quotes in a text are escaped."""
_YEARS = range(1970, 9999)
"""Others cannot be told in every time zone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A connection that was made or refused."""

    moment: datetime
    """In UTC, with its time zone."""
    is_allowed: bool
    purpose: str
    host: str
    """Empty where the attempt did not get as far as naming one."""
    port: int | None
    received: int | None = None
    """Bytes; None while no process has told. Of a process that was killed, the last it told."""
    sent: int | None = None


class Ledger:
    """The ledger of a profile. Any process may add to it at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_suffix(".1.jsonl")
        self._held: int | None = None

    def hold(self) -> None:
        """Add to the file that is there now, also when it has become the older one.

        For who is locked in with that and cannot open another. Raises NoRoom or Refused.
        """
        with writing_translated(), self._opened() as file:
            self._held = os.dup(file.fileno())

    def refuse(self, purpose: str, host: str = "", port: int | None = None) -> None:
        """Note an attempt that was refused. It stays refused if it cannot be noted."""
        with suppress(Problem):
            self._add(_Line(datetime.now(UTC), "refused", purpose, host, port))

    def allow(self, purpose: str, host: str, port: int) -> str:
        """Note a connection about to be made, and return its name for `count`.

        Raises NoRoom or Refused: what cannot be noted is not to be made.
        """
        name = secrets.token_hex(8)
        self._add(_Line(datetime.now(UTC), "allowed", purpose, host, port, name))
        return name

    def count(self, name: str, *, received: int, sent: int) -> None:
        """Note how many bytes have gone through the connection of this name since it was made."""
        with suppress(Problem):
            self._add(_Count(name, received, sent))

    def entries(self) -> list[Entry]:
        """What is noted, oldest first. What cannot be understood is left out."""
        entries: list[Entry] = []
        place: dict[str, int] = {}
        for line in self._lines():
            match line:
                case _Line() if line.time.year in _YEARS:
                    place[line.connection] = len(entries)
                    is_allowed = line.verdict == "allowed"
                    entries.append(Entry(line.time, is_allowed, line.purpose, line.host, line.port))
                case _Count(connection, received, sent) if connection in place:
                    at = place[connection]
                    entries[at] = replace(entries[at], received=received, sent=sent)
        return entries

    def clear(self) -> None:
        """Forget all that is noted. Raises Refused."""
        with writing_translated():
            for path in (self._older, self._path):
                with suppress(FileNotFoundError):
                    os.truncate(path, 0)  # Somebody may hold it.

    def _lines(self) -> "Iterator[_Line | _Count]":
        for path in (self._older, self._path):
            try:
                lines = path.read_bytes().splitlines()
            except OSError:
                continue
            for line in lines:
                # A full disk may have cut the one before it short, which then had no end.
                whole = line[max(line.rfind(_BEGINNING), 0) :]
                with suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield _DECODER.decode(whole)

    def _add(self, line: "_Line | _Count") -> None:
        # In one piece at the end of the file: lines of several processes do not mix.
        text = msgspec.json.encode(line) + b"\n"
        with writing_translated():
            with self._opened() as file:
                if file.write(text) < len(text):
                    raise NoRoom("The disk is full. Free some space and try again.")
                state = os.fstat(file.fileno())
            if state.st_size > _LARGEST:
                with suppress(OSError):  # Another process has it open.
                    # Or began a new one meanwhile, which is not to take the place of the older.
                    if os.path.samestat(state, self._path.stat()):
                        self._path.replace(self._older)

    def _opened(self) -> FileIO:
        if self._held is None:
            return open(self._path, "ab", buffering=0, opener=only_for_owner)
        if not os.fstat(self._held).st_nlink:  # Two others have taken its place: nobody reads it.
            raise Refused("The ledger of the network has begun anew. Try again.")
        return open(self._held, "ab", buffering=0, closefd=False)


class _Line(msgspec.Struct, frozen=True, tag="connection"):
    time: datetime
    verdict: str
    purpose: str
    host: str = ""
    port: int | None = None
    connection: str = ""


class _Count(msgspec.Struct, frozen=True, tag="count"):
    connection: str
    received: int
    sent: int


_DECODER = msgspec.json.Decoder[_Line | _Count](_Line | _Count)
