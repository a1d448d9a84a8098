"""The models on this computer: which there are, which one is looked at, and taking one away."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.model import Model, Role
from sottovoce.models.records import Record, link_place, write_record
from sottovoce.models.shelf import Item, Origin, Shelf
from sottovoce.ui.tasks import Tasks
from sottovoce.ui.trouble import trouble


class ShelfViewModel(QObject):
    """What lies on the shelf. One item is looked at; that is not always the model that answers."""

    listed = Signal()
    """The items are new."""
    chosen_changed = Signal()
    """Another item is looked at, or it is not what it was."""
    unlinked = Signal(object)
    """An Item that `put_back` brings back."""
    failed = Signal(object)
    """A Trouble."""

    def __init__(self, shelf: Shelf, tasks: Tasks) -> None:
        super().__init__()
        self._shelf = shelf
        self._tasks = tasks
        self._items: tuple[Item, ...] = ()
        self._wanted = ""
        self._chosen: Path | None = None
        self._choices = 0
        self._is_listed = False

    @property
    def shelf(self) -> Shelf:
        return self._shelf

    @property
    def all_items(self) -> tuple[Item, ...]:
        """All there are, usable or not."""
        return self._items

    @property
    def items(self) -> tuple[Item, ...]:
        """Those that fit what is typed in the filter."""
        words = self._wanted.casefold().split()
        return tuple(item for item in self._items if all(word in _words(item) for word in words))

    @property
    def chat_models(self) -> tuple[Model, ...]:
        """Those that can answer."""
        models = (item.model for item in self._items if item.model)
        return tuple(model for model in models if model.role is Role.CHAT)

    @property
    def is_listed(self) -> bool:
        """Whether it was looked at all."""
        return self._is_listed

    @property
    def chosen(self) -> Item | None:
        """The one that is looked at."""
        return next((item for item in self._items if item.path == self._chosen), None)

    def refresh(self) -> None:
        """Look again what is there."""
        known = self._choices
        self._tasks.ask(
            self._shelf.items, lambda items: self._take(items, is_older=known != self._choices)
        )

    def filter(self, text: str) -> None:
        """List only what has these words in its name, its kind or its place."""
        self._wanted = text
        self.listed.emit()

    def choose(self, path: Path | None) -> None:
        """Look at this one."""
        if path != self._chosen:
            self._chosen = path
            self._choices += 1
            self.chosen_changed.emit()

    def remove(self, item: Item) -> None:
        """Take it off the shelf. Files that are Sottovoce's are deleted; others only unlinked."""

        def removed(_: None) -> None:
            if item.origin is Origin.LINKED and item.record is not None:
                self.unlinked.emit(item)

        self._tasks.ask(
            lambda: self._shelf.remove(item),
            removed,
            failed=lambda error: self.failed.emit(trouble(error)),
        )
        self.refresh()

    def put_back(self, item: Item) -> None:
        """Link it again, as it was."""
        record = item.record
        assert record is not None, "A link is its record."
        self._tasks.ask(lambda: self._link_again(item.path, record))
        self._chosen = item.path
        self._choices += 1
        self.refresh()

    def _link_again(self, path: Path, record: Record) -> None:
        write_record(link_place(self._shelf.folder, path), record)

    def _take(self, items: list[Item], *, is_older: bool) -> None:
        """Have these. What was chosen since may not be among them yet: it stays chosen."""
        before = self.chosen
        self._items = tuple(items)
        self._is_listed = True
        if self.chosen is None and not is_older:
            self._chosen = items[0].path if items else None
        self.listed.emit()
        if self.chosen != before:
            self.chosen_changed.emit()


def _words(item: Item) -> str:
    """All of an item that a filter looks at."""
    model = item.model
    about = f"{model.quantisation} {model.role} {model.architecture}" if model else ""
    return f"{item.name} {item.origin} {item.path.name} {about}".casefold()
