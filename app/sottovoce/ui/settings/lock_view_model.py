"""When the window locks: on demand, when nobody touches it, and when screen or computer rest."""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from sottovoce.domain.policy import Policy
from sottovoce.ui.settings.view_model import SettingsViewModel

_LOOK_SECONDS = 5.0
"""Between two looks at the clock."""
_SLEEP_SECONDS = 30.0
"""A look that comes so much too late was slept through."""
_WARNING_SECONDS = 20.0
"""So long before it locks because nobody is there, it says so: somebody may be reading."""


# Seconds of a clock that nobody sets, and that goes on while the computer sleeps.
if sys.platform == "win32":
    _seconds = time.monotonic
elif sys.platform == "linux":
    _seconds = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
else:
    _seconds = partial(time.clock_gettime, time.CLOCK_MONOTONIC)


class LockViewModel(QObject):
    """Knows when somebody was there last, and says when that is too long ago."""

    due = Signal()
    """The window must lock now."""
    nearing = Signal(int)
    """Seconds until it locks unless somebody types or points; 0 when somebody did."""

    def __init__(
        self,
        settings: SettingsViewModel,
        policy: Policy,
        *,
        is_kept: bool,
        clock: Callable[[], float] = _seconds,
    ) -> None:
        """`is_kept`: whether chats come back after it. Else only an administrator locks them."""
        super().__init__()
        self._settings = settings
        self._policy = policy
        self.is_kept = is_kept
        self.may_lock: Callable[[], bool] = lambda: True
        """Asked before a lock that somebody wants; nobody is there to be asked before others."""
        self._clock = clock
        self._touched = self._looked = clock()
        self._is_warning = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.setInterval(round(_LOOK_SECONDS * 1000))
        self._timer.timeout.connect(self.look)
        self._timer.start()

    @property
    def minutes(self) -> int:
        """Without input after which the window locks; 0 for never."""
        own = self._settings.settings.lock_after if self.is_kept else 0
        most = self.most_minutes
        if most is None:
            return own
        return min(own, most) if own else most

    @property
    def most_minutes(self) -> int | None:
        """What an administrator allows at most; None where nobody said anything."""
        return self._policy.lock_after

    @property
    def follows_screen(self) -> bool:
        """Whether the window locks with the screen, and when the computer goes to sleep."""
        if self.most_minutes is not None:
            return True
        return self.is_kept and self._settings.settings.locks_with_screen

    def lock_after(self, minutes: int) -> None:
        """Lock after so long without input; 0 for never."""
        self._settings.change(replace(self._settings.settings, lock_after=minutes))

    def follow_screen(self, follows: bool) -> None:
        """Lock with the screen, or leave that to the person."""
        self._settings.change(replace(self._settings.settings, locks_with_screen=follows))

    def lock(self) -> None:
        """Lock now, because somebody wants it, and still does when told what is lost by it."""
        if self.may_lock():
            self._lock()

    def stop(self) -> None:
        """Look no more: the window is closing."""
        self._timer.stop()

    def note_input(self) -> bool:
        """Somebody types or points. False where it comes too late: the window locks instead."""
        now = self._clock()
        if self._is_late(now):
            self._lock()
            return False
        self._touched = now
        if self._is_warning:
            self._warn(now)
        return True

    def note_rest(self) -> None:
        """The screen is locked, or the computer goes to sleep."""
        if self.follows_screen:
            self._lock()

    def look(self) -> None:
        """Lock if nobody was there for long, or if the computer slept without a word."""
        now = self._clock()
        slept = now - self._looked > _LOOK_SECONDS + _SLEEP_SECONDS
        self._looked = now
        if self._is_late(now):
            self._lock()
        elif slept:
            self.note_rest()
        elif self.minutes:
            self._warn(now)

    def _warn(self, now: float) -> None:
        """Count the last seconds, and look at the clock as often as that takes."""
        left = 60 * self.minutes - (now - self._touched)
        was_warning, self._is_warning = self._is_warning, left <= _WARNING_SECONDS
        is_soon = left <= _WARNING_SECONDS + _LOOK_SECONDS
        self._timer.setInterval(1000 if is_soon else round(_LOOK_SECONDS * 1000))
        if self._is_warning:
            self.nearing.emit(math.ceil(left))
        elif was_warning:
            self.nearing.emit(0)

    def _lock(self) -> None:
        self._timer.stop()
        self.due.emit()

    def _is_late(self, now: float) -> bool:
        return bool(self.minutes) and now - self._touched >= 60 * self.minutes
