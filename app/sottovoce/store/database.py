"""An open encrypted database: its key, its transactions, and its failures in plain sentences."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import cast

import apsw

from sottovoce.domain.problems import Damaged, Interrupted, Missing, NoRoom, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.store.migrations import migrate, version
from sottovoce.store.transaction import transaction
from sottovoce.system import trial
from sottovoce.system.lock import locked
from sottovoce.system.use import using

KEY_SIZE = 48
"""Bytes: 32 that encrypt, and the 16 of SQLCipher's salt, which is also how the file begins."""

_COPIED_AT_ONCE = 512
"""Pages, before whoever copies looks up: some ten milliseconds."""
_FULL = "The disk is full. Free some space and try again."
_PATIENCE = 30.0
"""Seconds for another process that brings the same database up to date."""


class Database:
    """One connection, used by one thread at a time."""

    def __init__(self, connection: apsw.Connection, what: str, closing: ExitStack) -> None:
        self._connection = connection
        self._what = what
        self._closing = closing
        self._lock = RLock()

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Hold the connection for one statement that reads."""
        with self._lock, translated(self._what):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Hold the connection for one transaction: on disk at the end, undone if it raises."""
        with self._lock, translated(self._what), transaction(self._connection):
            yield self._connection

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file and empty it, if no other process is reading."""
        with self.reading() as connection:
            connection.pragma("wal_checkpoint", "TRUNCATE")

    def check(self, stop: Stop) -> dict[str, int]:
        """Read everything there is, and return how many rows each table has. Raises Damaged."""
        with self.reading() as connection, _interruptible(connection, stop):
            if connection.pragma("integrity_check") != "ok":
                raise Damaged(_damaged(self._what))
            # What virtual tables hold is in other tables, which are read, too.
            tables = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
            )
            names = [cast(str, name) for (name,) in tables]
            return {name: _count_rows(connection, name) for name in names}

    def close(self) -> None:
        with self._lock:
            self._closing.close()


def open_database(
    path: Path | None, key: bytes, migrations: Sequence[str], *, what: str
) -> Database:
    """Return the database at `path`, made or brought up to date if need be; None is in memory.

    `what` names what is kept in it, in the sentences of the Problems. Raises Refused if `key` is
    another database's, Damaged, NoRoom, Interrupted if another process keeps it busy, and
    Unsupported if a newer Sottovoce made it.
    """
    with ExitStack() as opening:
        if path is not None:
            opening.enter_context(using(path.parent))
        with translated(what):
            connection = _in_memory() if path is None else _connect(path, key, what)
            opening.callback(connection.close)
            if path is None or version(connection) == 0:
                migrate(connection, migrations)
            else:
                _bring_up_to_date(connection, migrations, path=path, key=key, what=what)
        return Database(connection, what, opening.pop_all())


@contextmanager
def snapshot(path: Path, key: bytes, *, what: str) -> Iterator[apsw.Connection]:
    """The database at `path` as it is now, whatever others write meanwhile; there must be one.

    Raises what open_database raises.
    """
    with using(path.parent), unchanging(path, key, what=what) as connection:
        yield connection


@contextmanager
def unchanging(path: Path, key: bytes, *, what: str) -> Iterator[apsw.Connection]:
    """The same, for who is alone there already."""
    with translated(what), closing(_connect(path, key, what)) as connection:
        connection.execute("BEGIN")
        version(connection)  # The first statement that reads decides what is seen until the end.
        yield connection


def copy(source: apsw.Connection, path: Path, key: bytes, *, what: str) -> Iterator[int]:
    """Write a database into a new one at `path`, and tell how many bytes were written each time.

    Raises NoRoom, Refused or Interrupted.
    """
    with translated(what), closing(_connect(path, key, what)) as target:
        size = cast(int, source.pragma("page_size"))
        left = cast(int, source.pragma("page_count"))
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_COPIED_AT_ONCE)
                yield max(0, left - backup.remaining) * size
                left = backup.remaining


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn SQLite's failures into Problems. What remains is a bug and stays what it is."""
    try:
        yield
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise Damaged(_damaged(what)) from error
    except apsw.ConstraintError as error:
        # No other constraint than a foreign key can fail by what is asked for.
        raise Missing(f"This is not among your {what} any more.") from error
    except apsw.FullError as error:
        raise NoRoom(_FULL) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise Interrupted(f"Another Sottovoce is busy with your {what}. Try again.") from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise Refused(_not_allowed(what)) from error
    except apsw.IOError as error:
        # The stubs of apsw do not know it. Here it says: no room for the index of the log.
        if getattr(error, "extendedresult", None) == apsw.SQLITE_IOERR_SHMSIZE:
            raise NoRoom(_FULL) from error
        raise Interrupted(f"The disk failed to read or write your {what}. Try again.") from error


@contextmanager
def _interruptible(connection: apsw.Connection, stop: Stop) -> Iterator[None]:
    try:
        with stop.calling(connection.interrupt):
            yield
    except apsw.InterruptError:
        stop.check()
        raise


def _count_rows(connection: apsw.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    rows = connection.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - its name is in the file.
    return sum(1 for _ in rows)


def _in_memory() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.pragma("foreign_keys", True)
    connection.pragma("temp_store", "MEMORY")
    return connection


def _connect(path: Path, key: bytes, what: str) -> apsw.Connection:
    assert len(key) == KEY_SIZE
    _create_private(path, what)
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(5000)
        connection.pragma("cipher", "sqlcipher")
        # Just what stock SQLCipher 4 writes, so that its tools open it too.
        connection.pragma("legacy", 4)
        connection.pragma("key", f"x'{key.hex()}'")
        connection.pragma("journal_mode", "WAL")
        connection.pragma("synchronous", "FULL")
        connection.pragma("foreign_keys", True)
        connection.pragma("secure_delete", True)
        # On disk, SQLite's temporary files would not be encrypted.
        connection.pragma("temp_store", "MEMORY")
        connection.pragma("mmap_size", 0)
        connection.pragma("cache_size", -16_000)  # 16 MB: a page is costly to decrypt twice.
    except apsw.NotADBError as error:
        connection.close()
        raise _why_unreadable(path, key, what) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _create_private(path: Path, what: str) -> None:
    """Make an empty file only its owner can read; SQLite gives its companions the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Refused(_not_allowed(what)) from error


def _why_unreadable(path: Path, key: bytes, what: str) -> Damaged | Refused:
    with path.open("rb") as file:
        has_our_salt = file.read(16) == key[32:]
    if has_our_salt:
        return Damaged(_damaged(what))
    return Refused(f"This key does not open your {what}: they were kept under another one.")


def _damaged(what: str) -> str:
    return f"The file that holds your {what} is damaged. Restore it from a backup."


def _not_allowed(what: str) -> str:
    return f"Sottovoce may not write where your {what} are kept. Allow it to."


def _bring_up_to_date(
    connection: apsw.Connection, migrations: Sequence[str], *, path: Path, key: bytes, what: str
) -> None:
    """Migrate with a copy at hand, and put everything back as it was if that fails.

    While an update is tried, the copy stays: if the old version comes back, so does what it wrote.
    """
    copy, is_tried = trial.before_migration(path), trial.is_on(path)
    if version(connection) > len(migrations) and not (is_tried and copy.exists()):
        raise _newer(what)
    if version(connection) == len(migrations):
        if not is_tried:
            copy.unlink(missing_ok=True)  # Of who was killed at the end of this.
        return
    # Alone: what others write meanwhile would be lost if this put back what was there before.
    with locked(path.with_name(f"{path.name}.lock"), _PATIENCE) as is_ours:
        if not is_ours:
            raise Interrupted(f"Another Sottovoce is busy with your {what}. Try again.")
        if not is_tried:
            copy.unlink(missing_ok=True)
        try:
            with closing(_connect(copy, key, what)) as snapshot:
                _migrate_or_put_back(connection, migrations, snapshot, what=what)
        finally:
            if not is_tried:
                copy.unlink(missing_ok=True)


def _migrate_or_put_back(
    connection: apsw.Connection, migrations: Sequence[str], snapshot: apsw.Connection, *, what: str
) -> None:
    if version(connection) > len(migrations):
        if not 0 < version(snapshot) <= len(migrations):
            raise _newer(what)
        _copy(snapshot, connection)  # What a newer version wrote that never worked.
    elif not 0 < version(snapshot) < version(connection):  # Else a kill came between two scripts.
        _copy(connection, snapshot)
    try:
        migrate(connection, migrations)
    except BaseException:
        _copy(snapshot, connection)
        raise


def _newer(what: str) -> Unsupported:
    return Unsupported(f"A newer Sottovoce wrote your {what}. Install that version to open them.")


def _copy(source: apsw.Connection, target: apsw.Connection) -> None:
    with target.backup("main", source, "main") as backup:
        backup.step()
