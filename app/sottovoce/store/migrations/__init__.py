"""How the databases came to their form: numbered scripts, never changed once released."""

from collections.abc import Sequence
from importlib.resources import files

import apsw

from sottovoce.store.transaction import transaction


def released(database: str) -> list[str]:
    """Every script for "chats" or "documents" in order; the first brings it to version 1."""
    scripts = (each for each in (files(__name__) / database).iterdir() if each.name[-4:] == ".sql")
    return [entry.read_text("utf-8") for entry in sorted(scripts, key=lambda entry: entry.name)]


def version(connection: apsw.Connection) -> int:
    """How many scripts the database has seen; 0 if it is new."""
    number = connection.pragma("user_version")
    assert isinstance(number, int)
    return number


def migrate(connection: apsw.Connection, scripts: Sequence[str]) -> None:
    """Apply the scripts that are still due, each in a transaction of its own."""
    for number, script in enumerate(scripts, start=1):
        if version(connection) >= number:
            continue
        with transaction(connection):
            # Asked again under the lock: another process may just have done it.
            if version(connection) < number:
                connection.execute(script)
                connection.pragma("user_version", number)
