"""A program that backs up, restores or migrates again and again until it is killed.

Its arguments are what to do and the folder to do it in. It tells each time that it begins.
"""

import sys
from itertools import count
from pathlib import Path

from sottovoce.domain.stop import Stop
from sottovoce.store import migrations
from sottovoce.store.backup import create, opened
from sottovoce.store.database import open_database
from sottovoce.store.document_store import documents_key
from sottovoce.system.exchange import finish_replacing, replace_memory
from sottovoce.system.paths import Profile
from sottovoce.system.vault import Vault
from store.remembering import PASSPHRASE

KINDS = {
    "chats": ("sottovoce.db", "messages", "text"),
    "documents": ("documents.db", "documents", "trouble"),
}
"""The file of each database, and a table and column of it."""


def back_up(profile: Profile, key: bytes) -> None:
    for number in count():
        begin()
        for _ in create(profile, key, profile.folder.parent / f"{number}.backup", Stop()):
            pass


def restore(profile: Profile, key: bytes) -> None:
    while True:
        begin()
        with opened(profile, profile.folder.parent / "mine.backup") as backup:
            for _ in backup.restore(key, Stop()):
                pass
            with backup.handed_over() as folder:
                replace_memory(profile, folder)


def migrate(profile: Profile, key: bytes) -> None:
    """Bring both databases to a later version, by steps that change every row."""
    begin()
    for what, own_key in (("chats", key), ("documents", documents_key(key))):
        path = profile.folder / KINDS[what][0]
        open_database(path, own_key, later_scripts(what), what=what).close()


def later_scripts(what: str) -> list[str]:
    """The migrations of a version to come."""
    _, table, column = KINDS[what]
    steps = [
        f"UPDATE {table} SET {column} = {column} || ''; CREATE TABLE later{number} (id INTEGER)"
        for number in range(20)
    ]
    return [*migrations.released(what), *steps]


def begin() -> None:
    sys.stdout.write("begins\n")
    sys.stdout.flush()


def main() -> None:
    doing, folder = sys.argv[1:]
    profile = Profile(Path(folder))
    finish_replacing(profile)
    key = Vault(profile.vault).open_with_passphrase(PASSPHRASE)
    {"back_up": back_up, "restore": restore, "migrate": migrate}[doing](profile, key)


if __name__ == "__main__":
    main()
