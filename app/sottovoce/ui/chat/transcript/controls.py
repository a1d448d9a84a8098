"""What can be clicked on or beside a message."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from textwrap import shorten

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from sottovoce.chat.quoting import Source, reference_to
from sottovoce.domain.conversation import Message, Role, State
from sottovoce.domain.document import Citation
from sottovoce.ui.chat.transcript.code import CodeBox
from sottovoce.ui.chat.transcript.page import Page, remark
from sottovoce.ui.chat.transcript.strip import Chip
from sottovoce.ui.chat.transcript.style import Style

BUTTON = 28
"""Pixels, each way."""
_LONGEST_QUOTE = 240
COUNT_WIDTH = 34
"""For the `2/3` between two arrows."""


class Action(Enum):
    """What a click does."""

    COPY = "copy"
    COPY_CODE = "copy code"
    COPY_WITH_SOURCES = "copy with sources"
    REGENERATE = "regenerate"
    EDIT = "edit"
    CONTINUE = "continue"
    VARIANT = "variant"
    LINK = "link"
    SOURCE = "source"
    CITATION = "citation"


@dataclass(frozen=True, slots=True)
class Control:
    """One of them, where it is on screen."""

    action: Action
    message: int
    """The how-manieth of the transcript."""
    name: str
    """What a person is told it does, in plain text."""
    rects: list[QRectF]
    """Links may be broken into lines; everything else has one."""
    icon: str = ""
    block: int = -1
    ordinal: int = 0
    """Which of the links in its block, or of the chips in a strip."""
    address: str = field(default="", repr=False)
    sibling: int | None = None
    """The message a variant's arrow leads to; None at the first and last."""
    chip: Chip | None = field(default=None, repr=False)
    """What it is in the strip of sources."""
    source: Source | None = field(default=None, repr=False)
    """The place in a document it leads to; None for the chip that lists them all."""

    @property
    def rect(self) -> QRectF:
        return self.rects[0]

    @property
    def is_enabled(self) -> bool:
        return self.action is not Action.VARIANT or self.sibling is not None

    @property
    def key(self) -> tuple[object, ...]:
        """Stays the same while the control moves over the screen."""
        return (self.action, self.message, self.block, self.name, self.ordinal)

    @property
    def is_in_foot(self) -> bool:
        """Whether it is one of the small buttons that a message shows under the pointer."""
        return bool(self.icon)

    def holds(self, point: QPointF) -> bool:
        return any(rect.contains(point) for rect in self.rects)


def foot_controls(page: Page, index: int) -> list[Control]:
    """The small buttons under a message, from left to right, as seen from its page's corner."""
    message = page.message
    if message.state is State.WRITING:
        return []
    made = _buttons(message)
    y = page.foot.center().y() - BUTTON / 2
    has_variants = _has_variants(message)
    x = -6.0
    if page.is_users:
        x = page.width - len(made) * BUTTON - (2 * BUTTON + COUNT_WIDTH if has_variants else 0)
    found = []
    for action, name, icon in made:
        found.append(Control(action, index, name, [QRectF(x, y, BUTTON, BUTTON)], icon))
        x += BUTTON
    if not has_variants:
        return found
    for sibling, name, icon in zip(
        _neighbours(message),
        ("Previous version", "Next version"),
        ("chevron-left", "chevron-right"),
        strict=True,
    ):
        rect = QRectF(x, y, BUTTON, BUTTON)
        found.append(Control(Action.VARIANT, index, name, [rect], icon, sibling=sibling))
        x += BUTTON + COUNT_WIDTH
    return found


def variant_count(page: Page) -> tuple[str, QRectF]:
    """Which of how many versions is shown, and where that is written; empty if there is but one."""
    message = page.message
    if not _has_variants(message):
        return "", QRectF()
    left = -6.0 + (len(_buttons(message)) + 1) * BUTTON
    if page.is_users:
        left = page.width - BUTTON - COUNT_WIDTH
    count = f"{message.variants.index(message.id) + 1}/{len(message.variants)}"
    return count, QRectF(left, page.foot.top(), COUNT_WIDTH, page.foot.height())


def _buttons(message: Message) -> list[tuple[Action, str, str]]:
    """Each with its name and icon."""
    made = [(Action.COPY, "Copy", "copy")]
    if message.sources is not None and message.sources.citations:
        made.append((Action.COPY_WITH_SOURCES, "Copy with sources", "quote"))
    if message.role is Role.ASSISTANT:
        made.append((Action.REGENERATE, "Regenerate", "refresh-cw"))
    elif message.role is Role.USER:
        made.append((Action.EDIT, "Edit", "pencil"))
    return made


def body_controls(
    page: Page, index: int, style: Style, top: float, bottom: float
) -> Iterator[Control]:
    """What can be clicked inside a message between two heights."""
    for ordinal, chip in enumerate(page.strip.chips if page.strip else ()):
        if chip.says:
            yield Control(
                Action.SOURCE,
                index,
                chip.says,
                [chip.rect],
                ordinal=ordinal,
                chip=chip,
                source=chip.source,
            )
    for block in page.visible(top, bottom):
        shape, origin = page.shape(block), page.origin(block)
        for ordinal, link in enumerate(shape.links()):
            rects = [rect.translated(origin) for rect in link.rects]
            if link.citation:
                yield _citation(page.citations[link.citation], index, rects, block, ordinal)
            else:
                yield Control(
                    Action.LINK,
                    index,
                    link.address,
                    rects,
                    block=block,
                    ordinal=ordinal,
                    address=link.address,
                )
        if isinstance(shape, CodeBox):
            rect = shape.copy_rect.translated(origin)
            yield Control(Action.COPY_CODE, index, "Copy this code", [rect], block=block)
    if page.message.text and (text := remark(page.message)):
        metrics = QFontMetricsF(style.small)
        x = metrics.horizontalAdvance(text) + 8
        width = metrics.horizontalAdvance("Continue") + 16
        rect = QRectF(x, page.remark.top(), width, page.remark.height())
        yield Control(Action.CONTINUE, index, "Continue this reply", [rect])


def _citation(
    citation: Citation, message: int, rects: list[QRectF], block: int, ordinal: int
) -> Control:
    quote = shorten(citation.quote, _LONGEST_QUOTE, placeholder="…")
    return Control(
        Action.CITATION,
        message,
        f"Source {citation.number}: {reference_to(citation)}. “{quote}”",
        rects,
        block=block,
        ordinal=ordinal,
        source=citation,
    )


def statistics(message: Message) -> str:
    """How long a reply is and how fast it came; empty where that isn't known."""
    said = []
    if message.usage is not None:
        tokens = message.usage.generated
        said.append(f"{tokens:,} token{'' if tokens == 1 else 's'}")
    if message.timings is not None and message.timings.speed:
        said.append(f"{message.timings.speed:.1f} tok/s")
    return " · ".join(said)


def _has_variants(message: Message) -> bool:
    return len(message.variants) > 1 and message.id in message.variants


def _neighbours(message: Message) -> tuple[int | None, int | None]:
    """The versions before and after the one shown."""
    at = message.variants.index(message.id)
    before = message.variants[at - 1] if at else None
    after = message.variants[at + 1] if at + 1 < len(message.variants) else None
    return before, after
