"""The user's settings in the database, one row for each."""

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
            kept[cast(str, name)] = msgspec.json.decode(cast(str, value))
        except msgspec.DecodeError:
            continue
    return revive(Settings, kept)


def write(connection: apsw.Connection, settings: Settings) -> None:
    """Keep all settings."""
    rows = [
        {"name": field.name, "value": msgspec.json.encode(getattr(settings, field.name)).decode()}
        for field in fields(settings)
    ]
    connection.executemany(
        """
        INSERT INTO settings (name, value) VALUES (:name, :value)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """,
        rows,
    )
