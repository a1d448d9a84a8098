"""Sees what happens in folders: told by the system where it can, else by looking now and then."""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from sottovoce.domain.document import Folder
from sottovoce.domain.stop import Stop
from sottovoce.system.mounts import is_remote

_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
"""Not that a file was opened or read: we do that ourselves."""
_QUIET = 0.3
"""Seconds without events after which a change counts as over."""
_LONGEST = 1.5
"""Seconds after which changes are looked at though they go on."""
_TOLD = 600.0
"""Seconds between two looks at a folder whose changes are told: some may not have been."""
_UNTOLD = 20.0
"""Seconds between two looks at a folder on another machine, or one that is not there now."""


class Watcher:
    """The folders that are followed, and what is to be looked at in them. For one thread."""

    def __init__(self) -> None:
        self._observer: BaseObserver = Observer()
        self._observer.start()
        self._followed: dict[int, _Followed] = {}
        self._happened = threading.Event()

    def follow(self, folders: Sequence[Folder]) -> None:
        """Follow these folders and no others. All in a new one is due at once."""
        wanted = {folder.id: folder for folder in folders if folder.is_watched}
        for number, followed in list(self._followed.items()):
            if wanted.get(number) != followed.folder:
                self._unfollow(number)
        for number, folder in wanted.items():
            if number not in self._followed:
                self._followed[number] = self._new(folder)

    def due(self) -> list[tuple[Folder, set[Path]]]:
        """What is to be looked at now: paths, or a folder itself if that is all in it."""
        now = time.monotonic()
        due = [(each.folder, each.take(now)) for each in self._followed.values()]
        return [(folder, paths) for folder, paths in due if paths]

    def wait(self, seconds: float, stop: Stop) -> None:
        """Return when something happens, or after so many seconds. Raises Cancelled."""
        with stop.calling(self._happened.set):
            if self._happened.wait(seconds):
                self._happened.clear()
                stop.check()
                stop.wait(min(seconds, _QUIET))
        stop.check()

    def close(self) -> None:
        """Follow nothing any more."""
        self._observer.stop()
        self._observer.join()

    def _new(self, folder: Folder) -> "_Followed":
        followed = _Followed(folder, self._happened)
        if not folder.trouble and not is_remote(folder.path):
            try:
                followed.watch = self._observer.schedule(
                    followed, str(folder.path), recursive=True, event_filter=_EVENTS
                )
            except OSError:
                followed.watch = None  # Too many folders, or none: it is looked at now and then.
        return followed

    def _unfollow(self, number: int) -> None:
        followed = self._followed.pop(number)
        if followed.watch is None:
            return
        if any(each.watch == followed.watch for each in self._followed.values()):
            # Another collection has this folder, too.
            self._observer.remove_handler_for_watch(followed, followed.watch)
        else:
            self._observer.unschedule(followed.watch)


class _Followed(FileSystemEventHandler):
    """A folder, and the paths in it at which something happened."""

    def __init__(self, folder: Folder, happened: threading.Event) -> None:
        self.folder = folder
        self.watch: ObservedWatch | None = None
        self._happened = happened
        self._lock = threading.Lock()
        self._paths = {folder.path}
        self._first = self._last = 0.0
        self._looked = 0.0

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note where it happened. Called by the thread that the system tells."""
        now = time.monotonic()
        with self._lock:
            self._first = self._first if self._paths else now
            self._last = now
            self._paths |= {
                Path(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path
            }
        self._happened.set()

    def take(self, now: float) -> set[Path]:
        """What is to be looked at now, if it is quiet again."""
        with self._lock:
            every = _UNTOLD if self.watch is None else _TOLD
            if now - self._looked > every:
                self._paths = {self.folder.path}
            elif now - self._last < _QUIET and now - self._first < _LONGEST:
                return set()
            paths, self._paths = self._paths, set()
            if self.folder.path in paths:
                self._looked = now
            return paths
