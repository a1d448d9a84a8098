"""Files that were fetched and checked become a model on the shelf."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.models.download import Choice, local_name
from sottovoce.models.inspect import inspect
from sottovoce.models.records import (
    FileRecord,
    Record,
    Source,
    file_record,
    read_record,
    record_place,
    write_record,
)
from sottovoce.system.files import flush_folder, writing_translated
from sottovoce.system.lock import locked

_MOST_NAMESAKES = 1000
_LOCK = "lock"
"""The one that copies get their names under, too."""
_PATIENCE = 5.0
"""Seconds. Who holds it longer than that hangs."""
_ENDING = re.compile(r"(-\d{5}-of-\d{5})?\.gguf$")


def find_twin(models: Path, choice: Choice) -> Path | None:
    """The first file of a model in the folder `models`, or linked there, with the very same bytes.

    They are known by their records, and taken to be the same as long as size and date are.
    """
    wanted = [(file.sha256, file.size) for file in choice.files]
    for place in models.glob("*.json"):
        record = read_record(place)
        if record is None or [(file.sha256, file.size) for file in record.files] != wanted:
            continue
        if all(_is_unchanged(models / file.path, file) for file in record.files):
            return models / record.files[0].path
    return None


def check(staged: Path, choice: Choice, policy: Policy, stop: Stop) -> None:
    """Look into the files of a choice, which are in the folder `staged`, before they are installed.

    Raises Damaged or Unsupported if they are no model, and then they are deleted; or what `inspect`
    raises.
    """
    files = [staged / local_name(file.name) for file in choice.files]
    try:
        found = inspect(files[0], stop, needs_sandbox=policy.needs_sandbox)
        if found.trouble:
            raise Unsupported(found.trouble)
    except (Damaged, Unsupported):
        for file in files:
            file.unlink(missing_ok=True)
        raise


def install(staged: Path, models: Path, choice: Choice) -> Path:
    """Move the files of a choice from the folder `staged` to `models`; return the first one there.

    They appear at once, under names that are still free, and with their record. What was broken off
    can be done again. Raises NoRoom or Refused, or Damaged if files are gone.
    """
    names = [local_name(file.name) for file in choice.files]
    sources = [staged / name for name in names]
    with locked(models / _LOCK, _PATIENCE), writing_translated():
        targets = _free(models, names, sources)
        record = Record(
            added=datetime.now(UTC),
            files=tuple(
                file_record(
                    source if source.exists() else target, file.sha256 or "", name=target.name
                )
                for source, target, file in zip(sources, targets, choice.files, strict=True)
            ),
            name=choice.name,
            source=Source(choice.repository, choice.revision or "") if choice.repository else None,
            licence=choice.licence,
            acceptance=choice.acceptance,
        )
        write_record(record_place(targets[0]), record)
        # The first file makes the others a model, so it comes last.
        for source, target in reversed(list(zip(sources, targets, strict=True))):
            if source.exists():
                source.rename(target)
        flush_folder(models)
    return targets[0]


def _free(models: Path, names: Sequence[str], sources: Sequence[Path]) -> list[Path]:
    """Where the files go: each is still staged, or was moved there when this was broken off."""
    for number in range(1, _MOST_NAMESAKES):
        targets = [models / _numbered(name, number) for name in names]
        if all(
            target.exists() != source.exists()
            for target, source in zip(targets, sources, strict=True)
        ):
            return targets
    raise Damaged("Files of this model are gone. Fetch it again.")


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    ending = _ENDING.search(name)
    assert ending is not None, "Only names that end like this are downloaded."
    return f"{name[: ending.start()]}-{number}{ending[0]}"


def _is_unchanged(path: Path, record: FileRecord) -> bool:
    try:
        state = path.stat()
    except OSError:
        return False
    return (state.st_size, state.st_mtime_ns) == (record.size, record.modified)
