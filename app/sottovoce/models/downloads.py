"""The queue of downloads: kept on disk, and shared by all windows and commands of a profile.

Each download has a folder of its own, with what was chosen, a lock, and what was fetched so far.
"""

import secrets
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sottovoce.domain.parts import parts
from sottovoce.domain.problems import (
    Cancelled,
    Damaged,
    Interrupted,
    Missing,
    NoRoom,
    Problem,
    Refused,
    Unsupported,
)
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.admission import NOT_ALLOWED, is_forbidden
from sottovoce.models.download import (
    Checking,
    Choice,
    ChosenFile,
    Download,
    Installed,
    State,
    local_name,
)
from sottovoce.models.fingerprint import Fingerprint
from sottovoce.models.gguf_file import translated
from sottovoce.models.install import check, find_twin, install
from sottovoce.models.names import is_plain
from sottovoce.models.pace import Pace
from sottovoce.models.part import prepare, settle
from sottovoce.models.remote import Remote
from sottovoce.models.repository import FetchOrder, RemoteFile, Repository
from sottovoce.system.files import write_private, writing_translated
from sottovoce.system.lock import is_locked, locked
from sottovoce.system.paths import Profile

_ENTRY, _LOCK, _PART = "download.json", "lock", ".part"
_LOOK = 0.5
"""Seconds to wait for a lock: others take it for a moment to see whether it is taken."""
_ORPHAN_ENDS = 5.0
"""Seconds for the network process of a program that was killed to notice it."""
_SLICE = 0.04
"""Seconds of checking between two news of the transfer: they must not have to wait for long."""
_MOST_ENDS = 3
"""How often in a row the network process may end without having brought a byte."""
_SPARE = 256_000_000
"""Bytes that a download leaves free: a disk filled to the brim troubles other programs."""
_ELSEWHERE = "Another window or command of Sottovoce downloads this. Pause or cancel it there."

_LARGEST = 1_000_000
"""Bytes of what is kept of a download; nothing we write comes near it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is kept of a download."""

    choice: Choice
    added: datetime
    place: float
    """In the queue: the smaller ones come first."""
    is_whole: bool = False
    """Whether all is fetched and checked, so that it only has to be installed."""
    is_paused: bool = False
    trouble: str = ""


@dataclass(slots=True)
class _Run:
    """A download that this process runs."""

    stop: Stop = field(default_factory=Stop)
    is_over: bool = False
    """Whether it was installed or cancelled, and is to leave the queue."""


class Downloads:
    """The queue of a profile. Its methods may be called from any thread."""

    def __init__(self, profile: Profile, remote: Remote) -> None:
        self._policy = profile.policy
        self._models = profile.models
        self._folder = profile.models / "downloads"
        self._remote = remote
        self._running: dict[str, _Run] = {}

    def list(self) -> list[Download]:
        """What is in the queue, the next first; in the order they were added unless moved."""
        return [self._download(id_, entry) for id_, entry in self._entries()]

    def next(self) -> Download | None:
        """The first that waits to be run."""
        return next((each for each in self.list() if each.state is State.WAITING), None)

    def add(self, choice: Choice) -> Download:
        """Put a choice at the end of the queue; what is there already is resumed instead.

        Raises Refused if its licence was not accepted or the policy does not allow it, Unsupported
        if it cannot be kept, or NoRoom if it does not fit on the disk beside what is in the queue
        before it.
        """
        if choice.must_accept and choice.acceptance is None:
            raise Refused(f"Accept the licence of {choice.name} before it is downloaded.")
        _check_files(choice)
        self._check_allowed(choice)
        for there in self.list():
            if _is_same(there.choice, choice):
                return self.resume(there)
        self._check_room("", choice, beside={State.WAITING, State.RUNNING})
        last = max((entry.place for _, entry in self._entries()), default=0.0)
        entry = _Entry(choice, datetime.now(UTC), place=last + 1)
        id_ = secrets.token_hex(4)
        with writing_translated():
            (self._folder / id_).mkdir(mode=0o700)
        try:
            self._write(id_, entry)
        except Problem:
            shutil.rmtree(self._folder / id_, ignore_errors=True)
            raise
        return self._download(id_, entry)

    def run(self, download: Download, stop: Stop) -> Iterator[Transferred | Checking | Installed]:
        """Fetch what is missing, check it, and put the model on the shelf.

        Every byte is checked here, by another process than the one that talks to the network. What
        was fetched stays when this ends before its end. Raises a Problem, whose sentence is kept
        with the download; or Cancelled, when it is paused, cancelled, or stopped: then it waits for
        the next run. Of two windows or commands that run the same download one is Refused, and
        nothing is changed.
        """
        id_ = download.id
        with self._taken(id_, stop) as ours:
            try:
                yield from self._run(id_, ours)
            except Problem as problem:
                trouble = str(problem)
                with suppress(Problem):  # A disk so full that not even this can be kept.
                    self._change(id_, lambda entry: replace(entry, trouble=trouble))
                raise

    def pause(self, download: Download) -> Download:
        """Let it rest until it is resumed. Raises Refused if another process runs it."""
        if download.id not in self._running and is_locked(self._folder / download.id / _LOCK):
            raise Refused(_ELSEWHERE)
        entry = self._change(download.id, lambda entry: replace(entry, is_paused=True, trouble=""))
        if running := self._running.get(download.id):
            running.stop.set()
        return self._download(download.id, entry)

    def resume(self, download: Download) -> Download:
        """Let a paused or failed one be run again."""
        entry = self._change(download.id, lambda entry: replace(entry, is_paused=False, trouble=""))
        return self._download(download.id, entry)

    def cancel(self, download: Download) -> None:
        """Take it out of the queue with all that was fetched. Raises Refused as `pause` does."""
        if running := self._running.get(download.id):
            running.is_over = True
            running.stop.set()
            return
        folder = self._folder / download.id
        if not folder.exists():
            return
        with locked(folder / _LOCK, _LOOK) as is_ours:
            if not is_ours:
                raise Refused(_ELSEWHERE)
            _empty(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def move(self, download: Download, before: Download | None) -> None:
        """Let it come before another; with None, at the end."""
        others = [(id_, entry.place) for id_, entry in self._entries() if id_ != download.id]
        if not others:
            return
        ids, places = zip(*others, strict=True)
        index = ids.index(before.id) if before and before.id in ids else len(ids)
        below = places[index - 1] if index > 0 else places[0] - 2
        above = places[index] if index < len(places) else places[-1] + 2
        place = (below + above) / 2
        self._change(download.id, lambda entry: replace(entry, place=place))

    def _run(self, id_: str, stop: Stop) -> Iterator[Transferred | Checking | Installed]:
        choice = self._pinned(id_, stop)
        path = find_twin(self._models, choice)
        if path is None:
            yield from self._fetch(id_, choice, stop)
            path = self._install(id_)
        self._running[id_].is_over = True
        yield Installed(path)

    def _pinned(self, id_: str, stop: Stop) -> Choice:
        """The choice with all that the hub had to be asked; from then on it stays as it is."""
        choice = self._read(id_).choice
        if choice.is_exact:
            self._check_allowed(choice)
            return choice
        offered = self._remote.describe(choice.repository, choice.revision, stop)
        files = tuple(_offered(file, offered) for file in choice.files)
        exact = replace(choice, revision=offered.commit, files=files)
        self._check_allowed(exact)
        self._change(id_, lambda entry: replace(entry, choice=exact))
        return exact

    def _fetch(self, id_: str, choice: Choice, stop: Stop) -> Iterator[Transferred | Checking]:
        """Have all files of a choice, checked, in the folder of the download."""
        if self._read(id_).is_whole:
            return
        self._check_room(id_, choice, beside={State.RUNNING})
        folder = self._folder / id_
        orders = _orders(folder, choice)
        pace, before = Pace(sum(order.file.size for order in orders)), 0
        files = []
        for order in orders:
            sha256 = yield from self._get(order, pace, before, stop)
            files.append(ChosenFile(order.file.name, order.file.size, sha256))
            before += order.file.size
        check(folder, choice, self._policy, stop)
        whole = replace(choice, files=tuple(files))
        self._change(id_, lambda entry: replace(entry, choice=whole, is_whole=True))

    def _install(self, id_: str) -> Path:
        try:
            return install(self._folder / id_, self._models, self._read(id_).choice)
        except Damaged:
            self._change(id_, lambda entry: replace(entry, is_whole=False))
            raise

    def _get(
        self, order: FetchOrder, pace: Pace, before: int, stop: Stop
    ) -> Generator[Transferred | Checking, None, str]:
        """Have a file whole and checked beside its part, under its own name; its fingerprint.

        What was there already is read while the rest arrives, so that resuming is as quick as
        starting; and it is read by this process, so that fetching need not wait for it.
        """
        size, expected = order.file.size, order.file.sha256
        whole = order.part.with_suffix("")
        if whole.exists():
            return expected or ""
        with locked(order.part, _ORPHAN_ENDS) as is_ours:
            if not is_ours:
                raise Refused(_ELSEWHERE)
            prepare(order.part)
        with translated(), closing(Fingerprint(order.part)) as fingerprint:
            yield pace.at(before + _size(order.part))
            ends = 0
            while (there := _size(order.part)) < size:
                try:
                    for news in self._remote.fetch(order, stop):
                        fingerprint.read(stop, until=news.done, seconds=_SLICE)
                        yield pace.at(before + news.done)
                except Interrupted:  # Something ended the network process.
                    ends = ends + 1 if _size(order.part) == there else 1
                    if ends == _MOST_ENDS:
                        raise
            while not fingerprint.read(stop, seconds=_SLICE):
                yield Checking(fingerprint.position, size)
            found = fingerprint.hexdigest()
        if fingerprint.position != size or found != (expected or found):
            order.part.unlink()
            raise Damaged(
                f"“{whole.name}” did not arrive as it was sent, and was removed. Download it again."
            )
        settle(order.part)
        return found

    @contextmanager
    def _taken(self, id_: str, stop: Stop) -> Iterator[Stop]:
        """Run a download in this process and in no other; what is yielded stops it."""
        self._read(id_)
        run = _Run()
        try:
            with locked(self._folder / id_ / _LOCK, _LOOK) as is_ours:
                if not is_ours:
                    raise Refused(_ELSEWHERE)
                self._running[id_] = run
                try:
                    if self._change(id_, lambda entry: replace(entry, trouble="")).is_paused:
                        raise Cancelled
                    with stop.calling(run.stop.set):
                        yield run.stop
                finally:
                    del self._running[id_]
        finally:
            if run.is_over:
                _empty(self._folder / id_)
                shutil.rmtree(self._folder / id_, ignore_errors=True)

    def _download(self, id_: str, entry: _Entry) -> Download:
        if id_ in self._running or is_locked(self._folder / id_ / _LOCK):
            state = State.RUNNING
        elif entry.is_paused:
            state = State.PAUSED
        else:
            state = State.FAILED if entry.trouble else State.WAITING
        done = _done(self._folder / id_, entry.choice)
        return Download(id_, entry.choice, entry.added, state, done, entry.trouble)

    def _check_allowed(self, choice: Choice) -> None:
        """Raise Refused for what could not be loaded: it would be fetched for nothing."""
        if is_forbidden(self._policy, (file.sha256 for file in choice.files)):
            raise Refused(NOT_ALLOWED)

    def _check_room(self, id_: str, choice: Choice, beside: set[State]) -> None:
        """Raise NoRoom if what is missing does not fit on the disk beside that of the others."""
        with writing_translated():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = shutil.disk_usage(self._folder).free
        if choice.size is None:
            return
        promised = sum(
            (each.choice.size or 0) - each.done
            for each in self.list()
            if each.id != id_ and each.state in beside
        )
        usable = max(free - promised - _SPARE, 0)
        missing = choice.size - _done(self._folder / id_, choice)
        if missing > usable:
            raise NoRoom(
                f"{choice.name} needs {_amount(missing)} on the disk, and {_amount(usable)} can be"
                " used. Free some space, or choose a smaller model."
            )

    def _entries(self) -> Sequence[tuple[str, _Entry]]:
        """Those that can be understood, in their order."""
        entries = []
        for path in self._folder.glob(f"*/{_ENTRY}"):
            with suppress(Missing):
                entries.append((path.parent.name, self._read(path.parent.name)))
        return sorted(entries, key=lambda each: each[1].place)

    def _read(self, id_: str) -> _Entry:
        try:
            with (self._folder / id_ / _ENTRY).open("rb") as file:
                entry = msgspec.json.decode(file.read(_LARGEST), type=_Entry)
            _check_files(entry.choice)  # It may come from a disk that others wrote on.
        except (OSError, ValueError, RecursionError, Unsupported) as error:
            raise Missing("This download is not in the queue any more. Add it again.") from error
        return entry

    def _write(self, id_: str, entry: _Entry) -> None:
        write_private(self._folder / id_ / _ENTRY, msgspec.json.encode(entry))

    def _change(self, id_: str, change: Callable[[_Entry], _Entry]) -> _Entry:
        with locked(self._folder / _LOCK, _LOOK):  # Who holds it longer than that hangs.
            entry = self._read(id_)
            changed = change(entry)
            if changed != entry:
                self._write(id_, changed)
            return changed


def _empty(folder: Path) -> None:
    """Take a download out of the queue; all but the folder with its lock, which may be held.

    What was fetched goes first: nothing is to lie there that the queue knows nothing of.
    """
    with writing_translated():
        for file in (*folder.glob("*.gguf*"), folder / _ENTRY):
            file.unlink(missing_ok=True)


def _orders(folder: Path, choice: Choice) -> list[FetchOrder]:
    """How to fetch the files of a pinned choice."""
    assert choice.revision is not None, "A pinned choice has a commit."
    orders = []
    for file in choice.files:
        assert file.size is not None, "A pinned choice has sizes."
        part = folder / f"{local_name(file.name)}{_PART}"
        remote_file = RemoteFile(file.name, file.size, file.sha256)
        orders.append(FetchOrder(choice.repository, choice.revision, remote_file, part))
    return orders


def _offered(file: ChosenFile, repository: Repository) -> ChosenFile:
    """The file as the hub has it. Raises Missing; or Damaged if it is another than was chosen."""
    found = next((each for each in repository.files if each.name == file.name), None)
    name = local_name(file.name)
    if found is None:
        raise Missing(f"“{name}” is not on the hub any more. Choose another model.")
    if file.size not in {None, found.size} or file.sha256 not in {None, found.sha256}:
        raise Damaged(f"“{name}” on the hub is another file than it was. Choose another model.")
    return ChosenFile(file.name, found.size, found.sha256)


def _check_files(choice: Choice) -> None:
    """Raise Unsupported unless this machine can keep the files, and they are all of one model."""
    names = [local_name(file.name) for file in choice.files]
    are_plain = all(
        is_plain(name) and name.endswith(".gguf") and (file.size or 0) >= 0
        for name, file in zip(names, choice.files, strict=True)
    )
    if not names or not are_plain:
        raise Unsupported("Only GGUF files with plain names can be downloaded. Choose others.")
    if names != [path.name for path in parts(Path(names[0]))]:
        raise Unsupported("This is not one whole model. Choose all its parts, in their order.")


def _is_same(one: Choice, other: Choice) -> bool:
    """Whether they mean the same files, be it that one of them does not say which commit."""
    is_commit_same = None in {one.revision, other.revision} or one.revision == other.revision
    names = [[file.name for file in choice.files] for choice in (one, other)]
    return is_commit_same and one.repository == other.repository and names[0] == names[1]


def _done(folder: Path, choice: Choice) -> int:
    """Bytes of a choice that are on disk."""
    wholes = [folder / local_name(file.name) for file in choice.files]
    return sum(_size(whole) or _size(Path(f"{whole}{_PART}")) for whole in wholes)


def _size(path: Path) -> int:
    """Bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
