"""Whether files are still what they were, byte for byte."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from sottovoce.domain.problems import Interrupted
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.fingerprint import Fingerprint
from sottovoce.models.gguf_file import translated
from sottovoce.models.pace import Pace
from sottovoce.models.records import FileRecord, Record, file_record, new_record

_NEWS_EVERY = 0.1
"""Seconds."""


class Verdict(StrEnum):
    """What came out."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    """At least one file is not what it was."""
    FIRST = "first fingerprint"
    """There was nothing to compare with; from now on there is."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The end of a verification."""

    verdict: Verdict
    changed: tuple[Path, ...]
    """The files that are not what they were."""
    record: Record
    """What is known of the files now; where they changed, it is what was known before."""


def verify(
    files: Sequence[Path], record: Record | None, stop: Stop
) -> Iterator[Transferred | Verified]:
    """Read the files and compare their SHA-256 with what was recorded; end with Verified.

    Raises Missing, Refused or Damaged if they cannot be read, Interrupted if they are changed
    meanwhile, and Cancelled.
    """
    with translated():
        now = [file_record(file) for file in files]
    if record is None or len(record.files) != len(files):
        record = new_record(now)
    pace, before = Pace(sum(each.size for each in now)), 0
    for index, file in enumerate(files):
        with translated(), closing(Fingerprint(file)) as fingerprint:
            while not fingerprint.read(stop, seconds=_NEWS_EVERY):
                yield pace.at(before + fingerprint.position)
            digest = fingerprint.hexdigest()
            if file_record(file) != now[index]:
                raise Interrupted("The file was changed while it was read. Verify it again.")
            now[index] = replace(now[index], sha256=digest)
        before += now[index].size
    yield _compared(files, record, now)


def _compared(files: Sequence[Path], record: Record, now: Sequence[FileRecord]) -> Verified:
    changed = tuple(
        file
        for file, before, found in zip(files, record.files, now, strict=True)
        if _differs(before, found)
    )
    if changed:
        return Verified(Verdict.CHANGED, changed, record)
    as_recorded = tuple(
        replace(found, path=before.path) for found, before in zip(now, record.files, strict=True)
    )
    verdict = Verdict.UNCHANGED if all(file.sha256 for file in record.files) else Verdict.FIRST
    return Verified(verdict, (), replace(record, files=as_recorded))


def _differs(before: FileRecord, found: FileRecord) -> bool:
    if not before.sha256:  # Its size may be known: then another one is a change.
        return before.modified != 0 and before.size != found.size
    return before.sha256 != found.sha256
