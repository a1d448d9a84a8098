"""Putting what a bundle carries in its place: checked first, all of it, then used."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.parts import parts
from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Damaged, NoRoom, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.manifest import LOADED, SHELVED, Content, Item, Kind, Manifest
from sottovoce.models.bundle.reading import Bundle, read
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.catalogue import Catalogue, Licence
from sottovoce.models.download import Choice, ChosenFile
from sottovoce.models.fingerprint import Fingerprint
from sottovoce.models.gguf_file import translated
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Kind as FileKind
from sottovoce.models.install import find_twin
from sottovoce.models.install import install as put_on_shelf
from sottovoce.models.pace import Pace
from sottovoce.models.part import Part, prepare, settle
from sottovoce.models.records import Acceptance, record_place
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import flush_folder, write_private, writing_translated
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile

_LOCK, _WHOLE, _PART = "lock", "whole", ".part"
_PATIENCE = 0.5
"""Seconds for another process to look whether the lock is taken."""
_FOR_ALL_TO_READ, _FOR_ALL_TO_ENTER = 0o644, 0o755
_SPARE = 256_000_000
"""Bytes that are left free: a disk filled to the brim troubles other programs."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What came of it."""

    models: tuple[Path, ...]
    """The first files of the models, also of those that were there already."""
    adapters: tuple[Path, ...]
    licences: tuple[Path, ...]
    handed: tuple[Path, ...]
    """What was put in the folder that was named for it: the application, a policy."""


def licences_to_accept(manifest: Manifest, known: Catalogue) -> tuple[Licence, ...]:
    """Those that ask for the person's agreement before a model is used."""
    ids = dict.fromkeys(item.licence for item in manifest.items if item.kind is Kind.MODEL)
    licences = (known.licence(id_) for id_ in ids)
    return tuple(licence for licence in licences if licence and licence.must_accept)


def is_handed(item: Item) -> bool:
    """Whether it is for a person, who names a folder for it, and not for Sottovoce's own folder."""
    return item.kind not in SHELVED


def install(
    bundle: Bundle,
    profile: Profile,
    stop: Stop,
    *,
    acceptances: Mapping[str, Acceptance],
    hand_to: Path | None = None,
    for_all: bool = False,
) -> Iterator[Transferred | Installed]:
    """Copy what is carried, check all of it, and put it in its place; end with Installed.

    `acceptances` are the person's agreements by the identifiers of licences. What is not for
    Sottovoce itself goes to the folder `hand_to`, or is left out. `for_all` puts models and terms
    in the folder for all users of this machine, and leaves adapters out. Nothing is used before
    all of it is there and checked. What was copied stays when this ends before its end, and the
    next run goes on from there, until `give_up`. Raises Missing if a part is on another medium,
    Damaged, Unsupported, Refused, NoRoom, or Cancelled.
    """
    Signers(profile).check(bundle)
    _check_allowed(bundle.manifest, profile)
    models = _shared(profile) if for_all else profile.models
    with _alone(models):
        work = _Installation(bundle, profile, models, acceptances, hand_to)
        yield from work.stage(stop)
        Audit(profile).note(Event.BUNDLE_INSTALLED, sha256=bundle.id)
        yield work.put()


def give_up(bundle: Bundle, profile: Profile, hand_to: Path | None = None) -> None:
    """Remove what was copied by an installation that ended before its end.

    Raises Refused while one is under way.
    """
    with _alone(profile.models):
        _Installation(bundle, profile, profile.models, {}, hand_to).leave_nothing()


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """Let nobody else install a bundle there. Raises Refused if somebody does."""
    with writing_translated():
        _folder(models).mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(_folder(models) / _LOCK, _PATIENCE) as is_ours:
        if not is_ours:
            raise Refused("Another window or command installs a bundle now. Wait for its end.")
        yield


def _folder(models: Path) -> Path:
    """Where bundles are on their way to the shelf."""
    return models / "bundles"


def _shared(profile: Profile) -> Path:
    """The folder for all users of this machine, made if need be. Raises Refused."""
    models = profile.shared_models
    refused = Refused(
        f"You may not write in the folder for all users, {models}. Run this as an administrator."
    )
    try:
        if not models.exists():
            models.mkdir(parents=True)
            models.chmod(_FOR_ALL_TO_ENTER)
        # What others can change on its way was checked in vain.
        _folder(models).mkdir(mode=0o700, exist_ok=True)
        is_ours = os.name != "posix" or _folder(models).lstat().st_uid == os.geteuid()
    except OSError as error:
        raise refused from error
    if not is_ours or not os.access(models, os.W_OK):
        raise refused
    return models


class _Installation:
    """One bundle on its way to one profile, where no other is on its way meanwhile."""

    def __init__(
        self,
        bundle: Bundle,
        profile: Profile,
        models: Path,
        acceptances: Mapping[str, Acceptance],
        hand_to: Path | None,
    ) -> None:
        """`models` is the folder of the shelf: the profile's own, or that for all users."""
        self._bundle = bundle
        self._profile = profile
        self._models = models
        self._is_for_all = models != profile.models
        self._stage = stage = _folder(models) / bundle.id[:32]
        self._acceptances = acceptances
        self._items: dict[Path, Item] = {}
        """Each with the folder where its files are put as soon as they are checked."""
        for number, item in enumerate(bundle.manifest.items):
            if self._is_for_all and item.kind is Kind.ADAPTER:
                continue
            folder = hand_to if is_handed(item) else stage / str(number)
            if folder is not None:
                self._items[folder / item.files[0].name] = item

    def stage(self, stop: Stop) -> Iterator[Transferred]:
        """Have all files, whole and checked."""
        self._make_folders()
        wanted = {path: item for path, item in self._items.items() if not self._is_there(item)}
        self._check_room(wanted)
        pace, before = Pace(sum(item.size for item in wanted.values())), 0
        for path, item in wanted.items():
            for file in item.files:
                place = path.with_name(file.name)
                if not place.exists():
                    for done in copy(self._bundle, file, place, stop):
                        yield pace.at(before + done)
                elif is_handed(item):
                    check_same(file, place, stop)
                before += file.size
            _look_into(path, item, self._profile.policy, stop)
        with writing_translated():
            for folder in {path.parent for path in self._items}:
                flush_folder(folder)  # First: else a power cut might leave the mark, and no files.
        write_private(self._stage / _WHOLE, b"")

    def put(self) -> Installed:
        """Move them to where they belong. What was broken off can be done again."""
        there: dict[Kind, list[Path]] = {kind: [] for kind in Kind}
        for path, item in self._items.items():
            place = self._put(path, item)
            if self._is_for_all and not is_handed(item):
                _share(place)
            there[item.kind].append(place)
        Signers(self._profile).note(self._bundle)
        shutil.rmtree(self._stage, ignore_errors=True)
        return Installed(
            tuple(there[Kind.MODEL]),
            tuple(there[Kind.ADAPTER]),
            tuple(there[Kind.LICENCE]),
            (*there[Kind.APPLICATION], *there[Kind.POLICY], *there[Kind.PACK]),
        )

    def leave_nothing(self) -> None:
        """Remove what was copied, unless it is half on the shelf, or a person's already."""
        for path, item in self._items.items():
            if is_handed(item):
                _part_of(path).unlink(missing_ok=True)
        if not self._is_whole:
            shutil.rmtree(self._stage, ignore_errors=True)

    @property
    def _is_whole(self) -> bool:
        """Whether all was checked by a run that may have begun to put it on the shelf."""
        return (self._stage / _WHOLE).exists()

    def _put(self, path: Path, item: Item) -> Path:
        if is_handed(item):
            return path
        if item.kind is not Kind.LICENCE:
            choice = self._choice(item)
            return find_twin(self._shelf(item), choice) or put_on_shelf(
                path.parent, self._shelf(item), choice
            )
        place = self._models / "licences" / path.name
        with writing_translated():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            if path.exists():
                path.replace(place)
            flush_folder(place.parent)
        return place

    def _is_there(self, item: Item) -> bool:
        """Whether nothing has to be copied: it is on the shelf, or was about to be put there."""
        if is_handed(item):
            return False
        if self._is_whole or item.kind is Kind.LICENCE:
            return self._is_whole
        return find_twin(self._shelf(item), self._choice(item)) is not None

    def _shelf(self, item: Item) -> Path:
        is_adapter = item.kind is Kind.ADAPTER
        return self._profile.adapters if is_adapter else self._models

    def _choice(self, item: Item) -> Choice:
        """The item as if it had been downloaded."""
        return Choice(
            item.name,
            item.repository,
            tuple(ChosenFile(file.name, file.size, file.sha256) for file in item.files),
            item.commit,
            item.licence,
            acceptance=self._acceptances.get(item.licence),
        )

    def _make_folders(self) -> None:
        """Have the folders, and nothing of other bundles, which nobody installs now."""
        with writing_translated():
            for path in self._stage.parent.iterdir():
                if path.is_dir() and path != self._stage:
                    shutil.rmtree(path)
            self._profile.adapters.mkdir(mode=0o700, exist_ok=True)
            self._stage.mkdir(mode=0o700, exist_ok=True)
            for path in self._items:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _check_room(self, wanted: Mapping[Path, Item]) -> None:
        missing = Counter[int]()
        for path, item in wanted.items():
            device = path.parent.stat().st_dev
            for file in item.files:
                place = path.with_name(file.name)
                missing[device] += file.size - (_size(place) or _size(_part_of(place)))
            free = shutil.disk_usage(path.parent).free
            if missing[device] > max(free - _SPARE, 0):
                raise NoRoom(
                    f"The bundle needs {self._bundle.manifest.size / 1e9:.1f} GB on this computer. "
                    "Free some space, and install it again: what was copied is kept."
                )


def _check_allowed(manifest: Manifest, profile: Profile) -> None:
    """Return if administrators let its models be loaded: copying others would be for nothing."""
    allowed = profile.policy.models
    loaded = (item for item in manifest.items if item.kind in LOADED)
    sums = {file.sha256 for item in loaded for file in item.files}
    if allowed is not None and not sums <= allowed:
        raise Refused(
            "Your administrator does not allow all models of this bundle. Ask for another; "
            "`sottovoce policy show` tells which are allowed."
        )


def copy(bundle: Bundle, file: Content, place: Path, stop: Stop) -> Iterator[int]:
    """Have a file of the bundle at `place`, on from what is there of it; tell how far it is."""
    part = _part_of(place)
    if part.is_symlink():  # In a folder that others may write, it might lead to any file of ours.
        part.unlink()
    prepare(part)
    done = 0
    try:
        with part.open("rb") as begun, part.open("r+b", buffering=0) as growing:
            target = Part(growing)
            for piece in read(bundle, file, stop, begun):
                done += len(piece)
                if done > target.length:
                    target.append(piece)
                yield done
    except Damaged:
        part.unlink()  # Nobody knows which of its bytes are wrong.
        raise
    settle(part)


def check_same(file: Content, place: Path, stop: Stop) -> None:
    """Return if this very file is at `place`; raise Refused."""
    is_same = False
    if place.is_file() and not place.is_symlink():  # A pipe might let us wait for ever.
        with translated(), closing(Fingerprint(place)) as fingerprint:
            is_same = fingerprint.read(stop) and fingerprint.hexdigest() == file.sha256
    if not is_same:
        raise Refused(f"“{file.name}” is another file in that folder. Choose an empty folder.")


def _look_into(path: Path, item: Item, policy: Policy, stop: Stop) -> None:
    """Return if a model or adapter is one; else it goes. Raises Damaged or Unsupported."""
    if item.kind not in LOADED:
        return
    try:
        found = inspect(path, stop, needs_sandbox=policy.needs_sandbox)
        if found.trouble:
            raise Unsupported(found.trouble)
        if (found.kind is FileKind.ADAPTER) != (item.kind is Kind.ADAPTER):
            raise Damaged(f"{item.name} is not what its bundle says. Ask the signer for another.")
    except (Damaged, Unsupported):
        shutil.rmtree(path.parent, ignore_errors=True)
        raise


def _share(place: Path) -> None:
    """Let all users read a model with its record, or a file of terms with its folder."""
    with writing_translated():
        if place.suffix != ".gguf":
            place.parent.chmod(_FOR_ALL_TO_ENTER)
            place.chmod(_FOR_ALL_TO_READ)
            return
        for file in (*parts(place), record_place(place)):
            file.chmod(_FOR_ALL_TO_READ)


def _part_of(place: Path) -> Path:
    return place.with_name(f"{place.name}{_PART}")


def _size(path: Path) -> int:
    """Bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
