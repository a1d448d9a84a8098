"""Packs: libraries by which llama.cpp computes on GPUs, installed from signed files.

They are code, so nothing counts but a signature. A pack keeps the manifest it came with, which is
checked again each time the engine starts, and the engine itself checks every byte of the libraries.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sottovoce.domain.hardware import LLAMA_CPP, Library
from sottovoce.domain.problems import Damaged, Missing, NoRoom, Problem, Refused, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.install import check_same, copy
from sottovoce.models.bundle.manifest import Item, Kind
from sottovoce.models.bundle.minisign import PublicKey
from sottovoce.models.bundle.reading import Bundle, open_bundle
from sottovoce.models.bundle.signers import Signers
from sottovoce.models.names import same_place
from sottovoce.models.pace import Pace
from sottovoce.system.application import is_private, this_platform
from sottovoce.system.audit import Audit, Event
from sottovoce.system.files import flush_folder, write_private, writing_translated
from sottovoce.system.lock import locked
from sottovoce.system.paths import Profile

_LOCK, _UNFINISHED, _SIGNATURE = "lock", "unfinished", "manifest.json.minisig"
_OURS = re.compile(r"([0-9]+-)?[0-9a-f]{32}")
"""What the folders are called that packs are put in."""
_PATIENCE = 0.5
_SPARE = 256_000_000
"""Bytes that are left free."""
_PREFERRED = ("cuda", "hip", "metal", "sycl", "vulkan")
"""Of several that drive the same GPU, the fastest first: the engine takes the first to find one."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One that is installed."""

    folder: Path
    name: str
    size: int
    """Bytes."""
    libraries: tuple[Library, ...]
    """In the order in which they need each other; none while something is wrong with the pack."""
    trouble: str = ""
    """Why it is not used; empty where it is."""
    platform: str = ""
    signer: str = ""
    """Their fingerprint. Empty, both, where nothing signed says so."""


def carries_pack(bundle: Bundle) -> bool:
    """Whether there are packs in it, and nothing else to use."""
    kinds = {item.kind for item in bundle.manifest.items} - {Kind.LICENCE}
    return kinds == {Kind.PACK}


class Packs:
    """Those of a profile. It reads when it is asked, and remembers nothing."""

    def __init__(self, profile: Profile, publisher: PublicKey | None) -> None:
        """`publisher` is the only one who may sign packs, if there is one."""
        self._profile = profile
        self._publisher = publisher

    def all(self) -> list[Pack]:
        """Those that are installed, the preferred one first."""
        newest = _newest(map(self._pack, self._folders()))
        return sorted(newest, key=lambda pack: (_rank(pack.name), pack.name))

    def libraries(self) -> list[Library]:
        """What the engine loads. That none was changed it sees for itself: it reads them last.

        What a kill left is removed before.
        """
        self._tidy()
        return [library for pack in self.all() for library in pack.libraries]

    def check(self, bundle: Bundle) -> Item:
        """The pack in a bundle, if it may be installed here and is of use.

        Raises UnknownSigner, Refused, Missing or Unsupported.
        """
        self._profile.policy.check_updates()
        Signers(self._profile).check_code(bundle, self._publisher)
        packs = [item for item in bundle.manifest.items if item.kind is Kind.PACK]
        fitting = [item for item in packs if item.platform == this_platform()]
        if not packs:
            raise Missing("There is no pack for GPUs in this file.")
        if not fitting:
            made_for = ", ".join(sorted({item.platform for item in packs}))
            raise Unsupported(
                f"This pack is for {made_for}, and this computer is {this_platform()}."
            )
        [item, *_] = fitting
        if item.version != LLAMA_CPP:
            raise Unsupported(
                f"This pack is for another Sottovoce: it fits llama.cpp {item.version}, and here "
                f"is {LLAMA_CPP}. Get the one that came out together with yours."
            )
        return item

    def install(self, bundle: Bundle, stop: Stop) -> Iterator[Transferred | Pack]:
        """Copy a pack, check all of it, and let the engine use it from its next start on.

        It takes the place of one of the same name. Ends with the pack; else nothing stays. Raises
        as `check`, and Damaged, NoRoom, Refused or Cancelled.
        """
        item = self.check(bundle)
        with self._alone() as unfinished:
            self._check_room(item)
            pace, before = Pace(item.size), 0
            for file in item.files:
                for done in copy(bundle, file, unfinished / file.name, stop):
                    yield pace.at(before + done)
                before += file.size
            for name, content in bundle.medium.head().items():
                write_private(unfinished / name, content)
            if open_bundle(unfinished).id != bundle.id:
                raise Damaged("This file was changed while it was read. Try again.")
            number = 1 + max(map(_number, self._folders()), default=0)
            target = self._profile.packs / f"{number}-{bundle.id[:32]}"
            Audit(self._profile).note(Event.PACK_INSTALLED, sha256=bundle.id)
            with writing_translated():
                flush_folder(unfinished)
                unfinished.rename(target)
                flush_folder(target.parent)
            # Only now: whatever ends this before leaves the old one whole, and after, the new one.
            for folder in self._left():
                _remove(folder)
        yield self._pack(target)

    def remove(self, name: str) -> None:
        """Remove the pack of this name. Raises Missing or Refused."""
        with self._alone():
            found = [p for p in self.all() if same_place(name) in map(same_place, _names(p))]
            if not found:
                raise Missing("There is no such pack. See: sottovoce packs list")
            Audit(self._profile).note(Event.PACK_REMOVED)
            for pack in found:
                _remove(pack.folder)

    def verify(self, pack: Pack, stop: Stop) -> None:
        """Read every byte of a pack. Raises Refused if one is not what was signed."""
        for file in _item(open_bundle(pack.folder)).files:
            check_same(file, pack.folder / file.name, stop)

    def _pack(self, folder: Path) -> Pack:
        """What is in this folder, by the signature of its manifest; nothing else is believed."""
        name, size, platform, signer = folder.name, 0, "", ""
        try:
            if not is_private(folder.parent) or not is_private(folder):
                raise Refused("Others may write in its folder.")
            bundle = open_bundle(folder)
            item = _item(bundle)
            name, size, platform = item.name, item.size, item.platform
            signer = bundle.signer.fingerprint
            self.check(bundle)
            libraries = [Library(folder / file.name, file.sha256) for file in item.files]
            if not all(each.path.is_file() and not each.path.is_symlink() for each in libraries):
                raise Damaged("A library is missing.")
        except Problem as problem:
            return Pack(folder, name, size, (), str(problem), platform, signer)
        return Pack(folder, name, size, tuple(libraries), "", platform, signer)

    def _folders(self) -> list[Path]:
        """Those in which a pack is, or was. None where the folder may not be read."""
        try:
            there = list(self._profile.packs.iterdir())
        except OSError:
            return []
        return [each for each in there if each.is_dir() and each.name != _UNFINISHED]

    def _left(self) -> list[Path]:
        """What a kill left: packs that another took the place of, or that were being removed."""
        folders = self._folders()
        ours = [folder for folder in folders if _OURS.fullmatch(folder.name)]
        unsigned = {folder for folder in ours if not (folder / _SIGNATURE).exists()}
        packs = [self._pack(folder) for folder in folders if folder not in unsigned]
        return [*unsigned, *({pack.folder for pack in packs} - {p.folder for p in _newest(packs)})]

    def _tidy(self) -> None:
        """Remove what a kill left, unless somebody is at work there."""
        if not self._left() and not (self._profile.packs / _UNFINISHED).exists():
            return
        # What cannot be removed now is not used either.
        with suppress(Problem), self._alone():
            for folder in self._left():
                _remove(folder)

    @contextmanager
    def _alone(self) -> Iterator[Path]:
        """An empty folder to make a pack in, while nobody else makes one. Raises Refused."""
        folder = self._profile.packs
        with writing_translated():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder / _LOCK, _PATIENCE) as is_ours:
            if not is_ours:
                raise Refused("Another window or command installs a pack now. Wait for its end.")
            unfinished = folder / _UNFINISHED
            try:
                with writing_translated():
                    shutil.rmtree(unfinished, ignore_errors=True)
                    unfinished.mkdir(mode=0o700)
                yield unfinished
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)

    def _check_room(self, item: Item) -> None:
        with writing_translated():
            free = shutil.disk_usage(self._profile.packs).free
        if free < item.size + _SPARE:
            raise NoRoom(f"The pack needs {item.size / 1e9:.1f} GB. Free some space first.")


def _item(bundle: Bundle) -> Item:
    """The pack for this computer. Raises Missing."""
    for item in bundle.manifest.items:
        if item.kind is Kind.PACK and item.platform == this_platform():
            return item
    raise Missing("There is no pack for this computer in it.")


def _remove(folder: Path) -> None:
    """Remove a pack: its signature first, without which nobody loads what is left of it.

    Windows keeps libraries that an engine has loaded: they go when another engine starts.
    """
    if folder.is_symlink():
        with writing_translated():
            folder.unlink()
        return
    with writing_translated():
        (folder / _SIGNATURE).unlink(missing_ok=True)
        flush_folder(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _newest(packs: Iterable[Pack]) -> list[Pack]:
    """Of packs of one name, that which was installed last; the damaged bear their folder's name."""
    in_order = sorted(packs, key=lambda pack: _number(pack.folder))
    return list({same_place(pack.name): pack for pack in in_order}.values())


def _number(folder: Path) -> int:
    """How many were installed before, and this one, by the name of its folder."""
    number, dash, _ = folder.name.partition("-")
    return int(number) if dash and number.isdecimal() and len(number) < 10 else 0


def _rank(name: str) -> int:
    found = [rank for rank, each in enumerate(_PREFERRED) if each in name.casefold()]
    return min(found, default=len(_PREFERRED))


def _names(pack: Pack) -> tuple[str, str]:
    """What it can be called: damaged ones know no name but that of their folder."""
    return pack.name, pack.folder.name
