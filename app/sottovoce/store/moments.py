"""Moments as the database keeps them: microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Return this moment, for a column."""
    return to_column(datetime.now(UTC))


def to_column(moment: datetime) -> int:
    """Return a moment as a column keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_column(microseconds: int) -> datetime:
    """Return the moment a column keeps, with its time zone."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
