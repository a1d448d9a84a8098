"""`backup`: everything that is remembered in one encrypted file, and back."""

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sottovoce.cli.amounts import followed, size
from sottovoce.cli.session import Parts, kept_key, typed_passphrase
from sottovoce.cli.signals import stop_on_signals
from sottovoce.cli.terminal import Progress, confirm, in_line, tell, write, write_json
from sottovoce.domain.problems import Problem, Refused
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store.backup import Backup, OpenBackup, create, file_name, opened
from sottovoce.system.exchange import (
    Kept,
    discard,
    finish_replacing,
    kept,
    memory_in,
    newest_kept,
    replace_memory,
)
from sottovoce.system.forgetting import finish_forgetting
from sottovoce.system.paths import profile
from sottovoce.system.use import alone


def run(arguments: argparse.Namespace, parts: Parts) -> None:
    """Do what `backup` was asked for. Raises Problem or Cancelled."""
    with stop_on_signals() as stop:
        match arguments.action:
            case "create":
                _create(arguments, parts, stop)
            case "verify":
                _verify(arguments, parts, stop)
            case "restore":
                _restore(arguments, parts, stop)
            case "kept":
                _list(kept(parts.profile), as_json=arguments.json)
            case "undo":
                _undo(arguments, parts)
            case "discard":
                _discard(arguments, parts)


def _create(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    key = kept_key(parts)
    path: Path = arguments.out
    if path.is_dir():
        path = path / file_name(datetime.now(UTC))
    news = create(parts.profile, key, path.absolute(), stop)
    backup = _followed(news, "Backing up")
    _tell(arguments, backup, f"This backup was written to {in_line(str(path))}, and tried")


def _verify(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    with opened(parts.profile, arguments.file) as backup:
        contents = _followed(backup.restore(_key(backup, parts), stop), "Restoring on trial")
    _tell(arguments, contents, "This backup can be restored")


def _restore(arguments: argparse.Namespace, parts: Parts, stop: Stop) -> None:
    into, undo = parts.profile, "sottovoce backup undo"
    if arguments.into:
        into = profile(arguments.into, parts.policy)
        undo = f"sottovoce --data-dir {shlex.quote(str(into.folder))} backup undo"
        # As at each start: something may have been left half done there.
        finish_forgetting(into, parts.secrets)
        finish_replacing(into)
    with alone(into.folder):
        pass  # Better told now than when everything is unpacked.
    with opened(into, arguments.file) as backup:
        contents = _followed(backup.restore(_key(backup, parts), stop), "Restoring")
        had_something = bool(memory_in(into.folder))
        with backup.handed_over() as restored:
            replace_memory(into, restored)
    _tell(arguments, contents, "This backup was restored")
    if had_something:
        tell(f"What was here before is kept. To bring it back, type: {undo}")


def _undo(arguments: argparse.Namespace, parts: Parts) -> None:
    before = newest_kept(parts.profile)
    replace_memory(parts.profile, before.folder)
    if arguments.json:
        write_json({"brought_back": before.since.isoformat()}, indent=2)
        return
    write(f"What was here until {_moment(before.since)} is back; what was here instead is kept.\n")


def _discard(arguments: argparse.Namespace, parts: Parts) -> None:
    there = kept(parts.profile)
    if there and not arguments.yes:
        count = "What was here before is" if len(there) == 1 else f"{len(there)} times before are"
        confirm(f"{count} removed for good, {size(_total(there))}. Go on?")
    secrets = parts.secrets() if there else None
    for each in there:
        discard(each, secrets)
    if arguments.json:
        write_json({"removed": len(there), "bytes": _total(there)}, indent=2)
        return
    write(f"{size(_total(there))} were removed.\n")


def _list(there: Sequence[Kept], *, as_json: bool) -> None:
    if as_json:
        values = [
            {"until": each.since.isoformat(), "bytes": each.size, "folder": str(each.folder)}
            for each in there
        ]
        write_json({"kept": values}, indent=2)
        return
    if not there:
        tell("Nothing was replaced here.")
    for each in there:
        write(f"Until {_moment(each.since)}, {size(each.size)}\n")


def _key(backup: OpenBackup, parts: Parts) -> bytes:
    """From what was given along, from the keyring if the backup is of these chats, or as typed."""
    if parts.passphrase is not None:
        return backup.key(parts.passphrase)
    with suppress(Problem):
        key = kept_key(parts)
        if backup.fits(key):
            return key
    if not sys.stdin.isatty():
        raise Refused(
            "The passphrase, or the recovery key, of when this backup was made opens it. "
            "Set SOTTOVOCE_PASSPHRASE, or name a file with --passphrase-file."
        )
    tell("The passphrase, or the recovery key, of when this backup was made opens it.")
    return backup.key(typed_passphrase())


def _followed(news: Iterator[Transferred | Backup], doing: str) -> Backup:
    with Progress() as progress:
        return followed(news, doing, progress)


def _tell(arguments: argparse.Namespace, backup: Backup, says: str) -> None:
    if arguments.json:
        values = {
            "path": str(backup.path),
            "made": backup.made.isoformat(),
            "bytes": backup.size,
            "chats": backup.chats,
            "messages": backup.messages,
            "documents": backup.documents,
        }
        write_json(values, indent=2)
        return
    write(f"{says}: {_contents(backup)}.\n")


def _contents(backup: Backup) -> str:
    counts = ((backup.chats, "chat"), (backup.messages, "message"), (backup.documents, "document"))
    parts = [f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in counts]
    return f"{', '.join(parts)}; {size(backup.size)}, made on {_moment(backup.made)}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _total(there: Sequence[Kept]) -> int:
    return sum(each.size for each in there)
