"""Which model files may be loaded, where administrators decide that by their SHA-256.

A large file takes seconds to sum up, so what was summed up is remembered by what the system tells
of the file: no program can set when its content was changed last, but on Windows and on FAT. What
is remembered is sealed with a key that only the chats' own key gives, or anybody could write into
it what he likes.
"""

import hmac
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from sottovoce.domain.parts import parts
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Missing, Problem, Refused
from sottovoce.domain.stop import Stop
from sottovoce.models.fingerprint import Fingerprint
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import write_private
from sottovoce.system.paths import Profile

NOT_ALLOWED = "Your administrator does not allow this model. Choose one that is allowed."
_MOST = 1000
"""Files that are remembered."""


class _Kept(msgspec.Struct, frozen=True):
    sums: msgspec.Raw
    proof: bytes


class Admission:
    """Lets files be loaded, or refuses them, and notes which. Any thread may ask."""

    def __init__(self, profile: Profile) -> None:
        self._policy = profile.policy
        self._place = profile.fingerprints
        self._audit = Audit(profile)
        self._lock = threading.Lock()
        self._key: bytes | None = None
        self._sums: dict[str, str] = {}
        """SHA-256 by what tells one state of a file from all others."""

    def remember(self, key: bytes) -> None:
        """Use what was remembered under the key of the chats, and remember more from now on."""
        if not self._wants_sums:
            return
        with self._lock:
            self._key = hmac.digest(key, b"sottovoce fingerprints 1", "sha256")
            self._sums = self._read() | self._sums

    def admit(self, path: Path, stop: Stop) -> None:
        """Return if this file, and all that belong to it, may be loaded.

        Raises Refused otherwise, Missing if one cannot be read, and Cancelled.
        """
        if not self._wants_sums:
            return
        sums = [self._sum(file, stop) for file in parts(path)]
        if is_forbidden(self._policy, sums):
            self._note(Event.MODEL_REFUSED, sums)
            raise Refused(NOT_ALLOWED)
        self._note(Event.MODEL_LOADED, sums)

    @property
    def _wants_sums(self) -> bool:
        return self._policy.models is not None or self._policy.audit

    def _note(self, event: Event, sums: Sequence[str]) -> None:
        self._audit.note(event, sha256=" ".join(sums))

    def _sum(self, file: Path, stop: Stop) -> str:
        try:
            before = _state(file)
            with self._lock:
                if known := self._sums.get(before):
                    return known
            with closing(Fingerprint(file)) as fingerprint:
                fingerprint.read(stop)
                found = fingerprint.hexdigest()
            if _state(file) != before:
                raise Refused("The model file is being changed. Try again when that has ended.")
        except OSError as error:
            raise Missing("The model file cannot be read. Check its permissions.") from error
        with self._lock:
            self._sums[before] = found
            self._write()
        return found

    def _read(self) -> dict[str, str]:
        if self._key is None:
            return {}
        try:
            kept = msgspec.json.decode(self._place.read_bytes(), type=_Kept)
            if hmac.compare_digest(kept.proof, hmac.digest(self._key, kept.sums, "sha256")):
                return msgspec.json.decode(kept.sums, type=dict[str, str])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            pass
        return {}

    def _write(self) -> None:
        if self._key is None:
            return
        # Another process may have remembered more meanwhile.
        newest = list((self._read() | self._sums).items())[-_MOST:]
        sums = msgspec.json.encode(dict(newest))
        proof = hmac.digest(self._key, sums, "sha256")
        with suppress(Problem):  # It only costs reading the file once more.
            write_private(self._place, msgspec.json.encode(_Kept(msgspec.Raw(sums), proof)))


def is_forbidden(policy: Policy, sums: Iterable[str | None]) -> bool:
    """Whether one of the files with these SHA-256 may not be loaded; one not known yet may be."""
    return policy.models is not None and any(sum_ and sum_ not in policy.models for sum_ in sums)


def _state(file: Path) -> str:
    found = file.stat()
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
