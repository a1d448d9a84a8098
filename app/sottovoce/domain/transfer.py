"""News of work that is measured in bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transferred:
    """How far bytes have come: fetched, copied or checked."""

    done: int
    total: int
    speed: float = 0.0
    """Bytes per second of late; 0 while it is not known yet."""

    @property
    def seconds_left(self) -> float | None:
        """None while it cannot be told."""
        return (self.total - self.done) / self.speed if self.speed > 0 else None
