"""Installing a bundle: what it carries, whose it is, and how far the copying is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, SignalInstance

from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.domain.transfer import Transferred
from sottovoce.models.bundle.install import Installed, give_up, install, licences_to_accept
from sottovoce.models.bundle.minisign import is_fingerprint
from sottovoce.models.bundle.reading import Bundle, open_bundle
from sottovoce.models.bundle.signers import Signers, UnknownSigner
from sottovoce.models.bundle.update import carries_update
from sottovoce.models.catalogue import Licence, catalogue
from sottovoce.models.packs import carries_pack
from sottovoce.models.records import Acceptance
from sottovoce.system.paths import Profile
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


@dataclass(frozen=True, slots=True)
class Offer:
    """A bundle that was opened, and what stands between it and the shelf."""

    bundle: Bundle
    is_trusted: bool
    """Whether its signer is."""
    licences: tuple[Licence, ...]
    """Those that the person has to agree to."""


class BundleViewModel(QObject):
    """One bundle at a time."""

    changed = Signal()
    installed = Signal(object)
    """Installed."""
    update_found = Signal(object)
    """The path of a bundle that is an update of Sottovoce: that is not installed here."""
    pack_found = Signal(object)
    """The path of a bundle of packs for GPUs: the same holds for them."""
    failed = Signal(object)
    """A Trouble, with opening it or with installing it."""

    def __init__(self, profile: Profile, tasks: Tasks) -> None:
        super().__init__()
        self._profile = profile
        self._tasks = tasks
        self._offer: Offer | None = None
        self._stop: Stop | None = None
        self._is_given_up = False
        self._transferred: Transferred | None = None

    @property
    def offer(self) -> Offer | None:
        """What was opened; None before, and where it cannot be."""
        return self._offer

    @property
    def is_installing(self) -> bool:
        return self._stop is not None

    @property
    def transferred(self) -> Transferred | None:
        """How far it is; None before the first byte."""
        return self._transferred

    def open(self, path: Path) -> None:
        """See what the file or folder carries, in place of what was opened before."""
        self._offer = None

        def work(_: Stop) -> Iterator[Offer | SignalInstance]:
            bundle = open_bundle(path)
            if carries_update(bundle) or carries_pack(bundle):
                yield self.update_found if carries_update(bundle) else self.pack_found
                return
            is_trusted = True
            try:
                Signers(self._profile).check(bundle)
            except UnknownSigner:
                is_trusted = False
            yield Offer(bundle, is_trusted, licences_to_accept(bundle.manifest, catalogue()))

        def take(found: Offer | SignalInstance) -> None:
            if isinstance(found, SignalInstance):
                found.emit(path)
                return
            self._offer = found
            self.changed.emit()

        self._tasks.start(work, news=take, failed=self._tell)
        self.changed.emit()

    def may_install(self, fingerprint: str) -> bool:
        """Whether its signer is trusted, or is who the person says by this fingerprint."""
        offer = self._offer
        if offer is None or self.is_installing:
            return False
        return offer.is_trusted or is_fingerprint(fingerprint, offer.bundle.signer)

    def install(
        self, fingerprint: str, acceptances: Mapping[str, Acceptance], hand_to: Path | None
    ) -> None:
        """Install it, if it may be, and trust its signer from now on."""
        offer = self._offer
        if offer is None or not self.may_install(fingerprint):
            return

        def work(stop: Stop) -> Iterator[Transferred | Installed]:
            Signers(self._profile).trust(offer.bundle.signer)
            yield from install(
                offer.bundle, self._profile, stop, acceptances=acceptances, hand_to=hand_to
            )

        def end() -> None:
            if self._is_given_up:
                self._tasks.ask(lambda: give_up(offer.bundle, self._profile, hand_to))
            self._stop, self._transferred, self._is_given_up = None, None, False
            self.changed.emit()

        self._stop = self._tasks.start(work, news=self._hear, failed=self._tell, ended=end)
        self.changed.emit()

    def give_up(self) -> None:
        """Stop, and leave nothing of it. What a window that closes had copied is kept instead."""
        if self._stop is not None:
            self._is_given_up = True
            self._stop.set()

    def _hear(self, news: Transferred | Installed) -> None:
        match news:
            case Transferred():
                self._transferred = news
                self.changed.emit()
            case Installed():
                self.installed.emit(news)

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)
