"""Looking through all documents at once, from the search field beside the chats."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from sottovoce.domain.document import Found, Scope
from sottovoce.domain.problems import Problem
from sottovoce.domain.stop import Stop
from sottovoce.library.library import Library, Query
from sottovoce.ui.library.collections_view_model import CollectionsViewModel
from sottovoce.ui.tasks import Tasks

_MOST = 12
"""Passages."""
_WORTH_SHOWING = 0.15
"""The score below which a passage has nothing to do with what was typed.

On reports and protocols, letters without meaning and questions about other things reach 0.14, a
question in another language has its answer at 0.2, and a word that occurs at 0.4.
"""


class DocumentSearch(QObject):
    """One search at a time: the next one stops the one before."""

    found = Signal(str, object)
    """What was searched for, and a list of Found: the best of each page, the best first."""

    def __init__(self, library: Library, tasks: Tasks, collections: CollectionsViewModel) -> None:
        super().__init__()
        self._library = library
        self._tasks = tasks
        self._collections = collections
        self._stop: Stop | None = None

    def search(self, text: str) -> None:
        """Look for passages that say something about `text`. Nothing is told where none are."""
        self.stop()
        if not self._collections.any_documents:
            return  # Without starting the library's process.

        def work(stop: Stop) -> Iterator[list[Found]]:
            everywhere = tuple(each.id for each in self._library.collections())
            query = Query(text, Scope(collections=everywhere), limit=_MOST)
            yield _best_of_pages(self._library.search(query, stop))

        self._stop = self._tasks.start(
            work, news=lambda found: self.found.emit(text, found), failed=self._fail
        )

    def stop(self) -> None:
        """Look no further."""
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _fail(self, error: Exception) -> None:
        # The chats were searched all the same, and the page of documents tells what is wrong.
        if not isinstance(error, Problem):
            self._tasks.crashed.emit(error)


def _best_of_pages(found: list[Found]) -> list[Found]:
    best: dict[tuple[int, int], Found] = {}
    for each in found:
        if each.score < _WORTH_SHOWING:
            continue
        best.setdefault((each.passage.document, each.passage.span.page), each)
    return list(best.values())
