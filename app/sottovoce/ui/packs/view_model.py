"""The packs that are installed, and one on its way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.engine.engine import Engine
from sottovoce.models.bundle.manifest import Item
from sottovoce.models.bundle.minisign import PublicKey, is_fingerprint
from sottovoce.models.bundle.reading import Bundle, open_bundle
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.packs import Pack, Packs
from sottovoce.system.paths import Profile
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_NO_DRIVER = "Its driver is missing, or finds no GPU in this computer."
_NEXT_LOAD = "It is used as soon as the model is loaded again."

Publisher = Callable[[], PublicKey | None]
"""Reads who signs packs; it is asked off the screen's thread."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack that may be installed."""

    bundle: Bundle
    item: Item


class PacksViewModel(QObject):
    """What is installed, as it was when somebody last looked."""

    changed = Signal()
    reload_asked = Signal()
    """The model is to be loaded again, so that the engine uses what is installed now."""

    def __init__(
        self, profile: Profile, engine: Engine, tasks: Tasks, publisher: Publisher
    ) -> None:
        super().__init__()
        self._profile = profile
        self._engine = engine
        self._tasks = tasks
        self._publisher = publisher
        self._before: object = None
        """What was in memory when packs were last changed: it does without the change."""
        self.packs: tuple[Pack, ...] | None = None
        """None until somebody has looked."""
        self.trouble = ""

    @property
    def may_change(self) -> bool:
        """Whether administrators leave it to the user."""
        return self._profile.policy.updates

    @property
    def needs_reload(self) -> bool:
        """Whether the model in memory was loaded before packs were changed."""
        return self._before is not None and self._engine.loaded is self._before

    def refresh(self) -> None:
        """Look, and read every byte of what is there."""

        def work(stop: Stop) -> Iterator[tuple[Pack, ...]]:
            yield tuple(self._used(stop))

        self._tasks.start(work, news=self._take, failed=self._tell)

    def remove(self, pack: Pack) -> None:
        """Remove it; the engine has what it loaded of it until the next load."""

        def work(_: Stop) -> Iterator[None]:
            Packs(self._profile, self._publisher()).remove(pack.folder.name)
            yield None

        self._tasks.start(work, news=lambda _: self.note_change(), failed=self._tell)

    def note_change(self) -> None:
        """Packs came or went."""
        self.trouble = ""
        self._before = self._engine.loaded
        self.refresh()

    def note_load(self) -> None:
        """The model was loaded or left memory: see whether the engine knows all packs now."""
        if self._before is not None and not self.needs_reload:
            self._before = None
            self.refresh()

    def opened(self, path: Path) -> "PackViewModel":
        """The pack in a file, to be installed."""
        made = PackViewModel(path, self._profile, self._tasks, self._publisher)
        made.installed.connect(self.note_change)
        return made

    def _used(self, stop: Stop) -> Iterator[Pack]:
        packs = Packs(self._profile, self._publisher())
        found = packs.all()
        whole = sum(len(pack.libraries) for pack in found)
        why = ""
        if self.needs_reload:
            why = _NEXT_LOAD
        elif whole and self._engine.devices(stop).packs < whole:
            why = _NO_DRIVER
        for pack in found:
            try:
                if not pack.trouble:
                    packs.verify(pack, stop)
                yield replace(pack, trouble=pack.trouble or why)
            except Problem:
                changed = "A file of it was changed since it was signed. Install it again."
                yield replace(pack, trouble=changed)

    def _take(self, packs: tuple[Pack, ...]) -> None:
        self.packs = packs
        self.changed.emit()

    def _tell(self, error: Exception) -> None:
        self.trouble = trouble(error).sentence
        self.changed.emit()
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)


class PackViewModel(QObject):
    """One pack, from its file to its place."""

    changed = Signal()
    installed = Signal()

    def __init__(self, path: Path, profile: Profile, tasks: Tasks, publisher: Publisher) -> None:
        super().__init__()
        self._path = path
        self._profile = profile
        self._tasks = tasks
        self._publisher = publisher
        self._stop: Stop | None = None
        self.trouble = ""
        """Why it is not installed; empty where nothing stands in its way."""
        self.offer: Offer | None = None
        self.state: Offer | PublicKey | Transferred | Pack | None = None
        """How far it is: offered, signed by somebody unknown, on its way, or installed."""

    def open(self) -> None:
        """See what the file carries."""

        def work(_: Stop) -> Iterator[Offer | PublicKey]:
            bundle = open_bundle(self._path)
            try:
                item = Packs(self._profile, self._publisher()).check(bundle)
                yield Offer(bundle, item)
            except UnknownSigner:
                yield bundle.signer

        self._tasks.start(work, news=self._take, failed=self._tell)

    def may_trust(self, fingerprint: str) -> bool:
        """Whether this is the fingerprint of the unknown signer."""
        return isinstance(self.state, PublicKey) and is_fingerprint(fingerprint, self.state)

    def trust(self, fingerprint: str) -> None:
        """Trust the signer, if the fingerprint is right, and go on."""
        key = self.state
        if isinstance(key, PublicKey) and is_fingerprint(fingerprint, key):
            self._tasks.ask(
                lambda: Signers(self._profile).trust(key),
                lambda _: self.open(),
                failed=self._tell,
            )

    def install(self) -> None:
        """Check it, and put it in its place."""
        offer = self.offer
        if offer is None or isinstance(self.state, Transferred):
            return

        def work(stop: Stop) -> Iterator[Transferred | Pack]:
            packs = Packs(self._profile, self._publisher())
            yield from packs.install(offer.bundle, stop)

        self.trouble = ""
        self._take(Transferred(0, offer.item.size))
        self._stop = self._tasks.start(work, news=self._take, failed=self._tell)

    def give_up(self) -> None:
        """Stop; nothing of it is left."""
        if self._stop is not None:
            self._stop.set()

    def _take(self, news: Offer | PublicKey | Transferred | Pack) -> None:
        self.state = news
        if isinstance(news, Offer):
            self.offer = news
        if isinstance(news, Pack):
            self.installed.emit()
        self.changed.emit()

    def _tell(self, error: Exception) -> None:
        self.trouble = trouble(error).sentence
        self.state = self.offer
        self.changed.emit()
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
