"""The models that can be had: the catalogue as it suits this machine, and what a hub offers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.model import Role
from sottovoce.domain.policy import NO_RULES, Policy
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.catalogue import Catalogue, Licence, catalogue
from sottovoce.models.choosing import catalogue_choice, set_choice
from sottovoce.models.download import Choice
from sottovoce.models.records import Acceptance
from sottovoce.models.remote import Remote
from sottovoce.models.repository import Found, Repository
from sottovoce.ui.models.catalogue_offers import Family, Here, Listing, Offer, families, offers_of
from sottovoce.ui.models.downloads_view_model import DownloadsViewModel
from sottovoce.ui.models.machine_view_model import MachineViewModel
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble

_SEARCHING = "Searching"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which models of the catalogue are shown."""

    text: str = ""
    roles: frozenset[Role] = frozenset(Role)
    language: str = ""
    """A two-letter code; empty for any."""
    only_fitting: bool = False

    def lets_through(self, family: Family) -> bool:
        entry = family.entry
        words = " ".join((entry.name, entry.maker, entry.note, entry.licence.name, entry.id))
        return (
            entry.role in self.roles
            # Where a model's makers name no languages, they mean more than can be listed.
            and (not self.language or not entry.languages or self.language in entry.languages)
            and (family.runs or not self.only_fitting)
            and all(word in words.casefold() for word in self.text.casefold().split())
        )


class CatalogueViewModel(QObject):
    """The catalogue is there at once; a hub is asked only when a person asks for that."""

    listed = Signal()
    """The families, or how their offers stand."""
    filtered = Signal()
    hub_changed = Signal()
    """What was found on the hub, or that it is being searched."""
    failed = Signal(object)
    """A Trouble."""

    def __init__(
        self,
        remote: Remote,
        tasks: Tasks,
        *,
        machine: MachineViewModel,
        shelf: ShelfViewModel,
        downloads: DownloadsViewModel,
        network: NetworkViewModel,
        policy: Policy = NO_RULES,
    ) -> None:
        super().__init__()
        self._remote = remote
        self._tasks = tasks
        self._machine = machine
        self._shelf = shelf
        self._downloads = downloads
        self._network = network
        self._policy = policy
        self._catalogue = Catalogue((), ())
        self._families: tuple[Family, ...] = ()
        self._filter = Filter()
        self._listings: dict[str, Listing] = {}
        self._searched_for = ""
        self._search: Stop | None = None
        self._is_stale = False
        self._is_comparing = False
        for changed in (machine.changed, shelf.listed, downloads.listed):
            changed.connect(self._compare)

    @property
    def families(self) -> tuple[Family, ...]:
        """All models of the catalogue."""
        return self._families

    @property
    def filter(self) -> Filter:
        return self._filter

    @property
    def listings(self) -> tuple[Listing, ...]:
        """What the hub answered, those with most downloads first."""
        return tuple(self._listings.values())

    @property
    def searched_for(self) -> str:
        """What the hub was asked for; empty if it was not."""
        return self._searched_for

    @property
    def is_searching(self) -> bool:
        return self._search is not None

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of all languages that models of the catalogue name."""
        return tuple(sorted({each for family in self._families for each in family.entry.languages}))

    @property
    def machine(self) -> MachineViewModel:
        """What the offers are held against."""
        return self._machine

    def open(self) -> None:
        """Read the catalogue, if it is not there yet, and look at machine and queue."""

        def take(found: Catalogue) -> None:
            self._catalogue = found
            self._compare()

        if not self._catalogue.entries:
            self._tasks.ask(catalogue, take, failed=self._tell)
        self._machine.refresh()
        self._downloads.refresh()

    def show_only(self, wanted: Filter) -> None:
        """Show the models that this lets through."""
        if wanted != self._filter:
            self._filter = wanted
            self.filtered.emit()

    def search_hub(self, text: str) -> None:
        """Ask the hub for repositories. This is a connection: the switch must be on."""
        self.stop_search()
        self._searched_for, self._listings = text, {}

        def work(stop: Stop) -> Iterator[list[Found]]:
            yield self._remote.search(text, stop)

        def take(found: list[Found]) -> None:
            if self._search is stop:
                self._listings = {each.repository: Listing(each) for each in found}

        def fail(error: Exception) -> None:
            self._tell(error)
            if self._search is stop:
                self.stop_search()

        def end() -> None:
            self._network.end_use(_SEARCHING)
            if self._search is stop:
                self._search = None
            self.hub_changed.emit()

        self._network.begin_use(_SEARCHING)
        stop = self._tasks.start(work, news=take, failed=fail, ended=end)
        self._search = stop
        self.hub_changed.emit()

    def stop_search(self) -> None:
        """Show nothing of the hub any more."""
        if self._search:
            self._search.set()
        self._search = None
        self._searched_for, self._listings = "", {}
        self.hub_changed.emit()

    def look_into(self, repository: str) -> None:
        """Ask the hub what a repository that was found holds."""
        if repository not in self._listings:
            return
        self._change(repository, partial(replace, is_asking=True))

        def work(stop: Stop) -> Iterator[tuple[Repository, Licence | None, tuple[Offer, ...]]]:
            found = self._remote.describe(repository, None, stop)
            yield found, self._catalogue.licence(found.licence), offers_of(found, self._here())

        def take(found: tuple[Repository, Licence | None, tuple[Offer, ...]]) -> None:
            offered, licence, offers = found
            self._change(
                repository, partial(replace, repository=offered, licence=licence, offers=offers)
            )

        def end() -> None:
            self._network.end_use(_SEARCHING)
            self._change(repository, partial(replace, is_asking=False))

        self._network.begin_use(_SEARCHING)
        self._tasks.start(work, news=take, failed=self._tell, ended=end)

    def download(self, family: Family, offer: Offer, *, is_agreed: bool) -> None:
        """Download an offer of the catalogue. `is_agreed`: to its licence, where it asks for that.

        Where the catalogue does not pin the files, the hub is asked for them first.
        """
        entry, variant = family.entry, offer.variant
        assert variant is not None, "Offers of the catalogue have a variant."
        licence = entry.licence if is_agreed else None
        if variant.files:
            self._downloads.add(_agreed(catalogue_choice(entry, variant, None), licence))
            return

        def work(stop: Stop) -> Iterator[Choice]:
            offered = self._remote.describe(variant.repository, variant.commit or None, stop)
            yield catalogue_choice(entry, variant, offered)

        def fail(error: Exception) -> None:
            self._tell(error)
            if not self._downloads.under_way:
                self._network.rest()

        self._network.begin_use(_SEARCHING)
        self._tasks.start(
            work,
            news=lambda choice: self._downloads.add(_agreed(choice, licence)),
            failed=fail,
            ended=lambda: self._network.end_use(_SEARCHING),
        )

    def download_listed(self, listing: Listing, offer: Offer, *, is_agreed: bool) -> None:
        """Download what a repository of the hub offers."""
        offered, licence = listing.repository, listing.licence
        assert offered is not None, "Only a repository that was looked into has offers."
        choice = set_choice(offered, offer.files, self._catalogue)
        self._downloads.add(_agreed(choice, licence if is_agreed else None))

    def _here(self) -> Here:
        return Here(
            self._machine.machine,
            self._machine.rates,
            self._shelf.all_items,
            self._downloads.rows,
            self._policy,
        )

    def _compare(self) -> None:
        """See how the offers stand now. Where there are GPUs, that takes a moment."""
        if self._is_comparing:
            self._is_stale = True
            return
        self._is_comparing, self._is_stale = True, False
        known, here, asked = self._catalogue, self._here(), self._listings

        def work(_: Stop) -> Iterator[tuple[tuple[Family, ...], dict[str, tuple[Offer, ...]]]]:
            yield (
                families(known, here),
                {
                    name: offers_of(listing.repository, here)
                    for name, listing in asked.items()
                    if listing.repository
                },
            )

        def take(found: tuple[tuple[Family, ...], dict[str, tuple[Offer, ...]]]) -> None:
            self._families, offers = found
            for name, each in offers.items():
                self._change(name, partial(replace, offers=each))
            self.listed.emit()

        def end() -> None:
            self._is_comparing = False
            if self._is_stale:
                self._compare()

        self._tasks.start(work, news=take, ended=end)

    def _change(self, name: str, change: Callable[[Listing], Listing]) -> None:
        """Let a listing be another, if it is still there."""
        if name in self._listings:
            self._listings[name] = change(self._listings[name])
            self.hub_changed.emit()

    def _tell(self, error: Exception) -> None:
        self.failed.emit(trouble(error))
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)


def _agreed(choice: Choice, licence: Licence | None) -> Choice:
    """The choice, with the agreement to this licence where one was given."""
    if licence is None:
        return choice
    return replace(choice, acceptance=Acceptance(licence.name, datetime.now(UTC)))
