"""One model that can be had: what it is good for, and its quantisations."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from sottovoce.domain.model import Role
from sottovoce.models.repository import Gate
from sottovoce.ui.models.catalogue_offers import Family, Listing
from sottovoce.ui.models.catalogue_table import OfferTable
from sottovoce.ui.models.catalogue_words import (
    LANGUAGES,
    languages_in_words,
    parameters_in_words,
)
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import breakable, button, card, label, picture

_ROLES = {
    Role.CHAT: "Chat",
    Role.EMBEDDING: "Finds passages in documents",
    Role.RERANKER: "Orders passages of documents",
    Role.GUARD: "Judges safety",
}


class FamilyCard(QFrame):
    """A model of the catalogue."""

    def __init__(self, family: Family, look: Look) -> None:
        super().__init__()
        entry = family.entry
        frame, column = card()
        self.table = OfferTable(entry.name, look, is_open=False, can_answer=entry.role is Role.CHAT)
        self.family = family
        head = QHBoxLayout()
        head.setSpacing(10)
        title = QWidget()
        flow = Flow(title, spacing=10)
        flow.addWidget(label(entry.name, "heading"))
        flow.addWidget(label(_ROLES[entry.role], "badge"))
        head.addWidget(title, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.table.fold)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(label(entry.note, wraps=True))
        facts = label(_facts(family), "muted", wraps=True)
        facts.setToolTip(", ".join(LANGUAGES.get(code, code) for code in entry.languages))
        column.addWidget(facts)
        column.addWidget(self.table)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.setAccessibleName(f"{entry.name}. {entry.note}")
        self.show_family(family)

    def show_family(self, family: Family) -> None:
        self.family = family
        self.table.show_offers(family.offers)


class ListingCard(QFrame):
    """A repository of the hub."""

    look_asked = Signal(str)

    def __init__(self, listing: Listing, look: Look) -> None:
        super().__init__()
        found = listing.found
        self.listing = listing
        self.table = OfferTable(found.repository, look, is_open=True)
        frame, column = card()
        head = QHBoxLayout()
        head.setSpacing(8)
        name = label(breakable(found.repository), "heading", wraps=True)
        head.addWidget(name, 1)
        if found.gate is not Gate.OPEN:
            head.addWidget(picture(look, "lock", 15, "warning"))
            asks = label("Asks who you are", "badge_warning")
            head.addWidget(asks, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.table.fold)
        self.look_into = button("Show its files", lambda: self.look_asked.emit(found.repository))
        head.addWidget(self.look_into)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(label(_popularity(listing), "muted", wraps=True))
        self._licence = label("", "muted", wraps=True)
        column.addWidget(self._licence)
        column.addWidget(self.table)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.show_listing(listing)

    def show_listing(self, listing: Listing) -> None:
        self.listing = listing
        offered = listing.repository
        self.look_into.setVisible(offered is None)
        self.look_into.setEnabled(not listing.is_asking)
        self.look_into.setText("Asking…" if listing.is_asking else "Show its files")
        self._licence.setVisible(offered is not None)
        if offered is None:
            return
        named = listing.licence.name if listing.licence else offered.licence or "not given"
        self._licence.setText(
            f"Licence: {named}" if listing.offers else "It has no GGUF files. Choose another."
        )
        self.table.show_offers(listing.offers)


def _facts(family: Family) -> str:
    entry = family.entry
    facts = [
        entry.maker,
        parameters_in_words(entry.parameters),
        languages_in_words(entry.languages),
        f"reads {entry.context_length:,} tokens" if entry.role is Role.CHAT else "",
        entry.licence.name,
        entry.licence.attribution,
    ]
    return " · ".join(filter(None, facts))


def _popularity(listing: Listing) -> str:
    found = listing.found
    updated = f" · changed {found.updated:%B %Y}" if found.updated else ""
    return f"{found.downloads:,} downloads a month · {found.likes:,} likes{updated}"
