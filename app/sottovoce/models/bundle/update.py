"""An update of Sottovoce that comes in a bundle: whether it fits, and getting it ready."""

import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sottovoce import __version__
from sottovoce.domain.problems import Damaged, Missing, NoRoom, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.install import check_same, copy
from sottovoce.models.bundle.manifest import Item, Kind
from sottovoce.models.bundle.minisign import PublicKey
from sottovoce.models.bundle.reading import Bundle
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.bundle.unpacking import ARCHIVE_SUFFIX, unpack
from sottovoce.models.pace import Pace
from sottovoce.system.application import (
    Application,
    check_alone,
    check_replaceable,
    this_platform,
    was_unpacked,
)
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import writing_translated
from sottovoce.system.paths import Profile
from sottovoce.system.renewal import announce, check_exchange, new_folder, preparing, try_out

_INSTALLERS = (".deb", ".exe", ".msi", ".dmg", ".pkg", ".appimage", ARCHIVE_SUFFIX)
"""What a system installs, the likeliest first; an archive is for who knows what to do with it."""
_UNPACKED = 5
"""How many times as large as the archive the application is, with the archive itself."""
_NOT_INSTALLED = "This Sottovoce runs from a Python package."


@dataclass(frozen=True, slots=True)
class Update:
    """What of a bundle takes the place of this Sottovoce."""

    bundle: Bundle
    item: Item
    obstacle: str
    """Why it is handed to a person; empty where Sottovoce puts it in place by itself."""


class Trying:
    """The update is unpacked and started once, before anything is changed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The update takes its place when Sottovoce is started and nobody else uses it."""

    version: str


@dataclass(frozen=True, slots=True)
class Handed:
    """The update, whole and checked, for a person to install."""

    path: Path
    command: str
    """What installs it; empty where it is opened, or unpacked."""
    how: str
    """A sentence on what is to be done with it."""


def carries_update(bundle: Bundle) -> bool:
    """Whether there is an application in it that says what it is for, and nothing else to use."""
    kinds = {item.kind for item in bundle.manifest.items} - {Kind.LICENCE}
    return kinds == {Kind.APPLICATION} and any(map(_is_update, bundle.manifest.items))


def update_in(
    bundle: Bundle,
    profile: Profile,
    application: Application | None,
    publisher: PublicKey | None,
    *,
    older: bool = False,
) -> Update:
    """The one of the bundle's applications that is for this computer, if it may be installed.

    `publisher` is the only one who may sign it, if there is one; `older` lets an older version be
    installed. Raises UnknownSigner, Refused, Missing, or Unsupported.
    """
    profile.policy.check_updates()
    Signers(profile).check_code(bundle, publisher)
    updates = list(filter(_is_update, bundle.manifest.items))
    if not updates:
        raise Missing("There is no update in this bundle.")
    fitting = [item for item in updates if item.platform == this_platform()]
    if not fitting:
        made_for = ", ".join(sorted({item.platform for item in updates}))
        raise Unsupported(f"This update is for {made_for}, and this computer is {this_platform()}.")
    obstacle = _obstacle(application)
    archives = [item for item in fitting if _is_archive(item)]
    if not obstacle and not archives:
        obstacle = "This update comes as an installer."
    if archives and (not obstacle or (application is not None and was_unpacked(application))):
        item = archives[0]
    else:
        item = min(fitting, key=_likeliness)
    _check_version(item, older=older)
    return Update(bundle, item, obstacle)


def install(
    update: Update,
    profile: Profile,
    application: Application | None,
    stop: Stop,
    *,
    hand_to: Path | None = None,
) -> Iterator[Transferred | Trying | Ready | Handed]:
    """Get the update ready, or hand it over in a folder, the user's downloads if none is named.

    Ends with Ready or Handed. Raises Missing if a part is on another medium, Damaged, Unsupported
    where it does not start here, Refused, Interrupted, NoRoom or Cancelled; then all is as before.
    """
    news = (
        _handed(update, application, hand_to, stop)
        if update.obstacle or application is None
        else _made_ready(update, application, stop)
    )
    for last in news:
        if isinstance(last, Ready | Handed):
            Audit(profile).note(
                Event.UPDATE_INSTALLED, sha256=update.bundle.id, version=update.item.version
            )
        yield last


def _made_ready(
    update: Update, application: Application, stop: Stop
) -> Iterator[Transferred | Trying | Ready]:
    [file] = update.item.files
    with preparing(application) as stage:
        _check_room(stage, _UNPACKED * file.size)
        archive, folder = stage / file.name, new_folder(stage)
        pace = Pace(file.size)
        for done in copy(update.bundle, file, archive, stop):
            yield pace.at(done)
        for _ in unpack(archive, folder, stop):
            yield Trying()
        with writing_translated():
            archive.unlink()
        new = Application(folder, application.program, update.item.version)
        if not (folder / new.program).is_file():
            raise Damaged("There is no Sottovoce in this update. Ask its signer for another.")
        check_alone(application, frozenset(each.name for each in folder.iterdir()))
        try_out(new, stop)
        announce(application, new.version)
    yield Ready(new.version)


def _handed(
    update: Update, application: Application | None, hand_to: Path | None, stop: Stop
) -> Iterator[Transferred | Handed]:
    folder = hand_to or platformdirs.user_downloads_path()
    [file] = update.item.files
    place = folder / file.name
    with writing_translated():
        folder.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(place):
        check_same(file, place, stop)
    else:
        _check_room(folder, file.size)
        pace = Pace(file.size)
        for done in copy(update.bundle, file, place, stop):
            yield pace.at(done)
    yield _handed_over(place, application)


def _obstacle(application: Application | None) -> str:
    if application is None:
        return _NOT_INSTALLED
    try:
        check_replaceable(application)
        check_exchange(application)
    except Refused as why:
        return str(why)
    return ""


def _handed_over(place: Path, application: Application | None) -> Handed:
    if place.suffix == ".deb":
        command = f"sudo dpkg --install {shlex.quote(os.fspath(place))}"
        return Handed(place, command, "An administrator installs it with this command.")
    if not place.name.endswith(ARCHIVE_SUFFIX):
        return Handed(place, "", "Open it to install it.")
    if application is None:
        return Handed(place, "", "Unpack it, and start the sottovoce in it.")
    return Handed(
        place,
        "",
        "Close Sottovoce, unpack this file, and replace its programs and _internal in "
        f"{application.folder} by those you find there.",
    )


def _check_version(item: Item, *, older: bool) -> None:
    offered, ours = _numbers(item.version), _numbers(__version__)
    if offered == ours:
        raise Refused(f"Sottovoce {__version__} is what you have already.")
    if offered < ours and not older:
        raise Refused(
            f"This is Sottovoce {item.version}, older than yours, which is {__version__}. What was "
            "mended since then would be broken again."
        )


def _numbers(version: str) -> tuple[int, ...]:
    """A version in a form that can be compared. Raises Unsupported."""
    parts = version.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Unsupported("The version of this update cannot be understood. Ask for another.")
    return tuple(map(int, [*parts, *["0"] * (4 - len(parts))]))


def _is_update(item: Item) -> bool:
    return item.kind is Kind.APPLICATION and bool(item.version and item.platform)


def _is_archive(item: Item) -> bool:
    return item.files[0].name.endswith(ARCHIVE_SUFFIX)


def _likeliness(item: Item) -> int:
    name = item.files[0].name.lower()
    suffixes = [place for place, each in enumerate(_INSTALLERS) if name.endswith(each)]
    return min(suffixes, default=len(_INSTALLERS))


def _check_room(folder: Path, size: int) -> None:
    with writing_translated():
        free = shutil.disk_usage(folder).free
    if free < size:
        raise NoRoom(f"The update needs {size / 1e9:.1f} GB for a while. Free some space first.")
