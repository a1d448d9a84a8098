"""The models that can be had: searched, narrowed down, and downloaded from here."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from sottovoce.domain.model import Role
from sottovoce.models.catalogue import Licence
from sottovoce.models.repository import Gate
from sottovoce.ui.models.catalogue_card import FamilyCard, ListingCard
from sottovoce.ui.models.catalogue_offers import Family, Listing, Offer
from sottovoce.ui.models.catalogue_table import OfferTable
from sottovoce.ui.models.catalogue_view_model import CatalogueViewModel, Filter
from sottovoce.ui.models.catalogue_words import LANGUAGES
from sottovoce.ui.models.licence_dialog import LicenceDialog
from sottovoce.ui.network.switch_dialog import Wish, when_on
from sottovoce.ui.network.token_dialog import TokenDialog
from sottovoce.ui.network.token_view_model import TokenViewModel
from sottovoce.ui.network.view_model import NetworkViewModel
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.trouble import Trouble
from sottovoce.ui.widgets.banner import Banner
from sottovoce.ui.widgets.check import Check
from sottovoce.ui.widgets.choice import Choice
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import button, follow, icon_button, label, scrolled_column, tint

_TYPING_MILLISECONDS = 120
_ROLES = {
    "All kinds": frozenset(Role),
    "For chats": frozenset({Role.CHAT}),
    "For documents": frozenset({Role.EMBEDDING, Role.RERANKER}),
    "For safety": frozenset({Role.GUARD}),
}


class CatalogueTab(QWidget):
    """The catalogue that came along; below it, what a hub offers, once somebody asks for that."""

    use_asked = Signal(object)
    """The path of a model that is here: it is to answer."""
    downloads_asked = Signal()
    begun = Signal(str)
    """A download of this name was begun."""

    def __init__(
        self,
        catalogue: CatalogueViewModel,
        network: NetworkViewModel,
        token: TokenViewModel,
        look: Look,
    ) -> None:
        super().__init__()
        self._catalogue = catalogue
        self._network = network
        self._token = token
        self._look = look
        self._cards: dict[str, FamilyCard] = {}
        self._listings: dict[str, ListingCard] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search models")
        self.search.setAccessibleName("Search models")
        self.search.setClearButtonEnabled(True)
        self._glass = QAction(self)
        self.search.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self.role = Choice(look, "What the model is for")
        self.role.addItems(list(_ROLES))
        self.language = Choice(look, "Language")
        self.language.addItem("All languages", "")
        self.only_fitting = Check("Fits this computer", look)
        self.only_fitting.setToolTip("Show only models that run with the memory that is free now.")
        self.ask_hub = button("", self._ask_hub)
        self.ask_hub.setIconSize(QSize(16, 16))
        self.ask_hub.setToolTip("This connects to the hub. Nothing was sent so far.")
        tint(self.ask_hub, look, "globe")
        self.measure = button("Measure it", catalogue.machine.measure)
        self.measure.setToolTip(
            "Takes a few seconds. A model that is in memory is unloaded for it."
        )
        self._measured = label("", "muted", wraps=True)
        self._measuring = QWidget()
        self.banner = Banner(look)
        self._none = label("", "body", wraps=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._families = QVBoxLayout()
        self._families.setSpacing(10)
        self._hub = self._hub_part()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_MILLISECONDS)
        self._lay_out()
        self._connect()
        self._filter()
        self._show_hub()
        self._show_measuring()
        self.setFocusProxy(self.search)

    def cards(self) -> list[FamilyCard]:
        """Those of the catalogue that are shown."""
        return [card for card in self._cards.values() if not card.isHidden()]

    def listings(self) -> list[ListingCard]:
        """Those that the hub answered with."""
        return list(self._listings.values())

    def _lay_out(self) -> None:
        narrowing = QWidget()
        flow = Flow(narrowing, spacing=8)
        self.role.setMinimumWidth(150)
        self.language.setMinimumWidth(150)
        self.only_fitting.setMinimumHeight(self.role.sizeHint().height())
        for each in (self.role, self.language, self.only_fitting):
            flow.addWidget(each)
        measuring = QHBoxLayout(self._measuring)
        measuring.setContentsMargins(0, 0, 0, 0)
        measuring.addWidget(self._measured, 1)
        measuring.addWidget(self.measure)
        page, column = scrolled_column()
        column.addWidget(self.search)
        column.addWidget(narrowing)
        column.addWidget(self._measuring)
        column.addWidget(self.banner)
        column.addWidget(self.ask_hub, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._hub)
        column.addWidget(self._none)
        column.addLayout(self._families)
        column.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(page)

    def _hub_part(self) -> QWidget:
        part = QWidget()
        self._hub_says = label("", "heading")
        head = QHBoxLayout()
        head.addWidget(self._hub_says, 1)
        head.addWidget(
            icon_button(self._look, "x", "Close what the hub offers", self._catalogue.stop_search)
        )
        self._hub_list = QVBoxLayout()
        self._hub_list.setSpacing(10)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 14)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(self._hub_list)
        return part

    def _connect(self) -> None:
        catalogue = self._catalogue
        catalogue.listed.connect(self._show_families)
        catalogue.filtered.connect(self._show_filtered)
        catalogue.hub_changed.connect(self._show_hub)
        catalogue.failed.connect(self._tell)
        catalogue.machine.failed.connect(self._tell)
        for changed in (catalogue.machine.changed, catalogue.machine.measuring_changed):
            changed.connect(self._show_measuring)
        self.search.textChanged.connect(self._pause.start)
        self.search.returnPressed.connect(self._filter)
        self._pause.timeout.connect(self._filter)
        self.role.currentIndexChanged.connect(self._filter)
        self.language.currentIndexChanged.connect(self._filter)
        self.only_fitting.toggled.connect(self._filter)
        follow(self, self._look, self._draw)

    def showEvent(self, event: QShowEvent) -> None:
        """See how things stand: memory, shelf and queue change while nobody looks."""
        super().showEvent(event)
        self._catalogue.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape empties the search field first, and only then leaves the page."""
        if event.key() == Qt.Key.Key_Escape and self.search.hasFocus() and self.search.text():
            self.search.clear()
            return
        super().keyPressEvent(event)

    def _draw(self) -> None:
        self._glass.setIcon(icon("search", self._look.tokens.muted, 16))

    def _filter(self) -> None:
        text = self.search.text().strip()
        self._catalogue.show_only(
            Filter(
                text,
                _ROLES[self.role.currentText()],
                self.language.currentData(),
                self.only_fitting.isChecked(),
            )
        )
        self.ask_hub.setVisible(bool(text))
        self.ask_hub.setText(f"  Search {self._hub_name()} for “{text}”".replace("&", "&&"))

    def _hub_name(self) -> str:
        host = self._network.host
        return "Hugging Face" if host == "huggingface.co" else host

    def _show_families(self) -> None:
        if self.language.count() == 1:
            for code in sorted(
                self._catalogue.languages, key=lambda code: LANGUAGES.get(code, code)
            ):
                self.language.addItem(LANGUAGES.get(code, code), code)
        for family in self._catalogue.families:
            if card := self._cards.get(family.entry.id):
                card.show_family(family)
                continue
            card = self._cards[family.entry.id] = FamilyCard(family, self._look)
            self._heed(card.table)
            card.table.download_asked.connect(partial(self._download, card))
            self._families.addWidget(card)
        self._show_filtered()

    def _heed(self, table: OfferTable) -> None:
        table.use_asked.connect(self.use_asked)
        table.downloads_asked.connect(self.downloads_asked)

    def _show_filtered(self) -> None:
        wanted = self._catalogue.filter
        for card in self._cards.values():
            card.setVisible(wanted.lets_through(card.family))
        is_empty = bool(self._cards) and not self.cards()
        self._none.setVisible(is_empty)
        asks = " Search the hub for it, or show more." if wanted.text else " Show more of them."
        self._none.setText(f"No model of the catalogue is like that.{asks}")

    def _show_measuring(self) -> None:
        """Offer to measure, as long as no speeds can be told."""
        machine = self._catalogue.machine
        self._measuring.setVisible(machine.machine is not None and machine.rates is None)
        self.measure.setVisible(not machine.is_measuring)
        self._measured.setText(
            f"Measuring this computer, {machine.fraction:.0%}…"
            if machine.is_measuring
            else "How fast models run on this computer was not measured yet."
        )

    def _ask_hub(self) -> None:
        text = self.search.text().strip()
        when_on(
            self._network,
            Wish.SEARCH,
            self,
            look=self._look,
            then=lambda: self._catalogue.search_hub(text),
        )

    def _show_hub(self) -> None:
        catalogue = self._catalogue
        self._hub.setVisible(bool(catalogue.searched_for))
        found = {listing.found.repository: listing for listing in catalogue.listings}
        for name in self._listings.keys() - found.keys():
            gone = self._listings.pop(name)
            gone.hide()
            gone.deleteLater()
        for name, listing in found.items():
            if card := self._listings.get(name):
                card.show_listing(listing)
                continue
            card = self._listings[name] = ListingCard(listing, self._look)
            card.look_asked.connect(self._look_into)
            self._heed(card.table)
            card.table.download_asked.connect(partial(self._download_listed, card))
            self._hub_list.addWidget(card)
        where = f"“{catalogue.searched_for}” on {self._hub_name()}"
        if catalogue.is_searching:
            self._hub_says.setText(f"Searching for {where}…")
        else:
            self._hub_says.setText(where if found else f"Nothing found for {where}")

    def _look_into(self, repository: str) -> None:
        if self._listings[repository].listing.found.gate is not Gate.OPEN:
            self._token.look()
        when_on(
            self._network,
            Wish.SEARCH,
            self,
            look=self._look,
            then=lambda: self._catalogue.look_into(repository),
        )

    def _download(self, card: FamilyCard, offer: Offer) -> None:
        family = card.family
        self._ask_for_licence(
            family.entry.licence, family.entry.name, partial(self._begin, family, offer)
        )

    def _download_listed(self, card: ListingCard, offer: Offer) -> None:
        listing = card.listing
        self._ask_for_licence(
            listing.licence, listing.found.repository, partial(self._begin_listed, listing, offer)
        )

    def _ask_for_licence(
        self, licence: Licence | None, name: str, then: Callable[[bool], object]
    ) -> None:
        """Have the terms agreed to, where that is needed; then go on to the network."""

        def go_on(is_agreed: bool) -> None:
            when_on(
                self._network, Wish.DOWNLOAD, self, look=self._look, then=lambda: then(is_agreed)
            )

        if licence is None or not licence.must_accept:
            go_on(False)
        else:
            LicenceDialog(licence, name, self, look=self._look, accepted=lambda: go_on(True)).open()

    def _begin(self, family: Family, offer: Offer, is_agreed: bool) -> None:
        self._catalogue.download(family, offer, is_agreed=is_agreed)
        self.begun.emit(family.entry.name)

    def _begin_listed(self, listing: Listing, offer: Offer, is_agreed: bool) -> None:
        def go_on() -> None:
            self._catalogue.download_listed(listing, offer, is_agreed=is_agreed)
            self.begun.emit(listing.found.repository)

        # Asked for now, and not after a refusal: without a token it would certainly come.
        if listing.found.gate is not Gate.OPEN and self._token.is_there is False:
            name = listing.found.repository
            TokenDialog(self._token, self, repository=name, then=go_on).open()
        else:
            go_on()

    def _tell(self, told: Trouble) -> None:
        self.banner.tell(told.sentence, kind="warning")
