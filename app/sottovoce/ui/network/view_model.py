"""The network switch of this profile, what it lets through, and how often something was refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import write_private
from sottovoce.system.network.ledger import Entry, Ledger
from sottovoce.system.network.switch import (
    PUBLIC_HUB,
    NetworkSettings,
    read_switch,
    with_endpoint,
    with_host,
    write_switch,
)
from sottovoce.system.paths import Profile
from sottovoce.ui.network.ledger_csv import as_csv
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


def _nothing() -> None:
    """Nothing to do."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the files of switch and ledger said when they were last looked at."""

    settings: NetworkSettings
    refused: int
    written: tuple[int, int]
    """Size and time of the ledger."""


class NetworkViewModel(QObject):
    """One owner of the switch in this window. Commands may turn it, too: `look` notices."""

    changed = Signal()
    """The switch, what it lets through, what it is used for, or the count of refusals."""
    failed = Signal(object)
    """A Trouble with something that was to be changed."""
    mistaken = Signal(str)
    """A sentence on an address that was typed and cannot be one."""
    settings_asked = Signal()
    """Somebody wants to change what may be connected to."""
    ledger_read = Signal(list)
    """The Entries of the ledger, the latest first."""

    def __init__(self, profile: Profile, tasks: Tasks) -> None:
        super().__init__()
        self._profile = profile
        self._ledger = Ledger(profile.ledger)
        self._tasks = tasks
        self._seen = _Seen(NetworkSettings(only=profile.policy.hosts), 0, (0, 0))
        self._uses: list[str] = []
        self._is_to_rest = False

    @property
    def settings(self) -> NetworkSettings:
        return self._seen.settings

    @property
    def is_on(self) -> bool:
        return self.settings.on

    @property
    def is_to_rest(self) -> bool:
        """Whether it was switched on only for what is under way."""
        return self._is_to_rest

    @property
    def is_kept_off(self) -> bool:
        """Whether administrators keep it off, whatever anybody wishes."""
        return not self._profile.policy.network

    @property
    def host(self) -> str:
        """The host of the hub that is asked."""
        return self.settings.endpoint_host

    @property
    def refused(self) -> int:
        """How many refused attempts are in the ledger."""
        return self._seen.refused

    @property
    def use(self) -> str:
        """What the network is used for now, such as "Downloading"; empty for nothing."""
        return self._uses[-1] if self._uses else ""

    def look(self) -> None:
        """See whether somebody turned the switch, or was refused, since the last look."""
        self._tasks.ask(self._read, self._take)

    def turn_on(self, then: Callable[[], object] = _nothing, *, until_rest: bool = False) -> None:
        """Let connections be made, and call `then`.

        With `until_rest` it is switched off again by `rest`, or when the window closes.
        """

        def turned() -> None:
            self._is_to_rest = until_rest
            then()

        self._change(lambda now: replace(now, on=True), turned)

    def turn_off(self) -> None:
        self._is_to_rest = False
        self._change(lambda now: replace(now, on=False))

    def note_rest_wanted(self) -> None:
        """It was switched on only for what is under way, by the window before this one."""
        self._is_to_rest = True

    def rest(self) -> None:
        """Nothing is under way any more: switch off, if it was switched on only for that."""
        if self._is_to_rest:
            self.turn_off()

    def use_endpoint(self, address: str) -> None:
        """Ask the hub at this address from now on; at the usual one where it is empty."""
        try:
            changed = with_endpoint(self.settings, address or PUBLIC_HUB)
        except Problem as problem:
            self.mistaken.emit(str(problem))
            return
        self._change(lambda now: replace(now, endpoint=changed.endpoint))

    def allow(self, host: str) -> None:
        """Let the hub lead to this host, too."""
        try:
            changed = with_host(self.settings, host)
        except Problem as problem:
            self.mistaken.emit(str(problem))
            return
        if changed != self.settings:
            self._change(lambda now: with_host(now, host))

    def forbid(self, host: str) -> None:
        """Let it no longer lead there."""

        def without(now: NetworkSettings) -> NetworkSettings:
            return replace(now, hosts=tuple(each for each in now.hosts if each != host))

        self._change(without)

    def begin_use(self, words: str) -> None:
        """Say from now on what the network is used for, until `end_use` with the same words."""
        self._uses.append(words)
        self.changed.emit()

    def end_use(self, words: str) -> None:
        self._uses.remove(words)
        self.changed.emit()

    def read_ledger(self) -> None:
        """Read it, and emit `ledger_read`."""
        self._tasks.ask(lambda: self._ledger.entries()[::-1], self.ledger_read.emit)

    def clear_ledger(self) -> None:
        """Delete all entries for good."""
        self._tasks.ask(self._ledger.clear, lambda _: self._end_clearing(), failed=self._tell)

    def export(self, entries: Sequence[Entry], path: Path) -> None:
        """Write entries of the ledger to a file that spreadsheets read."""
        text = as_csv(entries)
        # With the mark by which spreadsheets know UTF-8.
        self._tasks.ask(lambda: write_private(path, text.encode("utf-8-sig")), failed=self._tell)

    def _change(
        self,
        change: Callable[[NetworkSettings], NetworkSettings],
        then: Callable[[], object] = _nothing,
    ) -> None:
        """Change what is kept by then, which a change before this one or a command may alter."""
        place, policy = self._profile.network, self._profile.policy

        def changed(settings: NetworkSettings) -> None:
            self._seen = replace(self._seen, settings=settings)
            self.changed.emit()
            then()

        def keep() -> NetworkSettings:
            settings = change(read_switch(place, policy))
            write_switch(place, settings, policy)
            Audit(self._profile).note(Event.NETWORK_SWITCHED, on=settings.on)
            return settings

        self._tasks.ask(keep, changed, failed=self._tell)

    def _end_clearing(self) -> None:
        self.look()
        self.read_ledger()

    def _read(self) -> _Seen:
        settings = read_switch(self._profile.network, self._profile.policy)
        try:
            state = self._profile.ledger.stat()
            written = (state.st_size, state.st_mtime_ns)
        except OSError:
            written = (0, 0)
        if written == self._seen.written:
            return replace(self._seen, settings=settings)
        refused = sum(not entry.is_allowed for entry in self._ledger.entries())
        return _Seen(settings, refused, written)

    def _take(self, seen: _Seen) -> None:
        if seen != self._seen:
            self._seen = seen
            self.changed.emit()

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
