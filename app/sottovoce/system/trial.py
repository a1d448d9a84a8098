"""What is kept of a profile while an update is tried with it: the old version may come back."""

from contextlib import suppress
from pathlib import Path

from sottovoce.domain.problems import Problem
from sottovoce.system.files import write_private
from sottovoce.system.paths import Profile


def begin(profile: Profile) -> None:
    """Have databases keep what they were before they were brought up to date."""
    if not profile.trial.exists():
        with suppress(Problem):  # A start is more important.
            write_private(profile.trial, b"")


def end(profile: Profile) -> None:
    """Remove what was kept, now that the version in use works. Raises OSError."""
    if profile.trial.exists():
        profile.trial.unlink()
        for database in (profile.database, profile.documents):
            before_migration(database).unlink(missing_ok=True)


def is_on(database: Path) -> bool:
    """Whether an update is tried with the profile of this database."""
    return Profile(database.parent).trial.exists()


def before_migration(database: Path) -> Path:
    """Where the database is copied before it is brought up to date."""
    return database.with_name(f"{database.name}.before-migration")
