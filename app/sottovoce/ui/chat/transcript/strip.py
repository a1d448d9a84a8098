"""What a reply was written from, in a line above its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from sottovoce.chat.quoting import Source, name_of, place_of
from sottovoce.domain.document import Sources
from sottovoce.ui.chat.transcript.style import Style
from sottovoce.ui.library.words import counted
from sottovoce.ui.theme.icons import icon_pixmap

STRIP = 42
"""Pixels, with the space below."""
_CHIP = 28
_BETWEEN = 6
_SIDE = 10
"""Pixels on either side of a chip's words."""
ICON = 14
_ICON_ROOM = ICON + 6
_LONGEST = 230
"""Pixels of a document's name."""
_MOST_PAGES = 3
_MIDDLE = Qt.TextElideMode.ElideMiddle


@dataclass(frozen=True, slots=True)
class Chip:
    """A document of the strip, or what it says instead."""

    text: str
    """What is drawn."""
    says: str
    """What a person is told that a click does; empty if there is nothing to click."""
    icon: str
    rect: QRectF
    source: Source | None = None
    """What a click shows."""
    is_cited: bool = False
    is_warning: bool = False


class Strip:
    """Chips in one row: as many documents as there is room for, then how much was read in all."""

    def __init__(
        self,
        sources: Sources,
        width: float,
        style: Style,
        top: float,
        names: Mapping[int, str],
    ) -> None:
        """`names` are those of documents by their numbers, as far as they are known."""
        self.sources = sources
        self._names = names
        self._metrics = QFontMetricsF(style.small)
        self._width = width
        self._top = top
        self._x = 0.0
        self.chips: list[Chip] = []
        self._lay_out()

    def _lay_out(self) -> None:
        sources = self.sources
        is_found = bool(sources.passages or sources.citations or sources.whole)
        if sources.is_not_found or not is_found:
            says = "Not in your documents" if is_found else "Nothing found in your documents"
            self._add(says, "", "search-x", is_warning=True)
        if not is_found:
            return
        all_read = self._amount()
        room = self._chip_width(all_read) + _BETWEEN
        for places in _by_document(sources):
            name = name_of(places[0])
            pages = _pages(places)
            text = " · ".join(filter(None, (self._short(name), pages)))
            if self._x + self._chip_width(text) + room > self._width and self.chips:
                break
            says = "Open " + ", ".join(filter(None, (name, pages)))
            is_cited = any(each.document == places[0].document for each in sources.citations)
            self._add(text, says, "file-text", source=places[0], is_cited=is_cited)
        searched = f"Searched for: {sources.query}. " if sources.query else ""
        says = f"{searched}List what was read" if sources.passages else ""
        self._add(all_read, says, "")

    def _short(self, name: str) -> str:
        """As much of a document's name as there is room for."""
        longest = max(60.0, min(_LONGEST, self._width / 3))
        return self._metrics.elidedText(name, _MIDDLE, longest)

    def _amount(self) -> str:
        """How much the model was shown."""
        passages, whole = len(self.sources.passages), self.sources.whole
        said = []
        if whole and (name := self._names.get(whole[0])):
            more = f" and {len(whole) - 1} more" if len(whole) > 1 else ""
            said.append(f"{self._short(name)}{more} read whole")
        elif whole:
            said.append(f"{counted(len(whole), 'document')} read whole")
        if passages:
            said.append(f"{counted(passages, 'passage')} read")
        return " · ".join(said)

    def _chip_width(self, text: str, icon: str = "file-text") -> float:
        return self._metrics.horizontalAdvance(text) + 2 * _SIDE + (_ICON_ROOM if icon else 0)

    def _add(
        self,
        text: str,
        says: str,
        icon: str,
        *,
        source: Source | None = None,
        is_cited: bool = False,
        is_warning: bool = False,
    ) -> None:
        width = self._chip_width(text, icon)
        if not icon and not self.chips:
            self._x -= _SIDE  # Without a frame, the words begin where all others do.
        rect = QRectF(self._x, self._top, width, _CHIP)
        self.chips.append(Chip(text, says, icon, rect, source, is_cited, is_warning))
        self._x += width + _BETWEEN


def _by_document(sources: Sources) -> list[list[Source]]:
    """The places in each document: what is cited, else what was read. Cited ones come first."""
    cited = {each.document for each in sources.citations}
    places: list[Source] = [*sources.citations]
    places += [each for each in sources.passages if each.document not in cited]
    order = {document: at for at, document in enumerate(dict.fromkeys(p.document for p in places))}
    places.sort(key=lambda each: order[each.document])
    return [list(group) for _, group in groupby(places, key=lambda each: each.document)]


def _pages(places: Sequence[Source]) -> str:
    """On which pages: "p. 3, 7"; as they are called where that is more than a number."""
    if len({each.span.page for each in places}) == 1:
        return place_of(places[0]).replace("page ", "p. ")
    numbers = sorted({each.span.page for each in places})
    more = "…" if len(numbers) > _MOST_PAGES else ""
    return f"p. {', '.join(map(str, numbers[:_MOST_PAGES]))}{more}"


def draw_chip(
    painter: QPainter, chip: Chip, rect: QRectF, style: Style, *, is_pointed: bool
) -> None:
    """Draw a chip at this place, under the pointer or not."""
    tokens = style.tokens
    ink = tokens.text if chip.is_cited or is_pointed else tokens.muted
    ground = style.hover if is_pointed else style.background
    edge = style.line
    if chip.is_warning:
        ink, ground, edge = tokens.warning, style.warning_soft, style.warning_soft
    painter.setPen(QPen(edge, 1) if chip.icon else Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    words = rect.adjusted(_SIDE, 0, 0, 0)
    if chip.icon:
        colour = tokens.accent if chip.is_cited else ink
        picture = icon_pixmap(chip.icon, colour, ICON, painter.device().devicePixelRatioF())
        painter.drawPixmap(QPointF(words.left(), rect.center().y() - ICON / 2), picture)
        words.adjust(_ICON_ROOM, 0, 0, 0)
    painter.setFont(style.small)
    painter.setPen(QColor(ink))
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, chip.text)
