"""One model that can be had: what it is good for, and its quantisations as a compact table."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QWidget

from sottovoce.domain.model import Role
from sottovoce.domain.text import size_in_words
from sottovoce.models.fit import Verdict
from sottovoce.models.repository import Gate
from sottovoce.ui.models.catalogue_offers import Family, Listing, Offer, Standing
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.widgets.parts import button, card, label, picture, set_kind, tint

LANGUAGES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "ms": "Malay",
    "ne": "Nepali",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
_ROLES = {
    Role.CHAT: "Chat",
    Role.EMBEDDING: "Finds passages in documents",
    Role.RERANKER: "Orders passages of documents",
    Role.GUARD: "Judges safety",
}
_KINDS = {
    Verdict.WELL: "fine",
    Verdict.FITS: "fine",
    Verdict.SLOWLY: "caution",
    Verdict.TIGHTLY: "caution",
    Verdict.NOT: "muted",
}
_FEW = 4
"""Languages that are named one by one."""


class OfferTable(QWidget):
    """The offers of one model, a line each. Folded, it shows the one to take."""

    download_asked = Signal(object)
    use_asked = Signal(object)
    downloads_asked = Signal()

    def __init__(self, name: str, look: Look, *, is_open: bool) -> None:
        super().__init__()
        self._name = name
        self._look = look
        self._lines: dict[str, _Line] = {}
        self._offers: tuple[Offer, ...] = ()
        self._is_open = is_open
        self.fold = button("", self._turn, "quiet")
        self.fold.hide()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)

    def show_offers(self, offers: Sequence[Offer]) -> None:
        """Show them as they stand now. Their number and order stay from one time to the next."""
        self._offers = tuple(offers)
        self._draw()

    @property
    def folded(self) -> tuple[Offer, ...]:
        """What is shown while it is folded: the one to take, and those that are no mere offers."""
        wanted = [o for o in self._offers if o.is_usual or o.standing is not Standing.OFFERED]
        return tuple(wanted) or self._offers[:1]

    def line(self, label_: str) -> "_Line":
        """The line of an offer, by what tells it from its siblings."""
        return next(line for line in self._lines.values() if line.label == label_)

    def _turn(self) -> None:
        self._is_open = not self._is_open
        self._draw()

    def _draw(self) -> None:
        shown = self._offers if self._is_open else self.folded
        for place, offer in enumerate(self._offers):
            line = self._lines.get(offer.id)
            if line is None and offer in shown:
                # Made when it is first seen: most are never looked at.
                line = self._lines[offer.id] = _Line(self, offer, self._name, self._look)
                for column, cell in enumerate(line.cells):
                    side = Qt.AlignmentFlag.AlignRight if column in (1, 3) else Qt.AlignmentFlag(0)
                    self._grid.addWidget(cell, place, column, side | Qt.AlignmentFlag.AlignVCenter)
            if line is not None:
                line.show_offer(offer, is_shown=offer in shown)
        count = len(self._offers)
        self.fold.setText("Show fewer" if self._is_open else f"All {count} sizes")
        self.fold.setAccessibleName(f"{self._name}: {self.fold.text()}")
        tint(self.fold, self._look, "chevron-up" if self._is_open else "chevron-down")
        self.fold.setVisible(count > len(self.folded))


class _Line:
    """The cells of one offer."""

    def __init__(self, table: OfferTable, offer: Offer, name: str, look: Look) -> None:
        self.label = offer.label
        self._name = name
        self._offer = offer
        title = QWidget()
        row = QHBoxLayout(title)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(offer.label))
        self._usual = label("Recommended", "badge_good")
        row.addWidget(self._usual)
        row.addStretch()
        self._size = label(_size(offer), "muted")
        if offer.is_estimate:
            self._size.setToolTip("Worked out from the model’s dimensions")
        self.says = label("", "", wraps=True)
        self.act = button("", lambda: self._press(table))
        self.cells: tuple[QWidget, ...] = (title, self._size, self.says, self.act)

    def show_offer(self, offer: Offer, *, is_shown: bool) -> None:
        self._offer = offer
        for cell in self.cells:
            cell.setVisible(is_shown)
        self._usual.setVisible(offer.is_usual)
        self.says.setText(offer.says)
        set_kind(self.says, "kind", _KINDS[offer.verdict])
        says, kind = {
            Standing.OFFERED: ("Download", "accent" if offer.is_usual else ""),
            Standing.COMING: ("Downloading…", ""),
            Standing.RESTING: ("Resume…", ""),
            Standing.HERE: ("Use", ""),
        }[offer.standing]
        self.act.setText(says)
        set_kind(self.act, "kind", kind)
        self.act.setAccessibleName(f"{says} {self._name} {offer.label}, {_size(offer)}")
        self.act.setToolTip(_TIPS[offer.standing])

    def _press(self, table: OfferTable) -> None:
        match self._offer.standing:
            case Standing.OFFERED:
                table.download_asked.emit(self._offer)
            case Standing.HERE:
                table.use_asked.emit(self._offer.path)
            case _:
                table.downloads_asked.emit()


_TIPS = {
    Standing.OFFERED: "Download it to this computer",
    Standing.COMING: "See how far it is",
    Standing.RESTING: "It is among the downloads, not finished",
    Standing.HERE: "It is on this computer: let it answer",
}


class FamilyCard(QFrame):
    """A model of the catalogue."""

    def __init__(self, family: Family, look: Look) -> None:
        super().__init__()
        entry = family.entry
        frame, column = card()
        self.table = OfferTable(entry.name, look, is_open=False)
        self.family = family
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label(entry.name, "heading"))
        head.addWidget(label(_ROLES[entry.role], "badge"), 0, Qt.AlignmentFlag.AlignVCenter)
        head.addStretch()
        head.addWidget(self.table.fold)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(label(entry.note, wraps=True))
        column.addWidget(label(_facts(family), "muted", wraps=True))
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
        name = label(found.repository, "heading", wraps=True)
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
    facts = [entry.maker, _parameters(entry.parameters), _languages(entry.languages)]
    if entry.role is Role.CHAT:
        facts.append(f"reads {entry.context_length:,} tokens")
    facts.append(entry.licence.name)
    return " · ".join(facts)


def _parameters(count: int) -> str:
    if count >= 1e9:
        return f"{count / 1e9:.1f} billion parameters".replace(".0 ", " ")
    return f"{count / 1e6:.0f} million parameters"


def _languages(codes: Sequence[str]) -> str:
    if not codes:
        return "many languages"
    if len(codes) > _FEW:
        return f"{len(codes)} languages"
    return ", ".join(LANGUAGES.get(code, code) for code in codes)


def _popularity(listing: Listing) -> str:
    found = listing.found
    updated = f" · changed {found.updated:%B %Y}" if found.updated else ""
    return f"{found.downloads:,} downloads a month · {found.likes:,} likes{updated}"


def _size(offer: Offer) -> str:
    parts = f", {offer.count} files" if offer.count > 1 else ""
    return f"{'≈ ' if offer.is_estimate else ''}{size_in_words(offer.size)}{parts}"
