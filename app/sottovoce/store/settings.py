"""The user's settings in the database, one row for each."""

import json
from dataclasses import fields
from typing import cast

import apsw
import msgspec

from sottovoce.domain.settings import Settings
from sottovoce.system.revive import revive


def read(connection: apsw.Connection) -> Settings:
    """What was kept; the default for whatever is missing, unknown or cannot be understood."""
    kept = {}
    for name, value in connection.execute("SELECT name, value FROM settings"):
        try:
            kept[cast(str, name)] = json.loads(cast(str, value))
        except ValueError:
            continue
    return revive(Settings, kept)


def write(connection: apsw.Connection, settings: Settings) -> None:
    """Keep all settings."""
    # Python's own JSON also spells what is no text, which the path of a model may hold.
    rows = [
        {
            "name": field.name,
            "value": json.dumps(msgspec.to_builtins(getattr(settings, field.name))),
        }
        for field in fields(settings)
    ]
    connection.executemany(
        """
        INSERT INTO settings (name, value) VALUES (:name, :value)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """,
        rows,
    )
