"""All messages of a chat one under the other: where each lies, and which are laid out."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sottovoce.domain.conversation import Message, Role
from sottovoce.ui.chat.transcript.citing import cited
from sottovoce.ui.chat.transcript.growing import Growing
from sottovoce.ui.chat.transcript.heights import Heights
from sottovoce.ui.chat.transcript.markdown import Block, closed, parse, typed
from sottovoce.ui.chat.transcript.page import Page, estimated_height
from sottovoce.ui.chat.transcript.style import Style

_KEPT_PAGES = 120
"""Messages that stay laid out. A screen shows about ten."""


class Seen(NamedTuple):
    """A message in sight."""

    place: int
    """The how-manieth it is."""
    page: Page
    top: int
    """Where it begins, from the top of the first message."""


class Anchor(NamedTuple):
    """What a reader looks at: a block, and which share of it is above the upper edge."""

    place: int
    block: int
    share: float


class Column:
    """Messages by their place, from 0. A height is thought until the message is first seen."""

    def __init__(self, style: Style, width: int) -> None:
        self.style = style
        self.width = width
        self.messages: list[Message] = []
        self._names: dict[int, str] = {}
        """Of documents, by their numbers."""
        self._places: dict[int, int] = {}
        self._heights = Heights()
        self._pages: OrderedDict[int, Page] = OrderedDict()
        self._growing: Growing | None = None

    def show(self, messages: Sequence[Message]) -> None:
        """Hold these instead."""
        self.messages = list(messages)
        self._places = {message.id: place for place, message in enumerate(self.messages)}
        self._growing = None
        self.lay_out_afresh(self.style, self.width)

    def lay_out_afresh(self, style: Style, width: int) -> None:
        """Forget how everything is laid out, for a new look or width."""
        self.style = style
        self.width = width
        self._pages.clear()
        self._heights = Heights(estimated_height(each, width, style) for each in self.messages)

    def append(self, message: Message) -> None:
        self._places[message.id] = len(self.messages)
        self.messages.append(message)
        self._heights.append(estimated_height(message, self.width, self.style))

    def replace(self, message: Message) -> None:
        """Hold a message of the same id in this state. One that isn't there is ignored."""
        place = self.find(message.id)
        if place is None:
            return
        before, self.messages[place] = self.messages[place], message
        page = self._pages.get(place)
        if page is None:
            return
        if before.text != message.text:
            page.update(self._read(place), 0)
        elif message.text and before.sources != message.sources:
            page.annotate(self._read(place))
        page.tell(message)
        self._heights[place] = page.height

    def name(self, names: Mapping[int, str]) -> None:
        """Know what documents are called."""
        self._names.update(names)
        for page in self._pages.values():
            if page.strip is not None and not names.keys().isdisjoint(page.strip.sources.whole):
                page.tell(page.message)

    def begin(self, message: Message) -> None:
        """Hold a reply that is being written: one more, or one that goes on."""
        if self.find(message.id) is None:
            self.append(message)
        else:
            self.replace(message)
        self._growing = Growing(message.text)

    def grow(self, text: str) -> None:
        """Add to the reply that is being written, if any. It is the last message."""
        if self._growing is None:
            return
        kept = self._growing.grow(text)
        place = len(self.messages) - 1
        page = self.page(place)
        page.update(self._growing.blocks, kept)
        self._heights[place] = page.height

    def finish(self, message: Message) -> None:
        """Hold the reply as it came to be. What was laid out while it grew stays."""
        growing, self._growing = self._growing, None
        place = self.find(message.id)
        if growing is not None and place is not None:
            self.messages[place] = replace(self.messages[place], text=growing.text)
            blocks = closed(growing.blocks)
            self.page(place).update(blocks, max(0, len(blocks) - 1))
        self.replace(message)

    def find(self, message_id: int) -> int | None:
        """The place of a message."""
        return self._places.get(message_id)

    def blocks(self, place: int) -> Sequence[Block]:
        """What a message consists of."""
        page = self._pages.get(place)
        return self._read(place) if page is None else page.blocks

    def _read(self, place: int) -> Sequence[Block]:
        if self._growing is not None and place == len(self.messages) - 1:
            return self._growing.blocks
        message = self.messages[place]
        if message.role is not Role.ASSISTANT:
            return typed(message.text)
        blocks = parse(message.text)
        if message.sources is None or not message.sources.statements:
            return blocks
        return cited(blocks, message.text, message.sources)

    def page(self, place: int) -> Page:
        """A message as it is laid out."""
        page = self._pages.get(place)
        if page is None:
            page = Page(
                self.messages[place], self.blocks(place), self.width, self.style, self._names
            )
            self._pages[place] = page
            self._heights[place] = page.height
            if len(self._pages) > _KEPT_PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(place)
        return page

    @property
    def height(self) -> int:
        return self._heights.total

    def top(self, place: int) -> int:
        return self._heights.before(place)

    def height_of(self, place: int) -> int:
        return self._heights[place]

    def at(self, y: int) -> int:
        """The place of the message at this height; of the first or last beyond all."""
        return self._heights.at(y)

    def seen(self, top: int, bottom: int) -> Iterator[Seen]:
        """The messages between two heights."""
        place = self.at(top)
        while place < len(self.messages) and self.top(place) < bottom:
            yield Seen(place, self.page(place), self.top(place))
            place += 1

    def settle(self, top: int, bottom: int) -> tuple[int, bool]:
        """Lay out what lies between two heights where it never was.

        Returns by how much things at `top` have moved down, and whether any height has changed.
        """
        if not self.messages:
            return 0, False
        start = top
        has_changed = False
        place = self.at(top)
        while place < len(self.messages) and self.top(place) < bottom:
            y = self.top(place)
            thought = self._heights[place]
            page = self.page(place)
            # What begins above the edge grows upwards, so that what is seen stays.
            moved = page.height - thought if y < top else 0
            moved += page.settle(top + moved - y, bottom + moved - y)
            self._heights[place] = page.height
            has_changed |= page.height != thought
            top, bottom = top + moved, bottom + moved
            place += 1
        return top - start, has_changed

    def anchor(self, top: int) -> Anchor | None:
        """What is at this height."""
        if not self.messages:
            return None
        place = self.at(top)
        page = self.page(place)
        block = page.at(top - self.top(place))
        height = page.shape(block).height
        return Anchor(place, block, (top - self.top(place) - page.origin(block).y()) / height)

    def height_at(self, anchor: Anchor) -> int:
        """Where what the reader looked at is now, or what came in its place."""
        place = min(anchor.place, len(self.messages) - 1)
        page = self.page(place)
        block = min(anchor.block, len(page.blocks) - 1)
        height = page.shape(block).height
        self._heights[place] = page.height
        y = page.origin(block).y() + anchor.share * height
        return round(self.top(place) + y)
