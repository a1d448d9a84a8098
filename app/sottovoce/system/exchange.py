"""Puts what a profile remembers in the place of another memory, whole or not at all.

Nothing is destroyed: what was there is kept in a folder of its own, and can come back. A journal
says which files change places; after a kill, the next program that starts carries it out.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sottovoce.domain.problems import Damaged, Interrupted, Missing, Problem
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import flush_folder, write_private, writing_translated
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.system.use import alone
from sottovoce.system.vault import Vault

_MOMENT = "%Y-%m-%d %H-%M-%S-%f"
"""The name of a folder of what was kept: its moment in UTC, as a file name on every system."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a profile remembered before something else took its place."""

    folder: Path
    since: datetime
    size: int
    """Bytes."""


class _Journal(msgspec.Struct, frozen=True):
    """Names of files and folders that come into the profile, and of those that go out."""

    source: str
    """Where the new ones are, relative to the profile."""
    kept: str
    """Where the old ones go."""
    into: tuple[str, ...]
    out: tuple[str, ...] | None = None
    """None until nobody uses the profile any more: only then it is clear what there is."""


def replace_memory(profile: Profile, source: Path) -> None:
    """Let what is in `source`, a folder inside the profile's, be what the profile remembers.

    `source` is gone afterwards. Raises Interrupted if somebody uses the profile, NoRoom, Refused.
    """
    with alone(profile.folder), writing_translated():
        replace_at_next_start(profile, source)
        _carry_out(profile)


def supersede_memory(profile: Profile, source: Path) -> None:
    """Like replace_memory, for who is alone there already, and what was there is removed."""
    with writing_translated():
        _remove(profile.superseded)
        _write(profile, _journal(profile, source, profile.superseded))
        _carry_out(profile)


@contextmanager
def handed_over(profile: Profile, folder: Path) -> Iterator[Path]:
    """Where a new memory, which is on disk, can take the place of the other; else it goes again.

    It is for who holds the scratch lock. Raises Interrupted where one waits already, NoRoom or
    Refused.
    """
    if profile.exchange.exists():
        raise Interrupted("What was restored before waits for its turn. Start Sottovoce anew.")
    with writing_translated():
        shutil.rmtree(profile.restored, ignore_errors=True)
        flush_folder(folder)
        folder.rename(profile.restored)
        flush_folder(profile.folder)
    try:
        yield profile.restored
    finally:
        if not profile.exchange.exists():
            shutil.rmtree(profile.restored, ignore_errors=True)


def replace_at_next_start(profile: Profile, source: Path) -> None:
    """Let `source` be what the profile remembers from the next start of the program on.

    It is for who has the profile open now, and ends. Raises NoRoom or Refused.
    """
    Audit(profile).note(Event.BACKUP_RESTORED)
    moment = datetime.now(UTC).strftime(_MOMENT)
    _write(profile, _journal(profile, source, profile.kept / moment))


def finish_replacing(profile: Profile) -> None:
    """Carry out what was to be done at this start, or what a kill left half done.

    Raises Interrupted if somebody uses the profile, Damaged, NoRoom or Refused.
    """
    if profile.exchange.exists():
        with alone(profile.folder), writing_translated():
            if profile.exchange.exists():  # Somebody else may just have done it.
                _carry_out(profile)
    elif profile.superseded.exists() or profile.restored.exists():
        with suppress(Problem), alone(profile.folder), writing_translated():
            _sweep(profile)


def _sweep(profile: Profile) -> None:
    """Remove what a kill left of a memory that came or went, unless it is needed yet."""
    with locked(profile.scratch_lock) as is_ours:
        if is_ours and not profile.exchange.exists():
            _remove(profile.superseded)
            _remove(profile.restored)


def kept(profile: Profile) -> list[Kept]:
    """Return what was replaced and is still there, newest first."""
    found = []
    with suppress(OSError):
        for folder in profile.kept.iterdir():
            with suppress(ValueError):  # Somebody put something else there.
                since = datetime.strptime(folder.name, _MOMENT).replace(tzinfo=UTC)
                found.append(Kept(folder, since, _size(folder)))
    return sorted(found, key=lambda each: each.since, reverse=True)


def newest_kept(profile: Profile) -> Kept:
    """Return what was replaced last. Raises Missing."""
    found = kept(profile)
    if not found:
        raise Missing("Nothing was replaced here, so there is nothing to bring back.")
    return found[0]


def discard(kept_one: Kept, secrets: Secrets | None) -> None:
    """Remove what was replaced, for good. Raises Refused."""
    with writing_translated():
        _remove(kept_one.folder, secrets)


def vaults_in(folder: Path) -> list[Path]:
    """Return all vaults that lie in a folder, at any depth."""
    return [each for each in folder.rglob("vault*") if each.is_dir()]


def memory_in(folder: Path) -> list[str]:
    """Return the names of what is remembered in a profile's folder."""
    return sorted(each.name for each in folder.iterdir() if _is_memory(each.name))


def _is_memory(name: str) -> bool:
    """The vault, the plain settings, and the databases with what lies beside them while in use."""
    return name in {"vault", "appearance.json", "network.json"} or name.startswith(
        ("sottovoce.db", "documents.db")
    )


def _journal(profile: Profile, source: Path, away: Path) -> _Journal:
    return _Journal(
        source=str(source.relative_to(profile.folder)),
        kept=str(away.relative_to(profile.folder)),
        into=tuple(memory_in(source)),
    )


def _carry_out(profile: Profile) -> None:
    """Move what has not been moved yet: it may have been begun before."""
    journal = _read(profile.exchange)
    if journal.out is None:
        journal = msgspec.structs.replace(journal, out=tuple(memory_in(profile.folder)))
        _write(profile, journal)
    folder, source, away = (profile.folder / each for each in ("", journal.source, journal.kept))
    away.parent.mkdir(mode=0o700, exist_ok=True)
    away.mkdir(mode=0o700, exist_ok=True)
    for name in journal.out or ():
        if (folder / name).exists() and not (away / name).exists():
            (folder / name).rename(away / name)
    flush_folder(away)
    for name in journal.into:
        if (source / name).exists():
            if (folder / name).exists():  # Made meanwhile by who had not seen the journal.
                (folder / name).rename(away / f"{name}.stray")
            (source / name).rename(folder / name)
    flush_folder(folder)
    with suppress(OSError):
        away.rmdir()  # If nothing was there, nothing is kept.
    profile.exchange.unlink()
    flush_folder(folder)
    shutil.rmtree(source, ignore_errors=True)
    # Only now: while the journal is there, what is missing in it is taken for not moved yet.
    with suppress(OSError, Problem):  # Else it goes at the next start.
        _remove(profile.superseded)


def _remove(folder: Path, secrets: Secrets | None = None) -> None:
    """Remove a memory: its vault first, without which the rest is noise, should this be stopped."""
    for vault in vaults_in(folder):
        Vault(vault).destroy(secrets)
    if folder.exists():
        shutil.rmtree(folder)


def _write(profile: Profile, journal: _Journal) -> None:
    write_private(profile.exchange, msgspec.json.encode(journal))


def _read(path: Path) -> _Journal:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Journal)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(
            "The note of what a backup replaces is damaged. Rename the file exchange.json in "
            "Sottovoce's folder."
        ) from error


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
