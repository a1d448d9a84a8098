"""Backups that nobody asks for: when one is due, what it is called, and how many stay."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sottovoce.domain.problems import Missing
from sottovoce.domain.settings import BackupPlan
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.store.backup import SUFFIX, Backup, create
from sottovoce.system.paths import Profile
from sottovoce.system.vault import Vault

_MOMENT = "%Y-%m-%d %H-%M-%S"
"""In UTC: clocks that are put back do not bring two of the same name."""


def back_up_if_due(
    profile: Profile, key: bytes, plan: BackupPlan, stop: Stop
) -> Iterator[Transferred | Backup]:
    """Make a backup if the last one is old enough, and remove those that are too many.

    Raises Missing if the folder is not there, and what `create` raises.
    """
    folder = Path(plan.folder)
    if not plan.is_wanted or not profile.policy.export:
        return
    if not folder.is_dir():
        raise Missing(
            "The folder for backups is not there. Connect its disk, or choose another folder in "
            "the settings."
        )
    now = datetime.now(UTC)
    start = f"Sottovoce automatic {Vault(profile.vault).id[:8]} "
    made = _made(folder, start)
    # What a clock that was wrong has dated later is no reason to wait for that day.
    if any(timedelta() <= now - moment < timedelta(days=plan.days) for moment in made):
        return
    for unfinished in folder.glob(f"{start}*{SUFFIX}.part"):
        with suppress(OSError):
            unfinished.unlink()  # It was killed, such as when the computer was switched off.
    yield from create(profile, key, folder / f"{start}{now:{_MOMENT}}{SUFFIX}", stop)
    too_many = sorted(_made(folder, start).items())[: -max(plan.keep, 1)]
    for _, path in too_many:
        with suppress(OSError):  # It is tried again after the next one.
            path.unlink()


def _made(folder: Path, start: str) -> dict[datetime, Path]:
    """Backups in `folder` that were made like this, of these chats alone, by their moments."""
    found = {}
    for path in folder.glob(f"{start}*{SUFFIX}"):
        with suppress(ValueError):  # Somebody gave it another name, and keeps it.
            moment = path.stem.removeprefix(start)
            found[datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)] = path
    return found
