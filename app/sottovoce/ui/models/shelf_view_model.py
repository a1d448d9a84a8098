"""The models on this computer: list, import, check and remove."""

from PySide6.QtCore import QObject, Signal

from sottovoce.models.shelf import Item, Shelf
from sottovoce.ui.tasks import Tasks


class ShelfViewModel(QObject):
    """What lies on the shelf, and what can be done with it."""

    listed = Signal()
    """The items are new."""

    def __init__(self, shelf: Shelf, tasks: Tasks) -> None:
        super().__init__()
        self._shelf = shelf
        self._tasks = tasks
        self._items: tuple[Item, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """All there are, usable or not."""
        return self._items

    def refresh(self) -> None:
        """Look again."""
        self._tasks.ask(self._shelf.items, self._take)

    def _take(self, items: list[Item]) -> None:
        self._items = tuple(items)
        self.listed.emit()
