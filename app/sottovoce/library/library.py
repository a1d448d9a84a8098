"""What can be asked about documents, whoever answers: this process, or one of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sottovoce.domain.document import (
    Collection,
    Document,
    Folder,
    Found,
    Page,
    Passage,
    Scope,
)
from sottovoce.domain.stop import Stop
from sottovoce.library.news import News


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for."""

    text: str
    scope: Scope
    limit: int = 10


class Library(Protocol):
    """Documents made searchable. Any thread may call.

    Every method may raise Missing, Refused, Damaged, NoRoom or Interrupted; with a Stop, Cancelled.
    """

    # Collections and what is in them.

    def collections(self) -> list[Collection]:
        """Return all, by name; those of chats come last."""

    def collection(self, name: str) -> Collection:
        """Return the one of this name. Raises Missing."""

    def new_collection(self, name: str) -> Collection:
        """Return an empty collection. Raises Refused if another has this name."""

    def rename_collection(self, collection: int, name: str) -> None:
        """Raises Refused if another has this name."""

    def remove_collection(self, collection: int) -> None:
        """Forget it and its documents, to the last trace. The files stay where they are."""

    def choose_embedding(self, collection: int, identity: str) -> None:
        """Search it by another embedding model, once its vectors are there. Raises Missing."""

    def folders(self, collection: int) -> list[Folder]:
        """Return those it holds."""

    def documents(self, collection: int) -> list[Document]:
        """Return those it holds, by path."""

    def document(self, document: int) -> Document:
        """Return one. Raises Missing."""

    def attached(self, conversation: int) -> Collection:
        """Return the collection that is for this chat alone, made if need be."""

    # Adding and removing. What is added is read by `work`.

    def add(self, collection: int, paths: Sequence[Path], *, watch: bool = True) -> list[Document]:
        """Have files, and folders with all in them, read. Folders are watched if `watch`.

        Known files that did not change are left alone. Raises Missing if a path is not there.
        """

    def retry(self, documents: Sequence[int]) -> None:
        """Have them read again."""

    def remove(self, documents: Sequence[int]) -> None:
        """Forget documents, to the last trace. The files stay where they are."""

    def remove_folder(self, folder: int) -> None:
        """Forget a folder and the documents that came with it."""

    def watch_folder(self, folder: int, *, is_watched: bool) -> None:
        """Follow what happens in it from now on, or no more."""

    def work(self, stop: Stop) -> Iterator[News]:
        """Read what is waiting and embed what has no vectors, until nothing is left.

        What was finished stays when this is stopped or killed. One process works at a time: if
        another does, this tells how far that one is.
        """

    def follow(self, stop: Stop) -> Iterator[News]:
        """Work as `work` does, and go on with what happens in the watched folders, until stopped.

        What changed there while nobody followed comes first.
        """

    def pause(self, *, is_paused: bool) -> None:
        """Let the work rest after the page or passage at hand, or go on. Searching goes on."""

    def give_way(self, *, to_reply: bool) -> None:
        """Work more slowly while a reply is being written, so that its words come as fast."""

    # Searching and reading.

    def rerank_by(self, model: Path | None) -> None:
        """Order what searches find by this reranker from now on; None: by none."""

    def search(self, query: Query, stop: Stop) -> list[Found]:
        """Return the passages that answer best, the best first."""

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """Return the passage with those around it in its document, in their order."""

    def page(self, document: int, number: int) -> Page:
        """Return a page as it was read. Raises Missing."""

    def text(self, document: int) -> list[Page]:
        """Return all pages of a document. Raises Missing."""

    def close(self) -> None:
        """End all work; nothing may be asked afterwards."""
