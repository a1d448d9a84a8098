"""All or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """On disk when the block ends, undone if it raises.

    The lock is taken at once: half-way through, waiting for another process could fail.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite undo it by itself, which the binding's own `with` trips over.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
