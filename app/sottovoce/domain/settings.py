"""What the user can set."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from sottovoce.domain.footprint import KvType
from sottovoce.domain.model import Adapter, LoadOptions, Sampling


class Scheme(StrEnum):
    """Light or dark."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A LoRA adapter that a model answers with."""

    model: str
    """Path of the model file."""
    adapter: str
    """Path of the adapter file."""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class OwnLoad:
    """How one model is put in memory, where that differs from how all are."""

    model: str
    """Path of the model file."""
    context: int | None = None
    kv_type: KvType | None = None


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """When backups are made that nobody asks for, and how many of them stay."""

    folder: str = ""
    days: int = 0
    """Between two of them; 0 makes none."""
    keep: int = 5
    trouble: str = ""
    """Why the last one was not made, in a sentence; empty if it was."""

    @property
    def is_wanted(self) -> bool:
        return bool(self.folder) and self.days > 0


@dataclass(frozen=True, slots=True)
class Settings:
    """What is kept in the encrypted database: it may hold private words and file names."""

    model: str = ""
    """Path of the model file chosen last; empty for the starter."""
    models: tuple[str, ...] = ()
    """Paths of the model files the user chose, newest first."""
    system_prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    load: LoadOptions = field(default_factory=LoadOptions)
    own_loads: tuple[OwnLoad, ...] = ()
    adapters: tuple[Attachment, ...] = ()
    has_met_starter: bool = False
    """Whether the user has read and dismissed what the starter model is."""
    embedding: str = ""
    """The identity of the embedding model for new collections; empty for the bundled one."""
    reranker: str = ""
    """Path of the model that orders what a search finds; empty for none."""
    rests_while_replying: bool = False
    """Whether no document is read while a reply is written, instead of only more slowly."""
    reading_is_paused: bool = False
    """Whether no document is read until the person wants it again."""
    lock_after: int = 15
    """Minutes without input after which the window locks; 0 for never."""
    locks_with_screen: bool = True
    """Whether it locks when the screen does, and when the computer goes to sleep."""
    backups: BackupPlan = field(default_factory=BackupPlan)
    open_chat: int = 0
    """The number of the chat that was on screen when the window locked; 0 for none."""

    def load_of(self, model: Path) -> LoadOptions:
        """How the model at this path is put in memory."""
        own = next((each for each in self.own_loads if each.model == str(model)), None)
        if own is None:
            return self.load
        return replace(
            self.load,
            context=own.context or self.load.context,
            kv_type=own.kv_type or self.load.kv_type,
        )

    def with_own_load(self, own: OwnLoad) -> "Settings":
        """Settings in which one model is put in memory like this; as all are where it says None."""
        others = tuple(each for each in self.own_loads if each.model != own.model)
        if own.context is None and own.kv_type is None:
            return replace(self, own_loads=others)
        return replace(self, own_loads=(*others, own))

    def adapters_of(self, model: Path) -> tuple[Adapter, ...]:
        """What the model at this path answers with."""
        return tuple(
            Adapter(Path(each.adapter), each.scale)
            for each in self.adapters
            if each.model == str(model)
        )


NARROWEST_SIDEBAR, WIDEST_SIDEBAR = 200, 460
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """What the window must know before it is unlocked. It holds nothing private."""

    scheme: Scheme = Scheme.SYSTEM
    geometry: str = ""
    """Position and size of the window, as Qt packs them, in base64."""
    sidebar_width: int = 276
    """Pixels."""
    sidebar_shown: bool = True
    viewer_width: int = 480
    """Pixels of the document beside the chat."""
    models_tab: str = ""
    """The tab of the page of models that was shown last; empty for the first."""
    collection: int = 0
    """The number of the collection that was looked at last; 0 for none."""
    documents_order: str = ""
    """The column that documents are sorted by, after a "-" if the last come first; empty: the first
    column."""
    downloads: tuple[str, ...] = ()
    """Those that go on while the window is locked."""
    switches_off: bool = False
    """Whether the network is switched off when they are done."""
