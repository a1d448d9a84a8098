"""Puts another version of the application in the place of this one, whole or not at all.

The new one gets ready in a folder beside it. At the next start that finds nobody else using the
application, the two folders change places, which the system does in one step: whenever a process is
killed, a whole application is where people start it. The old one is kept until the new one has
opened its window, or carried out a command; it comes back if three starts end without either.
"""

import ctypes
import errno
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from sottovoce.domain.problems import Interrupted, Problem, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.system import lock, trial
from sottovoce.system.application import (
    CARRIED,
    Application,
    added,
    check_replaceable,
    is_private,
)
from sottovoce.system.files import flush_folder, write_private, writing_translated
from sottovoce.system.paths import Profile

log = logging.getLogger(__name__)

TRY_OUT = "--try-out"
"""Tells a program to say its version once it has seen that all parts of it start here."""
_JOURNAL, _LOCK, _OTHER = "journal.json", "lock", "application"
_TRIES = 3
_TRY_SECONDS = 180
"""For a slow disk, and a scanner that looks into every new file."""
_PATIENCE = 10.0
"""Seconds, in which folders change places."""
_LOOK_EVERY = 0.02
_LARGEST = 100_000
"""Bytes of a journal."""
_AGAIN = "SOTTOVOCE_BEGUN_AGAIN"
"""Is set where a process began anew because of an update: it does not do so twice."""
_WORKING_FOLDER, _EXCHANGE, _SWAP = -100, 2, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS."""


class _Journal(msgspec.Struct, frozen=True):
    """There is one from when a new application is ready until it is in use, or refused."""

    before: str
    """The version that it takes the place of."""
    version: str
    folder: tuple[int, int]
    """By which the file system knows the folder of the new one, wherever it is."""
    tries: int = 0
    """How often it was started."""
    failed: bool = False
    """Whether that was too often, so that the old one comes back."""


@dataclass
class Start:
    """What is known of an update when the program starts."""

    application: Application | None = None
    note: str = ""
    """A sentence for the user; empty where nothing happened."""
    profile: Profile | None = None
    """What it is used with."""

    def use(self, profile: Profile) -> None:
        """Let a version that is being tried change nothing in the profile for good."""
        self.profile = profile
        if self.application is not None:
            trial.begin(profile)

    def succeeded(self) -> None:
        """Keep this version, now that it works, and remove the one before. It may take a moment."""
        application, self.application = self.application, None
        with suppress(OSError, Problem):
            if self.profile is not None:
                trial.end(self.profile)
            if application is not None:
                with lock.locked(application.stage / _LOCK) as is_ours:
                    if is_ours:
                        _remove(application.stage)

    def undecided(self) -> None:
        """Let this start count neither for nor against this version: it ended for other reasons."""
        application, self.application = self.application, None
        if application is not None and (journal := _read(application.stage)) is not None:
            with suppress(Problem):
                tries = max(0, journal.tries - 1)
                _write(application.stage, msgspec.structs.replace(journal, tries=tries))


@contextmanager
def starting(application: Application | None, again: Callable[[], object]) -> Iterator[Start]:
    """Use the application while this block runs, after an update that was waiting took its place.

    `again` begins the program anew, because its files are others now; it does not return.
    """
    is_again = os.environ.pop(_AGAIN, "")

    def once_more() -> None:
        if not is_again:
            os.environ[_AGAIN] = "1"
            again()

    if application is None or sys.platform == "win32":
        yield Start()
        return
    try:
        folder = os.open(application.folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # Somebody else's, who lets nobody look: it is not ours to update either.
        yield Start()
        return
    try:
        start = Start()
        if os.path.lexists(application.stage) and lock.try_alone(folder):
            try:
                start = _carry_out(application, once_more)
            except (OSError, Problem) as error:  # A start is more important than an update.
                log.warning("The update could not be carried out: %s", type(error).__name__)
        until = time.monotonic() + _PATIENCE
        while not lock.try_shared(folder) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)
        if _identity(application.folder) != _identity_of(folder) or _is_stale(application):
            once_more()  # Folders changed places while this process began.
        yield start
    finally:
        os.close(folder)


@contextmanager
def preparing(application: Application) -> Iterator[Path]:
    """An empty folder beside the application, in which only this block gets another ready.

    What was ready before and did not yet take its place is gone. If the block ends with an error,
    nothing stays. Raises Refused where no other can take its place, NoRoom, or Interrupted while
    somebody else gets one ready, or the last one is still being tried.
    """
    check_replaceable(application)
    stage = application.stage
    with writing_translated():
        stage.mkdir(mode=0o700, exist_ok=True)
    if not is_private(stage):
        raise Refused(f"Something else is in the place of {stage}. Move it away.")
    with lock.locked(stage / _LOCK) as is_ours:
        if not is_ours:
            raise Interrupted("Another window or command prepares an update. Wait for its end.")
        journal = _read(stage)
        if journal is not None and _identity(application.folder) == journal.folder:
            raise Interrupted("The last update is still being tried. Start Sottovoce once more.")
        try:
            _clear(stage)
            yield stage
        except BaseException:
            with suppress(Problem):  # What had to be said is said already.
                _remove(stage)
            raise


def new_folder(stage: Path) -> Path:
    """Where the new application has to lie before it is announced."""
    return stage / _OTHER


def try_out(new: Application, stop: Stop) -> None:
    """Return if it starts on this computer and is what it should be. Raises Unsupported, Cancelled.

    It is run: whoever calls has to know whose it is.
    """
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("SOTTOVOCE_", "_PYI_"))}
    try:
        tried = subprocess.Popen(
            [str(new.folder / new.program), TRY_OUT],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with tried, stop.calling(tried.kill):
            try:
                told, _ = tried.communicate(timeout=_TRY_SECONDS)
            finally:
                tried.kill()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unfit(new) from error
    stop.check()
    if tried.returncode != 0 or told.decode(errors="replace").split() != [new.version]:
        raise _unfit(new)


def announce(application: Application, version: str) -> None:
    """Let what is ready take its place at the next start. Raises NoRoom or Refused."""
    stage = application.stage
    with writing_translated():
        flush_folder(stage)
        journal = _Journal(application.version, version, _identity(new_folder(stage)))
    _write(stage, journal)


def _is_stale(application: Application) -> bool:
    """Whether this process is of the version that does not lie in the application's folder now."""
    journal = _read(application.stage)
    if journal is None:
        return False
    is_there = _identity(application.folder) == journal.folder
    return application.version == (journal.before if is_there else journal.version)


def _carry_out(application: Application, again: Callable[[], object]) -> Start:
    """Go one step on with what is written in the journal. We alone use the application."""
    stage, other = application.stage, new_folder(application.stage)
    if not is_private(stage):
        return Start()  # Somebody else's. What is in it is nothing to us.
    with lock.locked(stage / _LOCK) as is_ours:
        if not is_ours:
            return Start()  # An update is being prepared.
        journal = _read(stage)
        is_there = journal is not None and _identity(application.folder) == journal.folder
        if journal is not None and is_there:
            _carry(other, application.folder)
            if application.version == journal.version:
                return _counted(application, journal, again)
            again()  # This process is of the one before; else it was replaced by other means.
        elif journal is not None and application.version == journal.before:
            if journal.failed:
                _carry(other, application.folder)
                _remove(stage)
                return Start(note=_brought_back(journal))
            if _identity(other) == journal.folder:
                _change_places(application.folder, other)
                again()
                return Start()
        _remove(stage)  # What a kill left, or does not belong to this version.
        return Start()


def _counted(application: Application, journal: _Journal, again: Callable[[], object]) -> Start:
    """The start of a new version; or its end, if it was started too often without success."""
    if journal.failed or journal.tries >= _TRIES:
        _write(application.stage, msgspec.structs.replace(journal, failed=True))
        _change_places(application.folder, new_folder(application.stage))
        again()
    _write(application.stage, msgspec.structs.replace(journal, tries=journal.tries + 1))
    return Start(application, f"Sottovoce was updated from {journal.before} to {journal.version}.")


def _change_places(folder: Path, other: Path) -> None:
    """Let two applications change places, and what belongs to the user stay. Raises OSError."""
    descriptor = os.open(other, os.O_RDONLY)
    try:
        # Who starts the other one the moment it is there waits until all is in it.
        if sys.platform != "win32" and lock.try_alone(descriptor):
            _exchange(folder, other)
            flush_folder(folder.parent)
            flush_folder(other.parent)
            _carry(other, folder)
    finally:
        os.close(descriptor)


def _carry(source: Path, target: Path) -> None:
    """Move what is the user's from one application to the other, as far as it was not yet."""
    for name in added(source) if source.is_dir() else ():
        if not os.path.lexists(target / name):
            (source / name).rename(target / name)
    flush_folder(target)


def _clear(stage: Path) -> None:
    """Remove all that is in the stage: the journal first, without which nothing happens.

    What is the user's is never removed, wherever it was left. Raises Refused.
    """
    with writing_translated():
        if os.path.lexists(stage / _JOURNAL):
            (stage / _JOURNAL).unlink()
            flush_folder(stage)
        if any(os.path.lexists(new_folder(stage) / name) for name in CARRIED):
            raise Refused(f"Chats of a portable Sottovoce lie in {stage}. Move them away.")
        for path in stage.iterdir():
            if path.name == _LOCK:
                continue
            if path.is_dir() and not path.is_symlink():
                for folder, _, _ in os.walk(path):
                    Path(folder).chmod(0o700)  # Its user may have protected it.
                shutil.rmtree(path)
            else:
                path.unlink()


def _remove(stage: Path) -> None:
    """Remove the stage, with all that is in it. Raises Refused."""
    _clear(stage)
    with writing_translated():
        (stage / _LOCK).unlink(missing_ok=True)
        stage.rmdir()


def check_exchange(application: Application) -> None:
    """Return if its folder can change places with one beside it in one step. Raises Refused."""
    folder = application.folder
    try:
        if os.path.ismount(folder):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
            one, other = Path(place, "one"), Path(place, "other")
            one.mkdir()
            other.mkdir()
            _exchange(one, other)
    except OSError as error:
        raise Refused("The disk of Sottovoce cannot replace a folder in one step.") from error


def _exchange(one: Path, other: Path) -> None:
    """Let them change places in one step, which is done or not, whoever is killed. Raises OSError.

    https://man7.org/linux/man-pages/man2/rename.2.html, https://keith.github.io/xcode-man-pages/renamex_np.2.html
    """
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = library.renamex_np(first, second, ctypes.c_uint(_SWAP))
    else:
        working, how = ctypes.c_int(_WORKING_FOLDER), ctypes.c_uint(_EXCHANGE)
        failed = library.renameat2(working, first, working, second, how)
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _identity(folder: Path) -> tuple[int, int]:
    """By which the file system knows it, whatever it is called; none if it is not there."""
    try:
        found = folder.lstat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _identity_of(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _read(stage: Path) -> _Journal | None:
    """The journal, if there is one that can be understood."""
    try:
        with (stage / _JOURNAL).open("rb") as file:
            return msgspec.json.decode(file.read(_LARGEST), type=_Journal)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _write(stage: Path, journal: _Journal) -> None:
    write_private(stage / _JOURNAL, msgspec.json.encode(journal))


def _brought_back(journal: _Journal) -> str:
    return (
        f"Sottovoce {journal.version} did not work on this computer, so {journal.before} is used "
        "again. Your chats are as they were."
    )


def _unfit(new: Application) -> Unsupported:
    return Unsupported(
        f"Sottovoce {new.version} does not start on this computer, so nothing was changed. Ask for "
        "one that is made for it."
    )
