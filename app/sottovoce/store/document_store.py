"""The memory of what stands in documents, as the rest of Sottovoce sees it."""

import hashlib
import hmac
from collections.abc import Collection as Group
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from sottovoce.domain.document import Collection, Document, Folder, Page, Passage, Scope
from sottovoce.domain.problems import Missing, Refused
from sottovoce.store import documents, migrations, words
from sottovoce.store.database import KEY_SIZE, Database, open_database
from sottovoce.store.documents import Content


def open_documents(path: Path | None, key: bytes) -> "DocumentStore":
    """Return the documents at `path`, under a key made from the vault's; None is in memory.

    A database of its own, so that neither chats nor documents wait for the other's transactions.
    Raises what open_store raises.
    """
    scripts = migrations.released("documents")
    return DocumentStore(open_database(path, _derived(key), scripts, what="documents"))


def _derived(key: bytes) -> bytes:
    """Another key (HKDF-Expand of RFC 5869, one block), so that the two files share no key."""
    return hmac.digest(key, b"documents\x01", hashlib.sha512)[:KEY_SIZE]


class DocumentStore:
    """Collections, documents and passages. Any thread may call; a change is on disk on return.

    Every method may raise Damaged, NoRoom, Interrupted or Refused, as a disk may fail at any time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    # Collections and folders.

    def new_collection(
        self, name: str, embedding: str, conversation: int | None = None
    ) -> Collection:
        """Return an empty collection. Raises Refused if another has this name."""
        with self._database.writing() as connection:
            taken = any(
                each.name == name and each.conversation is None
                for each in documents.collections(connection)
            )
            if taken and conversation is None:
                raise Refused("There is a collection of this name. Choose another name.")
            number = documents.new_collection(connection, name, embedding, conversation)
            return _numbered(documents.collections(connection), number)

    def collections(self) -> list[Collection]:
        """Return all, by name; those of chats come last."""
        with self._database.reading() as connection:
            return documents.collections(connection)

    def add_folder(self, collection: int, path: Path, *, is_watched: bool) -> int:
        """Keep that a folder belongs to a collection. Returns its number."""
        with self._database.writing() as connection:
            return documents.add_folder(connection, collection, path, is_watched)

    def folders(self) -> list[Folder]:
        with self._database.reading() as connection:
            return documents.folders(connection)

    # Documents.

    def queue(
        self, collection: int, path: Path, *, size: int, modified: int, folder: int | None = None
    ) -> Document:
        """Have a file read, for the first time or again. `modified` counts nanoseconds."""
        with self._database.writing() as connection:
            number = documents.queue(
                connection, collection, path, size=size, modified=modified, folder=folder
            )
            return documents.document(connection, number)

    def documents(self, collection: int) -> list[Document]:
        """Return those of a collection, by path."""
        with self._database.reading() as connection:
            return documents.documents(connection, collection)

    def document(self, document: int) -> Document:
        """Return one. Raises Missing."""
        with self._database.reading() as connection:
            return documents.document(connection, document)

    def waiting(self) -> Document | None:
        """Return the next that is to be read."""
        with self._database.reading() as connection:
            return documents.waiting(connection)

    def take(self, document: int, hash_: bytes) -> bool:
        """Have a document say what another file with this SHA-256 says. Whether there is one."""
        with self._database.writing() as connection:
            content = documents.known(connection, hash_)
            if content is None:
                return False
            documents.take_read(connection, document, content)
            _sweep(connection)
            return True

    def keep(self, document: int, content: Content) -> None:
        """Keep what stands in a document, in one transaction, in place of what stood there."""
        with self._database.writing() as connection:
            number, first = documents.keep(connection, content)
            words.learn(connection, first, content.words)
            documents.take_read(connection, document, number)
            _sweep(connection)

    def fail(self, document: int, trouble: str) -> None:
        """Keep why a document could not be read."""
        with self._database.writing() as connection:
            documents.fail(connection, document, trouble)

    def page(self, document: int, number: int) -> Page:
        """Return a page as it was read. Raises Missing."""
        with self._database.reading() as connection:
            return documents.page(connection, document, number)

    # Vectors.

    def without_vectors(self) -> tuple[int, str] | None:
        """Return a content that needs vectors, and of which embedding model."""
        with self._database.reading() as connection:
            return documents.without_vectors(connection)

    def keep_vectors(self, content: int, model: str, data: bytes) -> None:
        """Keep the vectors of a content's passages, one after the other, each of 8-bit integers."""
        with self._database.writing() as connection:
            documents.keep_vectors(connection, content, model, data)

    def vectors(self, model: str) -> list[tuple[int, int, bytes]]:
        """Return each content, its first passage and the vectors of its passages."""
        with self._database.reading() as connection:
            return documents.vectors(connection, model)

    # Searching.

    def in_scope(self, scope: Scope) -> dict[int, int]:
        """Return the contents that are searched, each with a document that says it."""
        with self._database.reading() as connection:
            return documents.in_scope(connection, scope)

    def find_words(
        self, terms: Sequence[str], limit: int, contents: Group[int] | None = None
    ) -> list[tuple[int, float]]:
        """Return passages that hold any of the terms, with their BM25, the best first."""
        with self._database.reading() as connection:
            return words.find(connection, terms, limit, contents)

    def passages(self, numbers: Sequence[int], documents_of: dict[int, int]) -> list[Passage]:
        """Return passages by their numbers; `documents_of` as in_scope gave them."""
        with self._database.reading() as connection:
            return documents.passages(connection, numbers, documents_of)


def _sweep(connection: apsw.Connection) -> None:
    """Forget what no document says any more."""
    for content in documents.orphans(connection):
        words.forget(connection, *documents.extent(connection, content))
        connection.execute("DELETE FROM contents WHERE id = ?", (content,))


def _numbered(collections: Sequence[Collection], number: int) -> Collection:
    for collection in collections:
        if collection.id == number:
            return collection
    raise Missing("This collection is not here any more.")
