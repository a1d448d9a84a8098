"""Makes what is kept unreadable for good, by losing its key, and then removes it.

A vault that is renamed is a vault to be forgotten: from then on, whatever starts on the profile
carries that out first. A process that is killed leaves everything as it was, or no way back.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from sottovoce.system.audit import Audit, Event
from sottovoce.system.exchange import memory_in, vaults_in
from sottovoce.system.files import flush_folder, writing_translated
from sottovoce.system.paths import Profile
from sottovoce.system.secrets import Secrets
from sottovoce.system.use import alone
from sottovoce.system.vault import Vault


def forget(profile: Profile, secrets: Callable[[], Secrets | None]) -> None:
    """Remove chats, documents and settings, and what was kept of the times before; models stay.

    Raises Interrupted if somebody else uses the profile, and Refused.
    """
    with alone(profile.folder), writing_translated():
        forget_at_next_start(profile)
        _carry_out(profile, secrets())


def forget_at_next_start(profile: Profile) -> None:
    """The same, for who has the profile open now, and ends. There is no way back. Raises Refused.

    Others that have it open can go on until they end.
    """
    Audit(profile).note(Event.FORGOTTEN)
    with writing_translated():
        if profile.vault.exists() and not profile.forgotten.exists():
            profile.vault.rename(profile.forgotten)
        profile.forgotten.mkdir(mode=0o700, exist_ok=True)
        flush_folder(profile.folder)


def finish_forgetting(profile: Profile, secrets: Callable[[], Secrets | None]) -> None:
    """Carry out what was decided before. Raises Interrupted if somebody uses the profile."""
    if profile.forgotten.exists():
        with alone(profile.folder), writing_translated():
            if profile.forgotten.exists():  # Somebody else may just have done it, and begun anew.
                _carry_out(profile, secrets())


def _carry_out(profile: Profile, secrets: Secrets | None) -> None:
    profile.exchange.unlink(missing_ok=True)  # Nothing comes back in the place of what goes.
    for vault in _vaults(profile):
        Vault(vault).destroy(secrets)
    for folder in _folders(profile):
        shutil.rmtree(folder, ignore_errors=True)
    for name in memory_in(profile.folder):
        if name != profile.network.name and name != profile.vault.name:
            (profile.folder / name).unlink(missing_ok=True)
    profile.key_wish.unlink(missing_ok=True)  # It was for the key that is gone.
    shutil.rmtree(profile.forgotten)  # Last: while it is there, this is not done.
    flush_folder(profile.folder)


def _folders(profile: Profile) -> Iterator[Path]:
    """Where memories lie beside the one in use."""
    yield from (profile.kept, profile.superseded, profile.restored, profile.scratch)


def _vaults(profile: Profile) -> Iterator[Path]:
    yield profile.forgotten
    for folder in _folders(profile):
        yield from vaults_in(folder)
