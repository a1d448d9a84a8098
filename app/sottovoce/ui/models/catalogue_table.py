"""The quantisations of one model as a compact table."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from sottovoce.models.fit import Verdict
from sottovoce.ui.models.catalogue_offers import Offer, Standing
from sottovoce.ui.models.catalogue_words import offer_size
from sottovoce.ui.theme.icons import icon
from sottovoce.ui.theme.scheme import Look
from sottovoce.ui.tip import tip
from sottovoce.ui.widgets.flow import Flow
from sottovoce.ui.widgets.parts import button, follow, label, set_kind, shortened

_KINDS = {
    Verdict.WELL: "fine",
    Verdict.FITS: "fine",
    Verdict.SLOWLY: "caution",
    Verdict.TIGHTLY: "caution",
    Verdict.NOT: "muted",
}
_NOT_ALLOWED = "Not allowed by your administrator"
_LONGEST = 28
"""Characters of a name that fit in narrow windows."""
_TIPS = {
    Standing.OFFERED: "Download it to this computer",
    Standing.COMING: "See how far it is",
    Standing.RESTING: "It is among the downloads, not finished",
    Standing.HERE: "It is on this computer",
}


class OfferTable(QWidget):
    """The offers of one model, a line each. Folded, it shows the one to take."""

    download_asked = Signal(object)
    use_asked = Signal(object)
    downloads_asked = Signal()

    def __init__(self, name: str, look: Look, *, is_open: bool, can_answer: bool = True) -> None:
        """`can_answer`: whether the model is one to chat with."""
        super().__init__()
        self._can_answer = can_answer
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
        follow(self, look, self._draw_fold)

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
                line = self._add(offer, place)
            if line is not None:
                line.show_offer(offer, is_shown=offer in shown, can_answer=self._can_answer)
        count = len(self._offers)
        self.fold.setText("Show fewer" if self._is_open else f"All {count} sizes")
        self.fold.setAccessibleName(f"{self._name}: {self.fold.text()}")
        self.fold.setVisible(count > len(self.folded))
        self._draw_fold()

    def _draw_fold(self) -> None:
        name = "chevron-up" if self._is_open else "chevron-down"
        self.fold.setIcon(icon(name, self._look.tokens.muted, 16))

    def _add(self, offer: Offer, place: int) -> "_Line":
        line = self._lines[offer.id] = _Line(self, offer, self._name)
        for column, cell in enumerate(line.cells):
            side = Qt.AlignmentFlag.AlignRight if column in (1, 3) else Qt.AlignmentFlag(0)
            self._grid.addWidget(cell, place, column, side | Qt.AlignmentFlag.AlignVCenter)
        # In the order they are seen, not in the one they were made.
        there = [self._lines[each.id].act for each in self._offers if each.id in self._lines]
        for first, then in pairwise((self.fold, *there)):
            QWidget.setTabOrder(first, then)
        return line


class _Line:
    """The cells of one offer."""

    def __init__(self, table: OfferTable, offer: Offer, name: str) -> None:
        self.label = offer.label
        self._name = name
        self._offer = offer
        title = QWidget()
        row = Flow(title, spacing=8)
        self._which = label(shortened(offer.label, _LONGEST))
        self._which.setToolTip(tip(offer.label))
        row.addWidget(self._which)
        self._usual = label("Recommended", "badge_good")
        row.addWidget(self._usual)
        self._size = label(offer_size(offer), "muted")
        if offer.is_estimate:
            self._size.setToolTip("Worked out from the model’s dimensions")
        self.says = label("", "", wraps=True)
        self.act = button("", lambda: self._press(table))
        self.cells: tuple[QWidget, ...] = (title, self._size, self.says, self.act)

    def show_offer(self, offer: Offer, *, is_shown: bool, can_answer: bool) -> None:
        self._offer = offer
        for cell in self.cells:
            cell.setVisible(is_shown)
        self._usual.setVisible(offer.is_recommended)
        self.says.setText(_NOT_ALLOWED if offer.is_forbidden else offer.says)
        set_kind(self.says, "kind", "muted" if offer.is_forbidden else _KINDS[offer.verdict])
        set_kind(self._which, "kind", "muted" if offer.is_forbidden else "")
        says, kind = {
            Standing.OFFERED: ("Download", "accent" if offer.is_recommended else ""),
            Standing.COMING: ("Downloading…", ""),
            Standing.RESTING: ("Resume…", ""),
            Standing.HERE: ("Use" if can_answer else "Is here", ""),
        }[offer.standing]
        self.act.setText(says)
        is_on_its_way = offer.standing in {Standing.COMING, Standing.RESTING}
        is_of_use = can_answer or offer.standing is not Standing.HERE
        self.act.setEnabled(is_of_use and (is_on_its_way or not offer.is_forbidden))
        set_kind(self.act, "kind", kind)
        self.act.setAccessibleName(f"{says} {self._name} {offer.label}, {offer_size(offer)}")
        self.act.setToolTip(_NOT_ALLOWED if offer.is_forbidden else _TIPS[offer.standing])

    def _press(self, table: OfferTable) -> None:
        match self._offer.standing:
            case Standing.OFFERED:
                table.download_asked.emit(self._offer)
            case Standing.HERE:
                table.use_asked.emit(self._offer.path)
            case _:
                table.downloads_asked.emit()
