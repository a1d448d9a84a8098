"""Everything that is remembered, under another key.

Copies of both databases are made under a new key, and a vault that gives it; together they take the
place of what is there. A process that is killed leaves everything as it was before, or after.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sottovoce.domain.problems import NoRoom
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store import migrations
from sottovoce.store.backup import scratch
from sottovoce.store.database import copy, open_database, unchanging
from sottovoce.store.document_store import documents_key
from sottovoce.system.audit import Audit, Event
from sottovoce.system.exchange import handed_over, supersede_memory
from sottovoce.system.files import writing_translated
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.system.use import alone
from sottovoce.system.vault import Vault

_SPARE = 50_000_000
"""Bytes that stay free on the disk."""


def change_key(
    profile: Profile, key: bytes, stop: Stop, *, passphrase: str | None, secrets: Secrets | None
) -> Iterator[Transferred]:
    """Encrypt everything under a new key, which opens with the same things, and tell how far it is.

    What lay under the old key is removed, but for backups and what was kept of the times before.
    Raises Interrupted while somebody else uses the profile, NoRoom, Damaged, and Refused if what
    protects the key, see Vault.renewed, is not given. Then everything is as it was.
    """
    with alone(profile.folder), scratch(profile) as folder:
        new, vault = Vault(profile.vault).renewed(key, passphrase=passphrase, secrets=secrets)
        total = _foreseen(profile)
        done = 0
        for path, old_key, new_key, what in (
            (profile.database, key, new, "chats"),
            (profile.documents, documents_key(key), documents_key(new), "documents"),
        ):
            if not path.exists() or not path.stat().st_size:
                continue
            made = folder / path.name
            with unchanging(path, old_key, what=what) as source:
                for count in copy(source, made, new_key, what=what):
                    stop.check()
                    done += count
                    yield Transferred(min(done, total), total)
            _check(made, new_key, what, stop)
        Vault(folder / "vault").settle(vault)
        Audit(profile).note(Event.KEY_CHANGED)
        _take_over(profile, folder)


def _check(path: Path, key: bytes, what: str, stop: Stop) -> None:
    """Read all of a copy, and have it on the disk. Raises Damaged."""
    with closing(open_database(path, key, migrations.released(what), what=what)) as database:
        database.check(stop)
    with writing_translated(), path.open("rb+") as file:
        os.fsync(file.fileno())


def _take_over(profile: Profile, folder: Path) -> None:
    """Put what is in the scratch folder in the place of what is remembered."""
    with writing_translated():
        for plain in (profile.appearance, profile.network):
            if plain.exists():
                shutil.copy2(plain, folder / plain.name)
    with handed_over(profile, folder) as source:
        supersede_memory(profile, source)


def _foreseen(profile: Profile) -> int:
    """How many bytes will be copied, about. Raises NoRoom where there is too little space."""
    size = sum(
        file.stat().st_size
        for path in (profile.database, profile.documents)
        for file in path.parent.glob(f"{path.name}*")
    )
    if shutil.disk_usage(profile.folder).free < size + _SPARE:
        raise NoRoom(
            f"This takes {(size + _SPARE) / 1e9:,.1f} GB of free space for a while. "
            "Free some and try again."
        )
    return max(size, 1)
