"""The audit log: what was done, never what was said, where the policy asks for it.

Each line carries the SHA-256 of the line before, so none can be changed, put in or taken out
unseen, but at the end. How far the log had come is therefore sealed with a key that only the
chats' own key gives, when they are opened and when they are closed: what is cut off before the
last seal shows, too. Where the system has a log of its own, it gets each line as well, out of the
user's reach.
"""

import hashlib
import hmac
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from sottovoce.domain.problems import NoRoom, Refused
from sottovoce.system.files import only_for_owner, write_private, writing_translated
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile

if sys.platform != "win32":
    import syslog

_START = hashlib.sha256(b"sottovoce audit 1").hexdigest()
"""What the first line has in place of a line before it."""
_PATIENCE = 10.0
"""Seconds for other processes to end their lines."""
_TAIL = 4096
"""Bytes within which the last line mostly begins."""
_UNREADABLE = "Sottovoce may not read its audit log. Change its permissions."


class Event(StrEnum):
    """What is noted. Nothing here tells what anybody wrote, read or called anything."""

    STARTED = "started"
    POLICY_CHANGED = "policy changed"
    UNLOCKED = "unlocked"
    WRONG_KEY = "wrong passphrase or key"
    PROTECTION_CHANGED = "protection changed"
    KEY_CHANGED = "key changed"
    LOCKED = "locked"
    CHAT_REMOVED = "chat removed"
    CHAT_EXPORTED = "chat exported"
    CHATS_EXPIRED = "chats removed by their age"
    DOCUMENTS_ADDED = "documents added"
    DOCUMENTS_REMOVED = "documents removed"
    MODEL_LOADED = "model loaded"
    MODEL_REFUSED = "model refused"
    NETWORK_SWITCHED = "network switched"
    NETWORK_USED = "network used"
    BACKUP_MADE = "backup made"
    BACKUP_RESTORED = "backup restored"
    BUNDLE_MADE = "bundle made"
    BUNDLE_INSTALLED = "bundle installed"
    UPDATE_INSTALLED = "update installed"
    PACK_INSTALLED = "pack installed"
    PACK_REMOVED = "pack removed"
    FORGOTTEN = "everything forgotten"
    LOG_CUT = "the log was cut"
    SEALED_ANEW = "the log was sealed with another key"


_OTHER_KEYS = {Event.KEY_CHANGED, Event.BACKUP_RESTORED, Event.FORGOTTEN}
"""What leads to another key of the chats."""

Fact = str | int | bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log."""

    number: int
    time: datetime
    """In UTC."""
    event: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a log."""

    lines: int
    sealed: int | None
    """The line up to which nothing can have been cut off unseen; None where that is not known."""
    troubles: tuple[str, ...]
    """A sentence for each; none where all is well."""


class _Line(msgspec.Struct, frozen=True):
    number: int
    time: datetime
    event: str
    facts: dict[str, Fact]
    before: str


class _Seal(msgspec.Struct, frozen=True):
    number: int
    sha256: str
    """Of the line of this number."""
    proof: bytes


class Audit:
    """The log of a profile. It is cheap to make; where the policy asks for none, nothing is noted.

    Any number of processes may note something at once.
    """

    def __init__(self, profile: Profile) -> None:
        self._is_wanted = profile.policy.audit
        self._path = profile.audit
        self._seal = profile.audit.with_suffix(".seal.json")
        self._lock = profile.audit.with_suffix(".lock")
        self._key: bytes | None = None

    def note(self, event: Event, **facts: Fact) -> None:
        """Write a line. Raises NoRoom or Refused: what cannot be noted is not to be done."""
        if not self._is_wanted:
            return
        with locked(self._lock, _PATIENCE) as is_ours:
            if not is_ours:
                raise Refused("The audit log is held by another program. Try again.")
            self._append(event, facts)

    def note_start(self, what: str, policy: str) -> None:
        """Note that a program starts, and whether its policy, by its SHA-256, is another one."""
        if not self._is_wanted:
            return
        known = [str(e.facts.get("policy")) for e in read_log(self._path) if "policy" in e.facts]
        if known and known[-1] != policy:
            self.note(Event.POLICY_CHANGED, policy=policy)
        self.note(Event.STARTED, what=what, policy=policy)

    def seal(self, key: bytes) -> None:
        """Bind how far the log has come to the key of the chats, now and when this is closed.

        If it was cut since it was sealed last, that is noted first. Raises NoRoom or Refused.
        """
        self._key = key
        if not self._is_wanted:
            return
        with locked(self._lock, _PATIENCE) as is_ours:
            if not is_ours:
                raise Refused("The audit log is held by another program. Try again.")
            lines = _lines(self._path)
            before = self._read_seal()
            if before is None and _count(Event.UNLOCKED, lines) > 1:
                self._append(Event.SEALED_ANEW, {})
            elif before is not None and not _is_in(before, lines):
                self._append(Event.LOG_CUT, {"lines": before.number})
            elif before is not None and not _is_proven(before, key):
                self._append(Event.SEALED_ANEW, {})
            lines = _lines(self._path)
            if lines:
                number, sha256 = len(lines), _sha256(lines[-1])
                made = _Seal(number, sha256, _proof(number, sha256, key))
                write_private(self._seal, msgspec.json.encode(made))

    def close(self) -> None:
        """Seal what was noted since the chats were opened."""
        if self._key is not None:
            self.seal(self._key)

    def verify(self, key: bytes | None) -> Verdict:
        """Whether the log is what was noted; without the key, its end is not known."""
        verdict = verify_log(self._path)
        if key is None:
            return verdict
        lines, seal = _lines(self._path), self._read_seal()
        troubles = list(verdict.troubles)
        sealed = None
        if seal is None:
            if any(entry.event == Event.UNLOCKED for entry in read_log(self._path)):
                troubles.append("The seal of the log is gone: its end may have been cut off.")
        elif not _is_proven(seal, key):
            troubles.append("The seal of the log is of another key: its end may have been cut off.")
        elif not _is_in(seal, lines):
            troubles.append(
                f"The log had {seal.number:,} lines when it was sealed last, and has not any more: "
                "some were cut off or changed."
            )
        else:
            sealed = seal.number
        return Verdict(verdict.lines, sealed, tuple(troubles))

    def _append(self, event: Event, facts: Mapping[str, Fact]) -> None:
        """Only while the log is locked."""
        end = _end(self._path)
        last = end.removesuffix(b"\n")
        number, before = (self._number(last), _sha256(last)) if end else (0, _START)
        text = msgspec.json.encode(_Line(number + 1, datetime.now(UTC), event, dict(facts), before))
        # A full disk may have cut the line before short, which then has no end.
        begin = b"" if end in {b"", last + b"\n"} else b"\n"
        whole = begin + text + b"\n"
        with (
            writing_translated(),
            open(self._path, "ab", buffering=0, opener=only_for_owner) as file,
        ):
            if file.write(whole) < len(whole):
                raise NoRoom("The disk is full. Free some space and try again.")
            os.fsync(file.fileno())
        if sys.platform != "win32":
            syslog.openlog("sottovoce", syslog.LOG_PID, syslog.LOG_AUTH)
            syslog.syslog(syslog.LOG_INFO, text.decode())

    def _number(self, last: bytes) -> int:
        """Of the last line. Where it says another than it has, it was changed, which shows."""
        try:
            return _decode(last).number
        except (msgspec.DecodeError, UnicodeDecodeError):
            return len(_lines(self._path))

    def _read_seal(self) -> _Seal | None:
        try:
            return msgspec.json.decode(self._seal.read_bytes(), type=_Seal)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None


def read_log(path: Path) -> list[Entry]:
    """What is noted in a log, oldest first. What cannot be understood is left out."""
    entries = []
    for raw in _lines(path):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            line = _decode(raw)
            entries.append(Entry(line.number, line.time, line.event, line.facts))
    return entries


def verify_log(path: Path) -> Verdict:
    """Whether each line of a log follows from the one before. Its end may have been cut off."""
    lines, troubles = _lines(path), []
    before, has_other_key = _START, False
    for number, raw in enumerate(lines, start=1):
        try:
            line = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            troubles.append(
                f"Line {number:,} cannot be read: it was changed, or cut off by a crash."
            )
        else:
            if (line.number, line.before) != (number, before):
                troubles.append(
                    f"Line {number:,} does not follow from the one before: something there was "
                    "changed, put in or taken out."
                )
            if line.event == Event.LOG_CUT:
                troubles.append(
                    f"Line {number:,} says that lines were cut off before it: there had been "
                    f"{line.facts.get('lines')}."
                )
            if line.event == Event.SEALED_ANEW and not has_other_key:
                troubles.append(
                    f"Line {number:,} says that the seal was gone or another one: lines may have "
                    "been cut off before it."
                )
            has_other_key |= line.event in _OTHER_KEYS
            has_other_key &= line.event != Event.SEALED_ANEW
        before = _sha256(raw)
    return Verdict(len(lines), None, tuple(troubles))


_decode = msgspec.json.Decoder(_Line).decode


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().removesuffix(b"\n").split(b"\n") if path.stat().st_size else []
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Refused(_UNREADABLE) from error


def _end(path: Path) -> bytes:
    """The last line of a log, with the end that it should have; empty where there is none."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            size = _TAIL
            while True:
                file.seek(max(0, length - size))
                tail = file.read()
                begin = tail.rfind(b"\n", 0, -1) + 1
                if begin or size >= length:
                    return tail[begin:]
                size *= 2
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise Refused(_UNREADABLE) from error


def _count(event: Event, lines: list[bytes]) -> int:
    return sum(f'"event":"{event}"'.encode() in line for line in lines)


def _is_in(seal: _Seal, lines: list[bytes]) -> bool:
    return 0 < seal.number <= len(lines) and _sha256(lines[seal.number - 1]) == seal.sha256


def _is_proven(seal: _Seal, key: bytes) -> bool:
    return hmac.compare_digest(seal.proof, _proof(seal.number, seal.sha256, key))


def _proof(number: int, sha256: str, key: bytes) -> bytes:
    own_key = hmac.digest(key, b"sottovoce audit 1", "sha256")
    return hmac.digest(own_key, f"{number} {sha256}".encode(), "sha256")


def _sha256(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
