"""Everything that is remembered, in one encrypted file, and back.

A backup holds copies of both databases, the plain settings of the window and the network, and the
vault without the keyring of this machine: a passphrase or the recovery key opens it anywhere. It is
sealed under the key of the databases. Models are not in it.
"""

import os
import shutil
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from sottovoce.domain.problems import Damaged, Interrupted, Missing, NoRoom, Refused
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store import migrations
from sottovoce.store.database import copy, open_database, snapshot
from sottovoce.store.document_store import documents_key
from sottovoce.system.appearance import read_appearance, write_appearance
from sottovoce.system.audit import Audit, Event
from sottovoce.system.exchange import handed_over
from sottovoce.system.files import flush_folder, only_for_owner, writing_translated
from sottovoce.system.lock import locked
from sottovoce.system.network.switch import read_switch, write_switch
from sottovoce.system.paths import Profile
from sottovoce.system.recovery import recovery_secret
from sottovoce.system.sealed import Pieces, SealedReader, SealedWriter
from sottovoce.system.slots import Protection
from sottovoce.system.vault import Vault

SUFFIX = ".backup"

_TAKEN = "There is a file of this name already. Choose another name."
_PARTS = {"sottovoce.db", "documents.db", "appearance.json", "network.json"}
_AT_ONCE = 2**20
_SPARE = 50_000_000
"""Bytes that stay free on the disk while a backup is made or read."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in a backup that was read to its end."""

    path: Path
    made: datetime
    size: int
    """Bytes of the file."""
    chats: int
    messages: int
    documents: int


class _Part(msgspec.Struct, frozen=True):
    name: str
    size: int


class _Head(msgspec.Struct, frozen=True):
    made: datetime
    vault: bytes
    parts: tuple[_Part, ...]


def create(profile: Profile, key: bytes, path: Path, stop: Stop) -> Iterator[Transferred | Backup]:
    """Write a backup to `path` while the profile is in use, restore it on trial, and return it.

    The file appears once it has been restored. Raises Missing where only the keyring opens the
    vault or the folder is not there, Refused where the policy forbids it or there is a file of that
    name, NoRoom, Interrupted.
    """
    if not profile.policy.export:
        raise Refused("Your administrator has switched backups off.")
    if path.exists():
        raise Refused(_TAKEN)
    if not path.parent.is_dir():
        raise Missing("There is no such folder for the backup. Choose another one.")
    vault = Vault(profile.vault).portable()
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with scratch(profile) as folder:
            size = _foreseen(profile, path)
            done = 0
            for count in _copied(profile, key, folder):
                stop.check()
                done += count
                yield Transferred(min(done, size), 2 * size)
            for count in _sealed(folder, vault, key, unfinished):
                stop.check()
                done += count
                yield Transferred(min(done, 2 * size), 2 * size)
        outcome = yield from _on_trial(profile, unfinished, key, stop)
        if path.exists():  # Somebody else was as far with his in the meantime.
            raise Refused(_TAKEN)
        Audit(profile).note(Event.BACKUP_MADE)
        with writing_translated():
            unfinished.rename(path)
            flush_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    yield replace(outcome, path=path)


def file_name(moment: datetime) -> str:
    """Return what a backup is called, such as "Sottovoce 2026-11-23 19-50.backup"."""
    return f"Sottovoce {moment.astimezone():%Y-%m-%d %H-%M}{SUFFIX}"


@contextmanager
def opened(profile: Profile, path: Path) -> Iterator["OpenBackup"]:
    """The backup at `path`, to be restored in the scratch place of `profile`, which may be empty.

    Raises Missing, Refused, Damaged, and Interrupted while another process has that place.
    """
    with _reading(path) as file:
        sealed = SealedReader(file)
        try:
            head = msgspec.json.decode(sealed.head, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged() from error
        with scratch(profile) as folder:
            yield OpenBackup(profile, path, sealed, head, folder)


class OpenBackup:
    """A backup that is being read. What is taken out of it stays encrypted."""

    def __init__(
        self, profile: Profile, path: Path, sealed: SealedReader, head: _Head, folder: Path
    ) -> None:
        self._profile = profile
        self._path = path
        self._sealed = sealed
        self._head = head
        self._folder = folder
        self.vault = Vault(folder / "vault")
        """What gives the key, by the passphrase or the recovery key of when the backup was made."""
        self.vault.settle(head.vault)

    @property
    def made(self) -> datetime:
        """When it was made."""
        return self._head.made

    def key(self, typed: str) -> bytes:
        """Return the key of the backup, from its recovery key or its passphrase.

        Raises Refused if it is neither of them, Missing, and Damaged.
        """
        if Protection.PASSPHRASE in self.vault.protections:
            try:
                recovery_secret(typed)
            except Refused:
                return self.vault.open_with_passphrase(typed)
        return self.vault.open_with_recovery_key(typed)

    def fits(self, key: bytes) -> bool:
        """Whether the backup is sealed under this key. A damaged one fits none."""
        try:
            self._sealed.pieces(key)
        except Damaged:
            return False
        return True

    def restore(self, key: bytes, stop: Stop) -> Iterator[Transferred | Backup]:
        """Restore everything in the scratch place, read all of it, and return what is there.

        Raises Damaged, NoRoom, Refused, and Unsupported if a newer Sottovoce made the backup.
        """
        total = sum(part.size for part in self._head.parts)
        names = [part.name for part in self._head.parts]
        if set(names) - _PARTS or len(set(names)) < len(names):
            raise _damaged()  # Names from a file never become paths.
        _need(total, self._folder)
        pieces = self._sealed.pieces(key)
        done = 0
        for part in self._head.parts:
            for count in _written(pieces, self._folder / part.name, part.size):
                stop.check()
                done += count
                yield Transferred(done, total)
        if pieces.read(1):
            raise _damaged()
        chats = self._rows("sottovoce.db", key, "chats", stop)
        documents = self._rows("documents.db", documents_key(key), "documents", stop)
        yield Backup(
            self._path,
            self._head.made,
            self._path.stat().st_size,
            chats=chats["conversations"],
            messages=chats["messages"],
            documents=documents["documents"],
        )

    def handed_over(self) -> AbstractContextManager[Path]:
        """The folder with what was restored, so that it can be used; see system.exchange."""
        return handed_over(self._profile, self._folder)

    def _rows(self, name: str, key: bytes, what: str, stop: Stop) -> Counter[str]:
        path = self._folder / name
        if not path.exists():
            return Counter()
        with closing(open_database(path, key, migrations.released(what), what=what)) as database:
            return Counter(database.check(stop))


@contextmanager
def scratch(profile: Profile) -> Iterator[Path]:
    """An empty private folder, gone afterwards. What a kill leaves in it goes the next time.

    Raises Interrupted while another process has it, NoRoom or Refused.
    """
    with locked(profile.scratch_lock) as is_ours:
        if not is_ours:
            raise Interrupted("Another backup is under way. Try again when it is done.")
        shutil.rmtree(profile.scratch, ignore_errors=True)
        with writing_translated():
            profile.scratch.mkdir(mode=0o700)
        try:
            yield profile.scratch
        finally:
            shutil.rmtree(profile.scratch, ignore_errors=True)


def _on_trial(
    profile: Profile, path: Path, key: bytes, stop: Stop
) -> Generator[Transferred, None, Backup]:
    """Restore a backup that is just written, and return what is in it."""
    with opened(profile, path) as backup:
        for news in backup.restore(key, stop):
            if isinstance(news, Backup):
                return news
            yield news
    raise AssertionError("the last news is the outcome")


def _copied(profile: Profile, key: bytes, folder: Path) -> Iterator[int]:
    """Copy everything as it is at one moment, and tell how many bytes were copied each time."""
    sources = [
        (path, own_key, what)
        for path, own_key, what in (
            (profile.database, key, "chats"),
            (profile.documents, documents_key(key), "documents"),
        )
        if path.exists()
    ]
    with ExitStack() as stack:
        seen = [
            stack.enter_context(snapshot(path, own_key, what=what))
            for path, own_key, what in sources
        ]
        for connection, (path, own_key, what) in zip(seen, sources, strict=True):
            yield from copy(connection, folder / path.name, own_key, what=what)
    if profile.appearance.exists():
        write_appearance(folder / profile.appearance.name, read_appearance(profile.appearance))
    if profile.network.exists():
        # Wherever it is restored, whoever sits there is asked before anything connects.
        switched_off = replace(read_switch(profile.network), on=False)
        write_switch(folder / profile.network.name, switched_off)


def _sealed(folder: Path, vault: bytes, key: bytes, path: Path) -> Iterator[int]:
    files = sorted(each for each in folder.iterdir() if each.name in _PARTS)
    parts = tuple(_Part(file.name, file.stat().st_size) for file in files)
    head = msgspec.json.encode(_Head(datetime.now(UTC), vault, parts))
    with writing_translated():
        path.unlink(missing_ok=True)  # A kill left it; or it is a link, and leads anywhere.
    with writing_translated(), open(path, "xb", opener=only_for_owner) as sealed:
        writer = SealedWriter(sealed, head, key)
        for file in files:
            with file.open("rb") as content:
                while piece := content.read(_AT_ONCE):
                    writer.write(piece)
                    yield len(piece)
        writer.finish()
        sealed.flush()
        os.fsync(sealed.fileno())


def _written(pieces: Pieces, path: Path, size: int) -> Iterator[int]:
    """Write the next `size` bytes to a new file, and tell how many were written each time."""
    with writing_translated(), open(path, "xb", opener=only_for_owner) as file:
        while size:
            piece = pieces.read(min(size, _AT_ONCE))
            if not piece:
                raise _damaged()
            file.write(piece)
            size -= len(piece)
            yield len(piece)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Missing("There is no such backup. Check its name.") from error
    except OSError as error:
        raise Refused("This backup cannot be read. Check its permissions.") from error
    with file:
        yield file


def _foreseen(profile: Profile, path: Path) -> int:
    """How many bytes will be copied. Raises NoRoom where there is too little space for them."""
    databases = (profile.database, profile.documents)
    # What is in the write-ahead log counts, too, though it is mostly in the database already.
    files = [each for path in databases for each in path.parent.glob(f"{path.name}*")]
    size = sum(map(_size, files))
    with writing_translated():
        is_same_disk = path.parent.stat().st_dev == profile.folder.stat().st_dev
        _need(2 * size if is_same_disk else size, profile.folder)
        _need(size, path.parent)
    return max(size, 1)


def _size(path: Path) -> int:
    """Bytes; 0 once it is gone: whoever ends last takes the log of a database along."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _need(size: int, folder: Path) -> None:
    if shutil.disk_usage(folder).free < size + _SPARE:
        raise NoRoom(
            f"This takes {(size + _SPARE) / 1e9:,.1f} GB of free space for a while. "
            "Free some and try again."
        )


def _damaged() -> Damaged:
    return Damaged("This backup is damaged. Choose another one.")
