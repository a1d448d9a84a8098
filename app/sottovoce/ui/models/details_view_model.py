"""What the file of the item that is looked at says about itself."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.policy import Policy
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.models.catalogue import Licence, catalogue
from sottovoce.models.inspect import inspect
from sottovoce.models.inspection import Inspection
from sottovoce.models.shelf import Item
from sottovoce.ui.models.shelf_view_model import ShelfViewModel
from sottovoce.ui.tasks import Tasks


class DetailsViewModel(QObject):
    """Follows the item that is looked at. Each file is looked into once while it stays the same."""

    changed = Signal()

    def __init__(self, shelf: ShelfViewModel, tasks: Tasks, policy: Policy) -> None:
        super().__init__()
        self._shelf = shelf
        self._tasks = tasks
        self._policy = policy
        self._seen: dict[tuple[Path, int], Inspection] = {}
        self._under_way: Stop | None = None
        self._failure = ""
        self._licences: tuple[Licence, ...] = ()
        shelf.chosen_changed.connect(self._follow)
        tasks.ask(lambda: catalogue().licences, self._take_licences)
        self._follow()

    @property
    def item(self) -> Item | None:
        return self._shelf.chosen

    @property
    def inspection(self) -> Inspection | None:
        """None while it is being looked into, and if it cannot be."""
        return self._seen.get((self.item.path, self.item.size)) if self.item else None

    @property
    def trouble(self) -> str:
        """What is wrong with the item; empty if nothing is."""
        if self.item is None:
            return ""
        found = self.inspection.trouble if self.inspection else self._failure
        return self.item.trouble or found

    @property
    def attribution(self) -> str:
        """What the model's licence wants to be shown, such as "Built with Llama"; or empty."""
        record = self.item.record if self.item else None
        named = {record.licence if record else ""}
        named |= {self.inspection.source.licence} if self.inspection else set()
        wanted = {_plain(name) for name in named if name}
        for licence in self._licences:
            if wanted & {_plain(licence.id), _plain(licence.name)}:
                return licence.attribution
        return ""

    def _follow(self) -> None:
        if self._under_way is not None:
            self._under_way.set()
            self._under_way = None
        self._failure = ""
        item = self.item
        if item is not None and self.inspection is None:
            self._inspect(item)
        self.changed.emit()

    def _take_licences(self, licences: tuple[Licence, ...]) -> None:
        self._licences = licences
        self.changed.emit()

    def _inspect(self, item: Item) -> None:
        def work(stop: Stop) -> Iterator[Inspection]:
            yield inspect(item.path, stop, needs_sandbox=self._policy.needs_sandbox)

        def take(inspection: Inspection) -> None:
            self._seen[item.path, item.size] = inspection
            if item == self.item:
                self.changed.emit()

        def fail(error: Exception) -> None:
            if not isinstance(error, Problem):
                self._tasks.crashed.emit(error)
            elif item == self.item:
                self._failure = str(error)
                self.changed.emit()

        self._under_way = self._tasks.start(work, news=take, failed=fail)


def _plain(licence: str) -> str:
    """A licence's name without what people write differently: "Llama 3.1" is "llama3.1"."""
    return "".join(licence.casefold().split()).replace("-", "")
